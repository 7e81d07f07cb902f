<?php
/** One day's orders by payment method. */
class Shop_Report_Daily
{
    private $_db;

    public function __construct(Zend_Db_Adapter_Abstract $db)
    {
        $this->_db = $db;
    }

    public function run($date)
    {
        $sums = $this->_db->fetchAssoc(
            'SELECT p.method, COUNT(DISTINCT o.id) AS orders, SUM(p.amount) AS amount'
            . ' FROM orders o JOIN payments p ON p.order_id = o.id'
            . " WHERE o.ordered_at >= ? AND o.ordered_at < ? + INTERVAL 1 DAY AND o.status <> 'cancelled'"
            . ' GROUP BY p.method',
            array($date, $date)
        );
        $rows = array();
        foreach ($this->_sections() as $method => $label) {
            if (isset($sums[$method])) {
                $rows[] = array(
                    'method' => $label,
                    'orders' => (int) $sums[$method]['orders'],
                    'amount' => $sums[$method]['amount'],
                );
            }
        }
        return array('date' => $date, 'rows' => $rows);
    }

    private function _sections()
    {
        return array('card' => 'Card', 'invoice' => 'Invoice', 'paypal' => 'PayPal', 'sepa' => 'SEPA');
    }
}
