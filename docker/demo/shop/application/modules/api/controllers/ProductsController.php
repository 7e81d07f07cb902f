<?php
class Api_ProductsController extends Shop_Rest_Controller
{
    public function indexAction()
    {
        $products = new Shop_Product();
        $page = max(1, (int) $this->getRequest()->getQuery('page', 1));
        $perPage = (int) Zend_Registry::get('shop')->products->per_page;
        $this->_send(array('page' => $page, 'products' => $products->page($page, $perPage)));
    }

    public function getAction()
    {
        $products = new Shop_Product();
        $this->_send($products->describe($this->_getParam('id')));
    }
}
