<?php
class Shop_Db_Customers extends Zend_Db_Table_Abstract
{
    protected $_name = 'customers';
    protected $_primary = 'id';

    protected $_dependentTables = array('Shop_Db_Addresses', 'Shop_Db_Orders', 'Shop_Db_Baskets');
    protected $_referenceMap = array(
        'Referrer' => array('columns' => 'referred_by', 'refTableClass' => 'Shop_Db_Customers', 'refColumns' => 'id'),
    );
}
