<?php
/** An order cannot be read or placed, through no fault of the caller. */
class Shop_Order_Exception extends Shop_Exception
{
}
