<?php
/** The data of whoever is logged in. */
class Api_AccountController extends Shop_Rest_Controller
{
    public function indexAction()
    {
        $customers = new Shop_Customer();
        $this->_send($customers->describe($customers->find($this->_customerId())));
    }
}
