<?php
/** POST logs in, DELETE logs out. */
class Api_SessionController extends Shop_Rest_Controller
{
    public function postAction()
    {
        $credentials = $this->_received() + array('email' => '', 'password' => '');
        $result = Zend_Auth::getInstance()->authenticate(
            new Shop_Auth_Adapter($credentials['email'], $credentials['password'])
        );
        if (!$result->isValid()) {
            throw new Shop_Exception_LoginRequired('login failed');
        }
        Zend_Session::regenerateId();
        $this->_send(array('customer' => $result->getIdentity()->id), 201);
    }

    public function deleteAction()
    {
        $this->_customerId();
        Zend_Session::destroy(true);
        $this->getResponse()->setHttpResponseCode(204);
    }
}
