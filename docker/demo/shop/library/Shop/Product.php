<?php
/** Products as the API tells of them. */
class Shop_Product
{
    private $_products;

    public function __construct()
    {
        $this->_products = new Shop_Db_Products();
    }

    public function page($page, $perPage)
    {
        $select = $this->_products->select()
            ->where('active = 1')
            ->order('id')
            ->limitPage($page, $perPage);
        $described = array();
        foreach ($this->_products->fetchAll($select) as $product) {
            $described[] = $this->_summary($product);
        }
        return $described;
    }

    public function describe($id)
    {
        $product = $this->find($id);
        $db = $this->_products->getAdapter();
        return $this->_summary($product) + array(
            'description' => $product->description,
            'details' => $product->details === null ? null : json_decode($product->details),
            'tax_class' => $product->tax_class,
            'channels' => array_filter(explode(',', $product->channels)),
            'categories' => $db->fetchCol(
                'SELECT c.name FROM categories c JOIN product_categories pc ON pc.category_id = c.id'
                . ' WHERE pc.product_id = ? ORDER BY pc.position, c.name',
                $product->id
            ),
            'attributes' => $db->fetchPairs(
                'SELECT attribute_code, value FROM product_attribute_values WHERE product_id = ? ORDER BY attribute_code',
                $product->id
            ),
            'stock' => (int) $db->fetchOne(
                'SELECT COALESCE(SUM(quantity), 0) FROM stock_movements WHERE product_id = ?',
                $product->id
            ),
        );
    }

    public function find($id)
    {
        $product = $this->_products->find((int) $id)->current();
        if ($product === null) {
            throw new Shop_Exception_NotFound('no such product');
        }
        return $product;
    }

    private function _summary(Zend_Db_Table_Row_Abstract $product)
    {
        return array(
            'id' => (int) $product->id,
            'sku' => $product->sku,
            'name' => $product->name,
            'price' => $product->price,
            'active' => (bool) $product->active,
        );
    }
}
