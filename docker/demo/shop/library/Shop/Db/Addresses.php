<?php
class Shop_Db_Addresses extends Zend_Db_Table_Abstract
{
    protected $_name = 'addresses';
    protected $_primary = 'id';

    protected $_referenceMap = array(
        'Customer' => array('columns' => 'customer_id', 'refTableClass' => 'Shop_Db_Customers', 'refColumns' => 'id'),
    );
}
