<?php
/** A customer's own data: what is told, and what may be changed. */
class Shop_Customer
{
    private static $_changeable = array('phone', 'company', 'vat_id', 'newsletter');

    private $_customers;

    public function __construct()
    {
        $this->_customers = new Shop_Db_Customers();
    }

    public function find($id)
    {
        $customer = $this->_customers->find((int) $id)->current();
        if ($customer === null || $customer->deleted_at !== null) {
            throw new Shop_Exception_NotFound('no such customer');
        }
        return $customer;
    }

    public function describe(Zend_Db_Table_Row_Abstract $customer)
    {
        return array(
            'id' => (int) $customer->id,
            'number' => $customer->number,
            'email' => $customer->email,
            'name' => trim($customer->first_name . ' ' . $customer->last_name),
            'company' => $customer->company,
            'phone' => $customer->phone,
            'newsletter' => (bool) $customer->newsletter,
        );
    }

    public function change(Zend_Db_Table_Row_Abstract $customer, array $values)
    {
        $unknown = array_diff(array_keys($values), self::$_changeable);
        if ($unknown !== array()) {
            throw new Shop_Exception_Invalid('cannot be changed: ' . implode(', ', $unknown));
        }
        $customer->setFromArray($values);
        $customer->save();
        Zend_Registry::get('log')->event('customer ' . $customer->id . ' changed ' . implode(', ', array_keys($values)));
        return $this->describe($customer);
    }
}
