"""The tables of the EAV shop; see `schema_made` for how they are written."""

STORES_AND_ENTITIES = """
core_website 3
    website_id sid; code code; name name; sort_order small
    default_group_id sref ~ core_store_group; is_default flag
    unique code
core_store_group 4
    group_id sid; website_id sref > core_website; name name
    root_category_id ref ~ catalog_category_entity
core_store 6
    store_id sid; code code; website_id sref > core_website; group_id sref > core_store_group
    name name; sort_order small; is_active flag
    unique code
core_config_data 160
    config_id id; scope status; scope_id int !; path code; value label?
    unique scope scope_id path
core_resource 40
    primary code
    code code; version word; data_version word?
core_{cache_option,flag,session,layout_update,translate,variable,variable_value,email_template} 0
    row_id id; code code; body_text text?; store_id sref ~ core_store; modified_at moment?
core_{cache,cache_tag,directory_storage,file_storage,layout_link,email_queue,cronjob} 0
    row_id id; code code; payload_json json?; created_at moment?
core_email_queue_recipients 0
    recipient_id id; message_id ref ~ core_email_queue; recipient_email mail; recipient_name name
core_url_rewrite 880
    url_rewrite_id id; store_id sref > core_store; id_path code; request_path code; options word?
    category_id ref? ~ catalog_category_entity; product_id ref? ~ catalog_product_entity
    key category_id; key product_id
eav_entity_type 8
    entity_type_id sid; entity_type_code code; entity_model word; increment_per_store flag
eav_attribute_set 12
    attribute_set_id sid; entity_type_id sref > eav_entity_type; attribute_set_name name
eav_attribute_group 60
    attribute_group_id sid; attribute_set_id sref > eav_attribute_set; attribute_group_name name
eav_attribute 150
    attribute_id sid; entity_type_id sref > eav_entity_type; attribute_code code
    backend_type word; frontend_input word?; frontend_label name?; is_required flag
    unique entity_type_id attribute_code
eav_attribute_label 60
    attribute_label_id id; attribute_id sref > eav_attribute; store_id sref > core_store
    value label
eav_attribute_option 400
    option_id id; attribute_id sref > eav_attribute; sort_order small
eav_attribute_option_value 440
    value_id id; option_id ref > eav_attribute_option; store_id sref > core_store; value name?
    key option_id
eav_entity_attribute 280
    entity_attribute_id id; entity_type_id sref ~ eav_entity_type
    attribute_set_id sref ~ eav_attribute_set; attribute_group_id sref > eav_attribute_group
    attribute_id sref > eav_attribute; sort_order small
    unique attribute_set_id attribute_id
eav_entity_store 20
    entity_store_id id; entity_type_id sref > eav_entity_type; store_id sref > core_store
    increment_prefix word?; increment_last_id number
eav_form_{type,fieldset,fieldset_label,element,type_entity} 12
    form_id sid; code code; label name?; attribute_id sref? ~ eav_attribute
eav_{entity,entity_datetime,entity_decimal,entity_int,entity_text,entity_varchar} 0
    value_id id; entity_type_id sref > eav_entity_type; store_id sref > core_store; value label?
catalog_eav_attribute 120
    primary attribute_id
    attribute_id sref > eav_attribute; is_global flag; is_visible flag; apply_to label?
    position small
customer_eav_attribute 40
    primary attribute_id
    attribute_id sref > eav_attribute; is_visible flag; validate_serialized serialized?
customer_eav_attribute_website 30
    primary attribute_id website_id
    attribute_id sref > customer_eav_attribute; website_id sref > core_website; is_required flag?
customer_form_attribute 60
    primary form_code attribute_id
    form_code word; attribute_id sref > eav_attribute
catalog_category_entity 260
    entity_id id; entity_type_id sref ~ eav_entity_type; parent_id ref% ~ SELF; path code
    attribute_set_id sref ~ eav_attribute_set; created_at moment?; updated_at moment?
    position int; level small; children_count int
    key parent_id
catalog_product_entity 830
    entity_id id; entity_type_id sref > eav_entity_type; attribute_set_id sref > eav_attribute_set
    type_id word; sku sku; has_options flag; marks marks; created_at moment?; updated_at moment?
    unique sku
customer_group 5
    customer_group_id sid; customer_group_code name; tax_class_id sref ~ tax_class
customer_entity 720
    entity_id id; entity_type_id sref > eav_entity_type; attribute_set_id sref ~ eav_attribute_set
    website_id sref? > core_website; email mail; group_id sref ~ customer_group
    increment_id number?; store_id sref? > core_store; created_at moment; is_active flag
    dob date?; iban iban?; firstname name; lastname name; remark label?
    unique email website_id; key store_id
customer_address_entity 830
    entity_id id; entity_type_id sref ~ eav_entity_type; attribute_set_id sref ~ eav_attribute_set
    increment_id number?; parent_id ref > customer_entity; created_at moment; is_active flag
catalog_product_entity_{group_price,tier_price} 180
    value_id id; entity_id ref > catalog_product_entity; all_groups flag
    customer_group_id sref > customer_group; value money; website_id sref > core_website
    unique entity_id all_groups customer_group_id website_id
catalog_product_entity_media_gallery 830
    value_id id; attribute_id sref > eav_attribute; entity_id ref > catalog_product_entity
    value code?
    key entity_id
catalog_product_entity_media_gallery_value 770
    primary value_id store_id
    value_id ref > catalog_product_entity_media_gallery; store_id sref > core_store; label label?
    position small?; disabled flag
catalog_{product,category}_entity_{gallery,url_key} 0
    value_id id; entity_type_id sref ~ eav_entity_type; attribute_id sref > eav_attribute
    store_id sref > core_store; value label?
"""

