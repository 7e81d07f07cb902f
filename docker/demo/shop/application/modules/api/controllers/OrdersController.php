<?php
class Api_OrdersController extends Shop_Rest_Controller
{
    public function indexAction()
    {
        $orders = new Shop_Order();
        $this->_send(array('orders' => $orders->ofCustomer($this->getRequest()->getQuery('customer', 0))));
    }

    public function getAction()
    {
        $orders = new Shop_Order();
        $this->_send($orders->describe($this->_getParam('id')));
    }

    public function postAction()
    {
        $customers = new Shop_Customer();
        $customer = $customers->find($this->_customerId());
        $received = $this->_received() + array('items' => array(), 'payment_method' => 'invoice');
        $settings = Zend_Registry::get('shop')->payment;
        $placement = new Shop_Order_Placement(new Shop_Payment_Service($settings->url, $settings->timeout));
        $orderId = $placement->place($customer, (array) $received['items'], $received['payment_method']);

        $orders = new Shop_Order();
        $this->getResponse()->setHeader('Location', '/api/orders/' . $orderId);
        $this->_send($orders->describe($orderId), 201);
    }
}
