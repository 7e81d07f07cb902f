<?php
class Shop_Db_Baskets extends Zend_Db_Table_Abstract
{
    protected $_name = 'baskets';
    protected $_primary = 'id';

    // The database does not know of this relation: baskets once lived in another one.
    protected $_referenceMap = array(
        'Customer' => array('columns' => 'customer_id', 'refTableClass' => 'Shop_Db_Customers', 'refColumns' => 'id'),
    );
}
