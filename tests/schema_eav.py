"""An EAV shop as the large PHP shops have it: some 370 tables, most of them small or empty.

About half of the relations are declared. Index and flat tables, copies for reports and whatever
modules brought refer to others by habit only, by number or by SKU.
"""

from __future__ import annotations

from schema_eav_sales import SALES
from schema_eav_tables import STORES_AND_ENTITIES, VARIOUS
from schema_made import MadeSchema, Row, make_schema
from schema_odd import Planter
from schema_values import Value

_ENTITIES = {
    "catalog_product": {"int": 3000, "varchar": 4000, "text": 900, "decimal": 1200},
    "catalog_category": {"int": 500, "varchar": 500, "text": 240, "decimal": 0},
    "customer": {"int": 600, "varchar": 1600, "text": 0, "decimal": 0},
    "customer_address": {"int": 800, "varchar": 2200, "text": 500, "decimal": 0},
}
_KINDS = {"int": "int?", "varchar": "label?", "text": "text?", "decimal": "money?"}


def make_eav() -> MadeSchema:
    """Make the shop with its rows."""
    values = "".join(_value_tables(entity, counts) for entity, counts in _ENTITIES.items())
    description = STORES_AND_ENTITIES + values + SALES + VARIOUS
    shapes = {"catalog_category_entity": _give_paths}
    return make_schema(description, "utf8mb4_general_ci", shapes, seed=20, times=6)


def _value_tables(entity: str, counts: dict[str, int]) -> str:
    """Give one table of values for each type, of the entity that they are for."""
    kinds = {**_KINDS, "datetime": "moment?"}
    counts = {**counts, "datetime": counts["int"] // 4}
    store = "store_id sref > core_store; " if entity.startswith("catalog") else ""
    columns = "entity_id attribute_id store_id" if store else "entity_id attribute_id"
    return "".join(
        f"""
{entity}_entity_{kind} {counts[kind]}
    value_id id; entity_type_id sref ~ eav_entity_type; attribute_id sref > eav_attribute
    {store}entity_id ref > {entity}_entity; value {column}
    unique {columns}; key attribute_id
"""
        for kind, column in kinds.items()
    )


def _give_paths(rows: list[Row]) -> None:
    """Write each category's way from the root, as the trees of shops keep it beside the parent."""
    paths: dict[Value, str] = {0: ""}
    for row in rows:
        number, above = row["entity_id"], paths[row["parent_id"]]
        assert isinstance(number, int)
        path = f"{above}/{number}".lstrip("/")
        row["path"], row["level"] = path, path.count("/")
        paths[number] = path


RULES = """
extends: [common]
columns:
  "*_id|*_number|*_numbers|*sort*|*position*|*qty*|*count*|level|path|is_*|has_*|use_*": keep
  "sku|*_sku": shape
  "increment_id|*_increment_id": keep
  "identifier|*code*|*state*|*_key|*_type|*method*|backend_*|frontend_*|currency|scope": keep
  "*iban*": iban
  "*card*": card
  "*_at|*_date|*_time|*_from|*_to|*period*|dob": keep
  "*serialized*": serialized
  "*json*": json
  "*base64*": shape
  "packed": keep
types:
  "*int|decimal|double|float|enum|set|date|datetime|timestamp|time|*blob": keep
  "*char|*text": shape
"""


def plant_in_eav(schema: MadeSchema) -> Planter:
    """Plant each class of odd rows, and each odd relation."""
    planter = Planter(schema)
    planter.plant(
        "text", "customer_entity.remark", "catalog_product_entity_varchar.value",
        "sales_flat_order_address.company",
    )  # fmt: skip
    planter.plant(
        "kept", "sales_flat_quote.coupon_code", "sales_flat_order.coupon_code",
        "cataloginventory_stock_item.warehouse_code",
    )  # fmt: skip
    planter.plant(
        "number", "catalog_product_entity_decimal.value", "sales_flat_order.total_due",
        "sales_flat_quote.items_count",
    )  # fmt: skip
    planter.plant(
        "limit", "sales_flat_quote.items_count", "catalogsearch_query.num_results",
        "eav_attribute_option.sort_order",
    )  # fmt: skip
    planter.plant(
        "date", "customer_entity.dob", "sales_flat_order.updated_at",
        "catalog_product_entity_datetime.value",
    )  # fmt: skip
    planter.plant("time", "sales_flat_order.delivery_time")
    planter.plant("enum", "sales_flat_order.hold_status")
    planter.plant("set", "catalog_product_entity.marks")
    planter.plant(
        "mail", "sales_flat_order.customer_email", "newsletter_subscriber.subscriber_email",
        "sales_flat_quote.customer_email",
    )  # fmt: skip
    planter.plant("iban", "customer_entity.iban", "sales_flat_order_payment.iban")
    planter.plant("card", "sales_flat_order_payment.cc_card", "sales_flat_quote_payment.cc_card")
    planter.plant("json", "sales_payment_transaction.additional_json")
    planter.plant(
        "serialized", "sales_flat_quote_item_option.value_serialized",
        "sales_flat_order_item.product_serialized", "index_event.old_data_serialized",
    )  # fmt: skip
    planter.plant("base64", "sales_flat_shipment_track.label_base64")
    planter.plant("gzip", "sales_flat_shipment_track.packed")
    for count, place in (
        (1, "catalog_product_entity_int.entity_id"), (2, "sales_flat_order_item.product_id"),
        (5, "sales_flat_order_address.customer_id"), (1, "sales_order_tax.order_id"),
        (2, "log_customer.customer_id"), (5, "core_url_rewrite.product_id"),
        (2, "catalog_product_link.linked_product_id"), (1, "sales_flat_quote.customer_id"),
    ):  # fmt: skip
        planter.orphan(place, count)
    planter.orphan("sales_flat_invoice_item.sku", 2, "'Gone-0000077'")
    planter.self_loop("catalog_category_entity.parent_id", 1)
    planter.self_loop("sales_flat_order_item.parent_item_id", 2)
    planter.cycle("catalog_category_entity.parent_id")
    planter.cycle("sales_payment_transaction.parent_id")
    planter.move("sales_flat_order_payment.parent_id", "second child", 2)
    planter.move("sales_flat_order_item.order_id", "largest family", 90)
    planter.variants("customer_entity.lastname", "sales_flat_order_address.city")
    return planter
