<?php
/** What was sold most in the days before the newest order. */
class Shop_Bestsellers
{
    private $_db;

    public function __construct()
    {
        $this->_db = Zend_Db_Table_Abstract::getDefaultAdapter();
    }

    public function top($limit, $days)
    {
        $rows = $this->_db->fetchAll(
            'SELECT p.id, p.sku, p.name, SUM(i.quantity) AS sold'
            . ' FROM order_items i JOIN orders o ON o.id = i.order_id JOIN products p ON p.id = i.product_id'
            . ' WHERE o.ordered_at >= (SELECT MAX(ordered_at) FROM orders) - INTERVAL ? DAY'
            . ' GROUP BY p.id, p.sku, p.name'
            . ' ORDER BY sold DESC, p.id LIMIT ' . (int) $limit,
            array((int) $days)
        );
        foreach ($rows as &$row) {
            $row['id'] = (int) $row['id'];
            $row['sold'] = (int) $row['sold'];
        }
        return $rows;
    }
}
