<?php
/** Base of what the shop throws itself; knows the HTTP status it means. */
class Shop_Exception extends Exception
{
    protected $_status = 500;

    private static $_codes = array(
        401 => 'login_required',
        403 => 'forbidden',
        404 => 'not_found',
        405 => 'method_not_allowed',
        409 => 'conflict',
        422 => 'invalid',
        500 => 'internal',
    );

    public function getStatus()
    {
        return $this->_status;
    }

    public static function codeOf($status)
    {
        return isset(self::$_codes[$status]) ? self::$_codes[$status] : 'internal';
    }
}
