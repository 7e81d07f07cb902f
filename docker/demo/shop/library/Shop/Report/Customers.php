<?php
/** Where the customers live: the cities with the most of them. */
class Shop_Report_Customers
{
    private $_db;

    public function __construct(Zend_Db_Adapter_Abstract $db)
    {
        $this->_db = $db;
    }

    public function run()
    {
        $rows = $this->_db->fetchAll(
            'SELECT city, COUNT(DISTINCT customer_id) AS customers FROM addresses'
            . ' GROUP BY city ORDER BY customers DESC, city LIMIT 50'
        );
        foreach ($rows as &$row) {
            $row['customers'] = (int) $row['customers'];
        }
        return array('rows' => $rows);
    }
}
