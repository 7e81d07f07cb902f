<?php
class Shop_Db_StockMovements extends Zend_Db_Table_Abstract
{
    protected $_name = 'stock_movements';
    protected $_primary = 'id';

    protected $_referenceMap = array(
        'Product' => array('columns' => 'product_id', 'refTableClass' => 'Shop_Db_Products', 'refColumns' => 'id'),
    );
}
