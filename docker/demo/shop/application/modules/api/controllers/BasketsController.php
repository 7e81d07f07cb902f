<?php
class Api_BasketsController extends Shop_Rest_Controller
{
    public function postAction()
    {
        $customerId = $this->_customerId();
        $received = $this->_received() + array('product_id' => 0, 'quantity' => 1);
        if ((int) $received['quantity'] < 1) {
            throw new Shop_Exception_Invalid('a quantity is at least 1');
        }
        $products = new Shop_Product();
        $product = $products->find($received['product_id']);

        $basket = new Shop_Basket($customerId);
        $basket->add($product, (int) $received['quantity']);
        $basket->save();
        $this->_send($basket->describe(), 201);
    }
}
