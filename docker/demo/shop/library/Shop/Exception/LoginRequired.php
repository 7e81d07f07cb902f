<?php
/** The caller is not logged in. */
class Shop_Exception_LoginRequired extends Shop_Exception
{
    protected $_status = 401;
}
