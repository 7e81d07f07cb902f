<?php
class Api_HealthController extends Shop_Rest_Controller
{
    public function indexAction()
    {
        Zend_Db_Table_Abstract::getDefaultAdapter()->fetchOne('SELECT 1');
        $this->_send(array('status' => 'ok'));
    }
}
