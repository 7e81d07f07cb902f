<?php
/** What all controllers of the API share: JSON in and out, who is logged in, 405 for the rest. */
abstract class Shop_Rest_Controller extends Zend_Rest_Controller
{
    public function indexAction()
    {
        $this->_refuse();
    }

    public function getAction()
    {
        $this->_refuse();
    }

    public function headAction()
    {
        $this->getAction();
        $this->getResponse()->clearBody();
    }

    public function postAction()
    {
        $this->_refuse();
    }

    public function putAction()
    {
        $this->_refuse();
    }

    public function deleteAction()
    {
        $this->_refuse();
    }

    protected function _send($data, $status = 200)
    {
        $this->getResponse()
            ->setHttpResponseCode($status)
            ->setHeader('Content-Type', 'application/json', true)
            ->setBody(json_encode($data, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES));
    }

    protected function _received()
    {
        $data = json_decode($this->getRequest()->getRawBody(), true);
        if (!is_array($data)) {
            throw new Shop_Exception_Invalid('the body is no JSON object');
        }
        return $data;
    }

    /** @return int id of the customer who is logged in */
    protected function _customerId()
    {
        // Without a cookie no session is started, so that robots do not fill the table.
        if (!isset($_COOKIE[session_name()]) || !Zend_Auth::getInstance()->hasIdentity()) {
            throw new Shop_Exception_LoginRequired('nobody is logged in');
        }
        return (int) Zend_Auth::getInstance()->getIdentity()->id;
    }

    private function _refuse()
    {
        throw new Shop_Exception_MethodNotAllowed('not offered here');
    }
}
