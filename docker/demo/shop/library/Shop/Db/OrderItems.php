<?php
class Shop_Db_OrderItems extends Zend_Db_Table_Abstract
{
    protected $_name = 'order_items';
    protected $_primary = array('order_id', 'line_no');

    protected $_referenceMap = array(
        'Order' => array('columns' => 'order_id', 'refTableClass' => 'Shop_Db_Orders', 'refColumns' => 'id'),
        'Product' => array('columns' => 'product_id', 'refTableClass' => 'Shop_Db_Products', 'refColumns' => 'id'),
    );
}
