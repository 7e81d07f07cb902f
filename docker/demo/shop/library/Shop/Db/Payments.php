<?php
class Shop_Db_Payments extends Zend_Db_Table_Abstract
{
    protected $_name = 'payments';
    protected $_primary = 'id';

    protected $_referenceMap = array(
        'Order' => array('columns' => 'order_id', 'refTableClass' => 'Shop_Db_Orders', 'refColumns' => 'id'),
    );
}
