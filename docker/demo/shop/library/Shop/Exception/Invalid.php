<?php
/** What was sent makes no sense. */
class Shop_Exception_Invalid extends Shop_Exception
{
    protected $_status = 422;
}
