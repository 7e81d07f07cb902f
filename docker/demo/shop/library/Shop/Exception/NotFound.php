<?php
/** There is no such thing. */
class Shop_Exception_NotFound extends Shop_Exception
{
    protected $_status = 404;
}
