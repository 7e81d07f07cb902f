<?php
class Api_BestsellersController extends Shop_Rest_Controller
{
    public function indexAction()
    {
        $bestsellers = new Shop_Bestsellers();
        $days = Zend_Registry::get('shop')->bestsellers->days;
        $this->_send(array('days' => (int) $days, 'bestsellers' => $bestsellers->top(10, $days)));
    }
}
