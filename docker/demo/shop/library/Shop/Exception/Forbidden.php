<?php
/** The caller may not do this. */
class Shop_Exception_Forbidden extends Shop_Exception
{
    protected $_status = 403;
}