VARIOUS = """
catalog_category_product 1430
    primary category_id product_id
    category_id ref > catalog_category_entity; product_id ref > catalog_product_entity; position int
    key product_id
catalog_category_product_index 990
    primary category_id product_id store_id
    category_id ref > catalog_category_entity; product_id ref > catalog_product_entity
    position int?; is_parent flag; store_id sref > core_store; visibility small
catalog_category_product_index_{enbl_,}{idx,tmp} 0
    category_id ref ~ catalog_category_entity; product_id ref ~ catalog_product_entity
    store_id sref ~ core_store; visibility small; key product_id
catalog_category_anc_{categs,products}_index_{idx,tmp} 0
    category_id ref ~ catalog_category_entity; product_id ref ~ catalog_product_entity; path code?
catalog_category_flat_store_{1,2,3,4,5,6} 120
    primary entity_id
    entity_id ref ~ catalog_category_entity; parent_id ref% ~ catalog_category_entity
    store_id sref ~ core_store; name label?; url_key word?; is_active flag
catalog_product_flat_{1,2,3,4,5,6} 350
    primary entity_id
    entity_id ref ~ catalog_product_entity; attribute_set_id sref ~ eav_attribute_set; type_id word
    name label?; price money?; sku sku ~ catalog_product_entity.sku; url_key word?
catalog_product_index_eav{,_idx,_tmp,_decimal,_decimal_idx,_decimal_tmp} 0
    primary entity_id attribute_id store_id
    entity_id ref > catalog_product_entity; attribute_id sref > eav_attribute
    store_id sref > core_store; value ref
catalog_product_index_price 990
    entity_id ref ~ catalog_product_entity; customer_group_id sref ~ customer_group
    website_id sref ~ core_website; price money?; final_price money?; min_price money?
    key entity_id
catalog_product_index_price_{bundle,bundle_opt,bundle_sel,cfg_opt,final,opt}_{idx,tmp} 0
    primary entity_id customer_group_id website_id
    entity_id ref ~ catalog_product_entity; customer_group_id sref ~ customer_group
    website_id sref ~ core_website; price money?; tier_price money?
catalog_product_index_price_{idx,tmp} 0
    primary entity_id customer_group_id website_id
    entity_id ref ~ catalog_product_entity; customer_group_id sref ~ customer_group
    website_id sref ~ core_website; price money?
catalog_product_index_{group_price,tier_price,website} 0
    primary entity_id website_id
    entity_id ref > catalog_product_entity; website_id sref > core_website; price money?
catalog_product_{enabled_index,website} 660
    primary product_id website_id
    product_id ref > catalog_product_entity; website_id sref > core_website
catalog_product_link_type 4
    link_type_id sid; code code
catalog_product_link 500
    link_id id; product_id ref > catalog_product_entity
    link_type_id sref > catalog_product_link_type
    linked_product_id ref > catalog_product_entity
    key product_id
catalog_product_link_attribute 8
    product_link_attribute_id sid; link_type_id sref > catalog_product_link_type; data_type word
catalog_product_link_attribute_{decimal,int,varchar} 0
    value_id id; product_link_attribute_id sref? > catalog_product_link_attribute
    link_id ref > catalog_product_link; value label?
catalog_product_option 200
    option_id id; product_id ref > catalog_product_entity; type word; is_require flag; sku free?
catalog_product_option_{price,title} 200
    row_id id; option_id ref > catalog_product_option; store_id sref > core_store; title label
    price money?
catalog_product_option_type_value 300
    option_type_id id; option_id ref > catalog_product_option; sku free?; sort_order small
catalog_product_option_type_{price,title} 0
    row_id id; option_type_id ref > catalog_product_option_type_value; store_id sref > core_store
catalog_product_{relation,super_link} 330
    link_id id; child_id ref > catalog_product_entity; parent_id ref > catalog_product_entity
    unique parent_id child_id
catalog_product_super_attribute 100
    product_super_attribute_id id; product_id ref > catalog_product_entity; position small
    attribute_id sref ~ eav_attribute
catalog_product_super_attribute_{label,pricing} 0
    value_id id; product_super_attribute_id ref > catalog_product_super_attribute; value label?
catalog_product_bundle_{option,option_value,selection,selection_price,price_index,stock_index} 0
    row_id id; parent_product_id ref > catalog_product_entity; position small
catalog_compare_item 120
    catalog_compare_item_id id; visitor_id ref ~ log_visitor; customer_id ref? > customer_entity
    product_id ref > catalog_product_entity; store_id sref? > core_store
catalogindex_{aggregation,aggregation_tag,aggregation_to_tag,eav,minimal_price,price} 0
    row_id id; entity_id ref ~ catalog_product_entity; created_at moment?
cataloginventory_stock 2
    stock_id sid; stock_name name
cataloginventory_stock_item 830
    item_id id; product_id ref > catalog_product_entity; stock_id sref > cataloginventory_stock
    qty money; min_qty money; is_in_stock flag; low_stock_date moment?; warehouse_code code?
    unique product_id stock_id
cataloginventory_stock_status{,_idx,_tmp} 0
    primary product_id website_id stock_id
    product_id ref ~ catalog_product_entity; website_id sref ~ core_website
    stock_id sref ~ cataloginventory_stock; qty money; stock_status small
catalogrule 30
    rule_id id; name name; description text?; from_date date?; to_date date?; is_active flag
    conditions_serialized serialized?
catalogrule_product 500
    rule_product_id id; rule_id ref > catalogrule; from_time ref; to_time ref
    customer_group_id sref > customer_group; product_id ref > catalog_product_entity
    website_id sref > core_website
catalogrule_{affected_product,group_website,customer_group,website,product_price} 0
    row_id id; rule_id ref ~ catalogrule; product_id ref? ~ catalog_product_entity
catalogsearch_query 330
    query_id id; query_text label?; num_results int; store_id sref > core_store; updated_at moment
catalogsearch_fulltext 500
    fulltext_id id; product_id ref ~ catalog_product_entity; store_id sref ~ core_store
    data_index text?
    unique product_id store_id
catalogsearch_result 280
    primary query_id product_id
    query_id ref > catalogsearch_query; product_id ref > catalog_product_entity; relevance money
checkout_{agreement,agreement_store} 0
    row_id id; agreement_id ref ~ checkout_agreement; store_id sref > core_store
cms_{block,page} 40
    row_id id; title label; identifier code; content text?; creation_time moment?; is_active flag
cms_{block,page}_store 60
    primary row_id store_id
    row_id ref ~ BASE; store_id sref > core_store
coupon_aggregated{,_order,_updated} 0
    id id; period date; store_id sref? > core_store; coupon_code free?; coupon_uses int
cron_schedule 390
    schedule_id id; job_code word; status word; messages text?; created_at moment
    executed_at moment?; finished_at moment?
dataflow_{batch,batch_export,batch_import,import_data,profile,profile_history,session} 0
    row_id id; batch_id ref ~ dataflow_batch; store_id sref ~ core_store
    data_serialized serialized?
design_change 0
    design_change_id id; store_id sref > core_store; design word?; date_from date?
directory_country 80
    primary country_id
    country_id word; iso2_code word?; iso3_code word?
directory_country_region 180
    region_id id; country_id word ~ directory_country; code free?; default_name name?
directory_country_region_name 180
    primary locale region_id
    locale word; region_id ref > directory_country_region; name name?
directory_{country_format,currency_rate,currency} 0
    row_id id; country_id word ~ directory_country; rate money
downloadable_{link,link_price,link_title,sample,sample_title} 0
    row_id id; product_id ref > catalog_product_entity; title label?; price money?
downloadable_link_purchased 150
    purchased_id id; order_id ref? > sales_flat_order; order_item_id ref ~ sales_flat_order_item
    order_increment_id number? ~ sales_flat_order.increment_id; customer_id ref? ~ customer_entity
    link_hash hash?; product_sku sku? ~ catalog_product_entity.sku
downloadable_link_purchased_item 0
    item_id id; purchased_id ref > downloadable_link_purchased; link_hash hash?
gift_message 150
    gift_message_id id; customer_id ref% ~ customer_entity; sender name?; recipient name?
    message text?
googleoptimizer_code 0
    code_id id; entity_id ref !; entity_type word; store_id sref > core_store
importexport_importdata 0
    id id; entity word; behavior word; data_json json?
index_process 10
    process_id id; indexer_code code; status word; started_at moment?; mode word
index_event 280
    event_id id; type word; entity word; entity_pk big? !; created_at moment
    old_data_serialized serialized?
index_process_event 330
    primary process_id event_id
    process_id ref > index_process; event_id ref > index_event; status word
log_visitor 830
    visitor_id id; session_id hash; first_visit_at moment?; last_visit_at moment
    last_url_id ref !; store_id sref ~ core_store
log_visitor_info 660
    primary visitor_id
    visitor_id ref ~ log_visitor; http_referer url?; http_user_agent latin?; remote_addr ip?
log_url_info 830
    url_id id; url url; referer url?
log_url 1100
    url_id ref ~ log_url_info; visitor_id ref? ~ log_visitor; visit_time moment
    key url_id
log_customer 390
    log_id id; visitor_id ref? ~ log_visitor; customer_id ref ~ customer_entity; login_at moment
    logout_at moment?; store_id sref ~ core_store
    key visitor_id
log_{quote,summary,summary_type,visitor_online} 0
    row_id id; visitor_id ref ~ log_visitor; created_at moment
newsletter_template 10
    template_id id; template_code name?; template_text text?; added_at moment?
newsletter_queue 20
    queue_id id; template_id ref > newsletter_template; newsletter_subject label?
newsletter_subscriber 440
    subscriber_id id; store_id sref? > core_store; customer_id ref% ~ customer_entity
    subscriber_email mail?; subscriber_status small; subscriber_confirm_code hash?
    key customer_id
newsletter_queue_link 330
    queue_link_id id; queue_id ref > newsletter_queue; letter_sent_at moment?
    subscriber_id ref > newsletter_subscriber
newsletter_{problem,queue_store_link} 0
    row_id id; queue_id ref > newsletter_queue; problem_error_text text?
oauth_{consumer,nonce,token} 0
    entity_id id; consumer_id ref ~ oauth_consumer; secret hash; callback_url url?
paypal_{cert,payment_transaction,settlement_report,settlement_report_row} 0
    row_id id; transaction_id hash?; report_date date?
{persistent_session,xmlconnect_application,xmlconnect_config_data,xmlconnect_history} 0
    row_id id; customer_id ref? ~ customer_entity; website_id sref > core_website; info text?
{xmlconnect_images,xmlconnect_notification_template,xmlconnect_queue,sitemap,sendfriend_log} 0
    row_id id; store_id sref ~ core_store; ip ip?; created_at moment?
poll{,_answer,_store,_vote} 0
    poll_id id; poll_title label?; store_id sref ~ core_store; ip_address ip?
product_alert_{price,stock} 150
    alert_id id; customer_id ref > customer_entity; product_id ref > catalog_product_entity
    website_id sref > core_website; add_date moment; send_count int
rating_entity 3
    entity_id sid; entity_code code
rating 6
    rating_id sid; entity_id sref > rating_entity; rating_code name; position small
rating_option 30
    option_id id; rating_id sref > rating; code word; value small
review_{entity,status} 4
    row_id sid; code code
review 390
    review_id id; created_at moment; entity_id sref ~ review_entity; entity_pk_value ref !
    status_id sref ~ review_status
review_detail 390
    detail_id id; review_id ref > review; store_id sref? > core_store; title label; detail text
    nickname name; customer_id ref? ~ customer_entity
    key review_id
rating_option_vote 660
    vote_id id; option_id ref > rating_option; remote_ip ip; customer_id ref% ~ customer_entity
    entity_pk_value big !; rating_id sref ~ rating; review_id ref? ~ review; percent small
    key review_id
rating_option_vote_aggregated 300
    primary_id id; rating_id sref > rating; entity_pk_value big !; vote_count int
    store_id sref > core_store
{rating_store,rating_title,review_store,review_entity_summary} 0
    row_id id; store_id sref > core_store; title label?
report_event_types 6
    event_type_id sid; event_name name; customer_login flag
report_event 880
    event_id id; logged_at moment; event_type_id sref > report_event_types; object_id ref !
    subject_id ref% !; subtype flag; store_id sref > core_store
report_{compared_product_index,viewed_product_index} 300
    index_id id; visitor_id ref? ~ log_visitor; customer_id ref? > customer_entity
    product_id ref > catalog_product_entity; store_id sref? > core_store; added_at moment
report_viewed_product_aggregated_{daily,monthly,yearly} 0
    id id; period date?; product_id ref? > catalog_product_entity; views_num int
salesrule 25
    rule_id id; name name; description text?; from_date date?; uses_per_customer int
    conditions_serialized serialized?; discount_amount money; is_active flag
salesrule_coupon 280
    coupon_id id; rule_id ref > salesrule; code code; usage_limit int?; times_used int
    expiration_date moment?
    unique code
salesrule_coupon_usage 300
    primary coupon_id customer_id
    coupon_id ref > salesrule_coupon; customer_id ref > customer_entity; times_used int
salesrule_customer 250
    rule_customer_id id; rule_id ref > salesrule; customer_id ref > customer_entity
    times_used small
salesrule_{label,product_attribute,website,customer_group} 0
    row_id id; rule_id ref > salesrule; label label?
shipping_tablerate 400
    pk id; website_id int; dest_country_id word; dest_postcode postcode; condition_value money
    price money
tag 200
    tag_id id; name word?; status small; first_customer_id ref? ~ customer_entity
    first_store_id sref? ~ core_store
tag_relation 280
    tag_relation_id id; tag_id ref > tag; customer_id ref? > customer_entity
    product_id ref > catalog_product_entity; store_id sref > core_store; active flag
tag_{properties,summary} 0
    row_id id; tag_id ref > tag; store_id sref > core_store
tax_class 6
    class_id sid; class_name name; class_type word
tax_calculation_rate 150
    tax_calculation_rate_id id; tax_country_id word ~ directory_country; tax_region_id int !
    tax_postcode postcode?; code code; rate money
tax_calculation_rule 8
    tax_calculation_rule_id id; code code; priority small
tax_calculation 160
    row_id id; tax_calculation_rate_id ref > tax_calculation_rate
    tax_calculation_rule_id ref > tax_calculation_rule
    customer_tax_class_id sref > tax_class; product_tax_class_id sref > tax_class
tax_{calculation_rate_title,order_aggregated_created,order_aggregated_updated} 0
    id id; store_id sref? > core_store; value label?
{weee_discount,weee_tax} 0
    value_id id; website_id sref > core_website; entity_id ref > catalog_product_entity; value money
widget{,_instance,_instance_page,_instance_page_layout} 0
    widget_id id; widget_code word?; parameters_serialized serialized?
wishlist 400
    wishlist_id id; customer_id ref% > customer_entity; shared small; sharing_code hash?
    updated_at moment?
    unique customer_id
wishlist_item 500
    wishlist_item_id id; wishlist_id ref > wishlist; product_id ref > catalog_product_entity
    store_id sref? > core_store; added_at moment?; description text?; qty money
    key wishlist_id
wishlist_item_option 0
    option_id id; wishlist_item_id ref > wishlist_item; code word; value_serialized serialized?
admin_role 12
    role_id id; parent_id ref% ~ SELF; tree_level small; role_type word; user_id ref% ~ admin_user
    role_name name?
admin_user 15
    user_id id; firstname name?; lastname name?; email mail?; username code?; created moment
    is_active flag; extra_serialized serialized?
admin_rule 200
    rule_id id; role_id ref > admin_role; resource_code code?; privileges word?
    role_type word?; permission word?
{admin_assert,api_assert,api_role,api_rule,api_session,api_user} 0
    row_id id; user_id ref ~ api_user; code code?
adminnotification_inbox 150
    notification_id id; severity small; date_added moment; title label; url url?; is_read flag
"""
