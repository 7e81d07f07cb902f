"""What the EAV shop keeps of quotes and orders; see `schema_made` for how it is written."""

SALES = """
sales_order_status 12
    primary status
    status word; label name
sales_order_status_state 14
    primary status state
    status word > sales_order_status; state word; is_default flag
sales_order_status_label 8
    primary status store_id
    status word > sales_order_status; store_id sref > core_store; label name
sales_flat_quote 770
    entity_id id; store_id sref > core_store; created_at moment; updated_at moment; is_active flag
    items_count int?; orig_order_id ref !; customer_id ref? ~ customer_entity; grand_total money?
    customer_email mail?; remote_ip ip?; reserved_order_id number?; coupon_code free?
    key customer_id
sales_flat_quote_address 770
    address_id id; quote_id ref > sales_flat_quote; customer_id ref? ~ customer_entity
    customer_address_id ref? ~ customer_address_entity; address_type word; city name?
    postcode postcode?; telephone phone?; street street?; company name?; free_shipping flag
    key quote_id
sales_flat_quote_item 990
    item_id id; quote_id ref > sales_flat_quote; product_id ref? > catalog_product_entity
    store_id sref? > core_store; parent_item_id ref- > SELF; sku sku? ~ catalog_product_entity.sku
    qty money; name label?; created_at moment
    key quote_id
sales_flat_quote_item_option 1100
    option_id id; item_id ref > sales_flat_quote_item; product_id ref ~ catalog_product_entity
    code word; value_serialized serialized?
    key item_id
sales_flat_quote_payment 660
    payment_id id; quote_id ref > sales_flat_quote; method word?
    cc_card card?; additional_serialized serialized?
sales_flat_quote_shipping_rate 280
    rate_id id; address_id ref > sales_flat_quote_address; carrier_code word?; price money
sales_flat_order 1100
    entity_id id; state word?; status word? ~ sales_order_status; store_id sref? > core_store
    customer_id ref? > customer_entity; grand_total money; total_due money?
    quote_id ref? ~ sales_flat_quote
    increment_id number; customer_email mail?; created_at moment?; updated_at moment?
    customer_firstname name?; customer_lastname name?; remote_ip ip?; coupon_code free?
    original_increment_id number- ~ SELF.increment_id; ext_order_id ref? !; ext_customer_id ref? !
    delivery_time time?; hold_status status; customer_note text?
    unique increment_id; key customer_id
sales_flat_order_address 1650
    entity_id id; parent_id ref? > sales_flat_order; customer_id ref? ~ customer_entity
    customer_address_id ref? ~ customer_address_entity; quote_address_id ref? !
    region_id ref? ~ directory_country_region; postcode postcode?; lastname name?; street street?
    city name?; email mail?; telephone phone?; address_type word; company label?
    key parent_id; key customer_id
sales_flat_order_item 1980
    item_id id; order_id ref > sales_flat_order; parent_item_id ref- ~ SELF
    quote_item_id ref? ~ sales_flat_quote_item; store_id sref? > core_store; created_at moment
    product_id ref? ~ catalog_product_entity; sku sku? ~ catalog_product_entity.sku; name label?
    qty_ordered money?; price money; product_serialized serialized?
    key order_id; key product_id
sales_flat_order_payment 1100
    entity_id id; parent_id ref >1 sales_flat_order; method word?; amount_paid money?; iban iban?
    cc_card card?; additional_serialized serialized?; last_trans_id hash?
    key parent_id
sales_flat_order_status_history 1430
    entity_id id; parent_id ref > sales_flat_order; is_customer_notified int?; comment text?
    status word? ~ sales_order_status; created_at moment?
    key parent_id
sales_flat_{order,invoice,shipment,creditmemo}_grid 500
    primary entity_id
    entity_id ref ~ BASE; store_id sref? ~ core_store; grand_total money?
    increment_id number; customer_id ref? ~ customer_entity; billing_name label?; created_at moment?
sales_flat_{invoice,shipment,creditmemo} 500
    entity_id id; store_id sref? > core_store; order_id ref > sales_flat_order; grand_total money?
    increment_id number; created_at moment?; billing_address_id ref? ~ sales_flat_order_address
    unique increment_id; key order_id
sales_flat_invoice_item 600
    entity_id id; parent_id ref > sales_flat_invoice; order_item_id ref ~ sales_flat_order_item
    product_id ref? ~ catalog_product_entity; sku sku? ~ catalog_product_entity.sku; qty money?
    key parent_id
sales_flat_shipment_item 550
    entity_id id; parent_id ref > sales_flat_shipment; order_item_id ref ~ sales_flat_order_item
    product_id ref? ~ catalog_product_entity; sku sku? ~ catalog_product_entity.sku; qty money?
    key parent_id
sales_flat_creditmemo_item 300
    entity_id id; parent_id ref > sales_flat_creditmemo; order_item_id ref? ~ sales_flat_order_item
    product_id ref? ~ catalog_product_entity; sku sku? ~ catalog_product_entity.sku; qty money?
    key parent_id
sales_flat_shipment_track 390
    entity_id id; parent_id ref > sales_flat_shipment; order_id ref ~ sales_flat_order
    track_number number?; title name?; carrier_code word?; label_base64 base64?; packed gzip?
    key parent_id
sales_flat_{invoice,shipment,creditmemo}_comment 0
    entity_id id; parent_id ref ~ BASE; comment text?; created_at moment?
sales_payment_transaction 500
    transaction_id id; parent_id ref- > SELF; order_id ref > sales_flat_order
    payment_id ref > sales_flat_order_payment; txn_id hash?; txn_type word?; is_closed flag
    additional_json json?; created_at moment?
    key order_id
sales_order_tax 660
    tax_id id; order_id ref ~ sales_flat_order; code word?; title name?; percent money?
    key order_id
sales_order_tax_item 830
    tax_item_id id; tax_id ref > sales_order_tax; item_id ref > sales_flat_order_item
    tax_percent money
    unique tax_id item_id
sales_{billing_agreement,recurring_profile} 0
    agreement_id id; customer_id ref > customer_entity; store_id sref? > core_store; status word
sales_{billing_agreement_order,recurring_profile_order} 0
    link_id id; agreement_id ref ~ sales_billing_agreement; order_id ref > sales_flat_order
sales_{bestsellers,invoiced,order,refunded,shipping}_aggregated{,_daily,_monthly,_yearly,_updated} 0
    id id; period date?; store_id sref? > core_store; orders_count int; total_amount money
sales_bestsellers_history 400
    id id; period date?; store_id sref? > core_store; product_id ref? > catalog_product_entity
    product_name label?; qty_ordered money; rating_pos small
quote_{export,archive,rejected,requested} 0
    id id; quote_id ref ~ sales_flat_quote; exported_at moment?
"""
