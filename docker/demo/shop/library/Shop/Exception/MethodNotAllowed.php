<?php
/** The thing cannot be used that way. */
class Shop_Exception_MethodNotAllowed extends Shop_Exception
{
    protected $_status = 405;
}
