<?php
/** Places an order: all of it or nothing, and the customer hears of it only when it stands. */
class Shop_Order_Placement
{
    private $_db;

    private $_payment;

    public function __construct(Shop_Payment_Service $payment)
    {
        $this->_db = Zend_Db_Table_Abstract::getDefaultAdapter();
        $this->_payment = $payment;
    }

    /** @return int id of the new order */
    public function place(Zend_Db_Table_Row_Abstract $customer, array $items, $method)
    {
        if ($items === array()) {
            throw new Shop_Exception_Invalid('an order needs items');
        }
        if (!in_array($method, array('card', 'invoice', 'paypal', 'sepa'), true)) {
            throw new Shop_Exception_Invalid('no such payment method');
        }
        $this->_db->beginTransaction();
        try {
            $orderId = $this->_insertOrder($customer);
            $total = $this->_insertItems($orderId, $items);
            $this->_db->update('orders', array('total' => $total), array('id = ?' => $orderId));
            $reference = $this->_payment->charge($orderId, $total, $method);
            $this->_db->insert('payments', array(
                'order_id' => $orderId,
                'method' => $method,
                'amount' => $total,
                'reference' => $reference,
                'response' => json_encode(array('status' => 'authorised', 'id' => $reference)),
            ));
            $this->_db->commit();
        } catch (Throwable $failure) {
            $this->_db->rollBack();
            throw $failure;
        }
        Zend_Registry::get('log')->event("order $orderId placed, $total EUR by $method");
        $this->_confirm($customer, $orderId, $total);
        return $orderId;
    }

    private function _insertOrder(Zend_Db_Table_Row_Abstract $customer)
    {
        $address = $this->_db->fetchOne(
            "SELECT id FROM addresses WHERE customer_id = ? ORDER BY kind = 'invoice' DESC, id LIMIT 1",
            $customer->id
        );
        if ($address === false) {
            throw new Shop_Exception_Invalid('the customer has no address');
        }
        $this->_db->insert('orders', array(
            'customer_id' => $customer->id,
            'invoice_address_id' => $address,
            'status' => 'new',
            'ordered_at' => date('Y-m-d H:i:s'),
            'delivery_date' => date('Y-m-d', strtotime('+4 weekdays')),
            'client_ip' => isset($_SERVER['REMOTE_ADDR']) ? $_SERVER['REMOTE_ADDR'] : null,
        ));
        return (int) $this->_db->lastInsertId();
    }

    private function _insertItems($orderId, array $items)
    {
        $products = new Shop_Product();
        $total = '0.00';
        foreach (array_values($items) as $index => $item) {
            $quantity = isset($item['quantity']) ? (int) $item['quantity'] : 0;
            if ($quantity < 1 || !isset($item['product_id'])) {
                throw new Shop_Exception_Invalid('an item needs a product and a quantity');
            }
            $product = $products->find($item['product_id']);
            $this->_db->insert('order_items', array(
                'order_id' => $orderId,
                'line_no' => $index + 1,
                'product_id' => $product->id,
                'quantity' => $quantity,
                'unit_price' => $product->price,
            ));
            $total = bcadd($total, bcmul($product->price, (string) $quantity, 2), 2);
        }
        return $total;
    }

    private function _confirm(Zend_Db_Table_Row_Abstract $customer, $orderId, $total)
    {
        $mail = new Zend_Mail('UTF-8');
        $mail->addTo($customer->email, trim($customer->first_name . ' ' . $customer->last_name));
        $mail->setSubject("Ihre Bestellung $orderId");
        $mail->setBodyText("Vielen Dank für Ihre Bestellung über $total EUR.\n");
        try {
            $mail->send();
        } catch (Zend_Mail_Exception $failure) {
            // The order stands; a mail that did not go out must not undo it.
            Zend_Registry::get('log')->notice("confirmation of order $orderId not sent: " . $failure->getMessage());
        }
    }
}
