<?php
class Shop_Db_Products extends Zend_Db_Table_Abstract
{
    protected $_name = 'products';
    protected $_primary = 'id';

    protected $_dependentTables = array('Shop_Db_OrderItems', 'Shop_Db_StockMovements');
    protected $_referenceMap = array(
        'Successor' => array('columns' => 'replaced_by', 'refTableClass' => 'Shop_Db_Products', 'refColumns' => 'id'),
    );
}
