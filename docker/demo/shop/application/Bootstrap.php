<?php
class Bootstrap extends Zend_Application_Bootstrap_Bootstrap
{
    protected function _initRoutes()
    {
        $this->bootstrap('frontController');
        $front = $this->getResource('frontController');
        $front->getRouter()->addRoute('api', new Zend_Rest_Route($front, array(), array('api')));
    }

    protected function _initSessionHandler()
    {
        $this->bootstrap(array('db', 'session'));
        Zend_Session::setSaveHandler(new Zend_Session_SaveHandler_DbTable(array(
            'name' => 'sessions',
            'primary' => 'id',
            'modifiedColumn' => 'modified',
            'lifetimeColumn' => 'lifetime',
            'dataColumn' => 'data',
            'lifetime' => 86400,
        )));
    }

    protected function _initServices()
    {
        $this->bootstrap('log');
        Zend_Registry::set('log', new Shop_Log($this->getResource('log')));
        Zend_Registry::set('shop', new Zend_Config($this->getOption('shop')));
    }
}
