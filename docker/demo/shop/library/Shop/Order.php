<?php
/** Orders as the API tells of them. */
class Shop_Order
{
    private $_orders;

    public function __construct()
    {
        $this->_orders = new Shop_Db_Orders();
    }

    public function ofCustomer($customerId)
    {
        $select = $this->_orders->select()
            ->where('customer_id = ?', (int) $customerId)
            ->order('ordered_at DESC')
            ->limit(50);
        $described = array();
        foreach ($this->_orders->fetchAll($select) as $order) {
            $described[] = $this->_summary($order);
        }
        return $described;
    }

    public function describe($id)
    {
        $order = $this->_orders->find((int) $id)->current();
        if ($order === null) {
            throw new Shop_Exception_NotFound('no such order');
        }
        $customer = $order->findParentRow('Shop_Db_Customers', 'Customer');
        $items = array();
        foreach ($order->findDependentRowset('Shop_Db_OrderItems', 'Order') as $item) {
            $items[] = array(
                'line_no' => (int) $item->line_no,
                'product_id' => (int) $item->product_id,
                'quantity' => (int) $item->quantity,
                'unit_price' => $item->unit_price,
                'line_total' => $item->line_total,
            );
        }
        return $this->_summary($order) + array(
            'delivery_date' => $order->delivery_date,
            'customer' => array(
                'id' => (int) $customer->id,
                'name' => trim($customer->first_name . ' ' . $customer->last_name),
            ),
            'items' => $items,
        );
    }

    private function _summary(Zend_Db_Table_Row_Abstract $order)
    {
        return array(
            'id' => (int) $order->id,
            'status' => $order->status,
            'ordered_at' => $order->ordered_at,
            'total' => $order->total,
            'currency' => $order->currency,
        );
    }
}
