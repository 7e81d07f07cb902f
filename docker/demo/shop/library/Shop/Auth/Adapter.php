<?php
/** Logs customers in with their mail address. Knows bcrypt, and the salted SHA-1 of before 2016. */
class Shop_Auth_Adapter implements Zend_Auth_Adapter_Interface
{
    private $_email;
    private $_password;

    public function __construct($email, $password)
    {
        $this->_email = (string) $email;
        $this->_password = (string) $password;
    }

    public function authenticate()
    {
        $customers = new Shop_Db_Customers();
        $customer = $customers->fetchRow(array('email = ?' => $this->_email, 'deleted_at IS NULL'));
        if ($customer === null) {
            return new Zend_Auth_Result(Zend_Auth_Result::FAILURE_IDENTITY_NOT_FOUND, null);
        }
        if (!$this->_fits($customer->password_hash)) {
            return new Zend_Auth_Result(Zend_Auth_Result::FAILURE_CREDENTIAL_INVALID, null);
        }
        $identity = (object) array('id' => (int) $customer->id, 'email' => $customer->email);
        return new Zend_Auth_Result(Zend_Auth_Result::SUCCESS, $identity);
    }

    private function _fits($hash)
    {
        if (strpos($hash, 'sha1:') === 0) {
            list(, $salt, $expected) = explode(':', $hash);
            return hash_equals($expected, sha1($salt . $this->_password));
        }
        return password_verify($this->_password, $hash);
    }
}
