<?php
/** What a customer has not ordered yet. The contents are kept in PHP's serialize() format. */
class Shop_Basket
{
    private $_baskets;

    private $_row;

    private $_lines;

    public function __construct($customerId)
    {
        $this->_baskets = new Shop_Db_Baskets();
        $this->_row = $this->_baskets->fetchRow(array('customer_id = ?' => (int) $customerId));
        if ($this->_row === null) {
            $this->_row = $this->_baskets->createRow(array('customer_id' => (int) $customerId));
        }
        $this->_lines = $this->_read((string) $this->_row->contents);
    }

    public function add(Zend_Db_Table_Row_Abstract $product, $quantity)
    {
        foreach ($this->_lines as &$line) {
            if ((int) $line['product_id'] === (int) $product->id) {
                $line['quantity'] += $quantity;
                return;
            }
        }
        $this->_lines[] = array(
            'product_id' => (int) $product->id,
            'quantity' => $quantity,
            'name' => $product->name,
        );
    }

    public function save()
    {
        $this->_row->contents = serialize($this->_lines);
        $this->_row->updated_at = date('Y-m-d H:i:s');
        $this->_row->save();
    }

    public function describe()
    {
        return array('lines' => array_values($this->_lines));
    }

    private function _read($contents)
    {
        if ($contents === '') {
            return array();
        }
        $lines = @unserialize($contents, array('allowed_classes' => false));
        if (!is_array($lines)) {
            $lines = @unserialize($this->_recounted($contents), array('allowed_classes' => false));
        }
        return is_array($lines) ? $lines : array();
    }

    /** Count the strings anew: the move to UTF-8 changed their bytes, but not their lengths. */
    private function _recounted($contents)
    {
        return preg_replace_callback('/s:\d+:"(.*?)";(?=[asidbN}])/s', function (array $string) {
            return 's:' . strlen($string[1]) . ':"' . $string[1] . '";';
        }, $contents);
    }
}
