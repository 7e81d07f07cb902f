<?php
/** The payment service outside: asks it to authorise a charge. */
class Shop_Payment_Service
{
    private $_url;

    private $_timeout;

    public function __construct($url, $timeout)
    {
        $this->_url = $url;
        $this->_timeout = (int) $timeout;
    }

    /** @return string the service's own id of the charge */
    public function charge($orderId, $amount, $method)
    {
        $client = new Zend_Http_Client($this->_url, array('timeout' => $this->_timeout, 'maxredirects' => 0));
        $client->setRawData(json_encode(array(
            'reference' => 'order-' . $orderId,
            'amount' => $amount,
            'currency' => 'EUR',
            'method' => $method,
        )), 'application/json');
        $response = $client->request('POST');
        $answer = json_decode($response->getBody(), true);
        if (!$response->isSuccessful() || !isset($answer['status']) || $answer['status'] !== 'authorised') {
            throw new Shop_Order_Exception('the payment service answered ' . $response->getStatus());
        }
        return $answer['id'];
    }
}
