<?php
class Api_CustomersController extends Shop_Rest_Controller
{
    public function getAction()
    {
        $customers = new Shop_Customer();
        $this->_send($customers->describe($customers->find($this->_getParam('id'))));
    }

    public function putAction()
    {
        $customers = new Shop_Customer();
        $customer = $customers->find($this->_getParam('id'));
        if ((int) $customer->id !== $this->_customerId()) {
            throw new Shop_Exception_Forbidden('not your own data');
        }
        $this->_send($customers->change($customer, $this->_received()));
    }
}
