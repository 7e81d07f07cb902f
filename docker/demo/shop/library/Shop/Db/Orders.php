<?php
class Shop_Db_Orders extends Zend_Db_Table_Abstract
{
    protected $_name = 'orders';
    protected $_primary = 'id';

    protected $_dependentTables = array('Shop_Db_OrderItems', 'Shop_Db_Payments');
    protected $_referenceMap = array(
        'Customer' => array('columns' => 'customer_id', 'refTableClass' => 'Shop_Db_Customers', 'refColumns' => 'id'),
        'InvoiceAddress' => array('columns' => 'invoice_address_id', 'refTableClass' => 'Shop_Db_Addresses', 'refColumns' => 'id'),
        'DeliveryAddress' => array('columns' => 'delivery_address_id', 'refTableClass' => 'Shop_Db_Addresses', 'refColumns' => 'id'),
    );
}
