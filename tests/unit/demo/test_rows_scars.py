"""Every scar is there, where it says it is, and as bad as it says."""

import json
from collections import Counter

import phpserialize
import pytest

from demo_production.rows import ALL_SCARS, Shop
from demo_production.rows.identifiers import is_valid_iban
from demo_production.rows.records.people import Customer
from demo_production.rows.scars.of_spelling import misread_as_latin1
from demo_production.rows.shop import GONE_CUSTOMERS
from demo_production.rows.trade import total_of


def _customers(shop: Shop, scar: str) -> list[Customer]:
    return [shop.customers[int(str(key))] for key in shop.scars[scar]]


def test_every_listed_scar_was_inflicted_and_tells_its_story(shop: Shop) -> None:
    assert set(shop.scars) == {scar.name for scar in ALL_SCARS}
    assert [name for name, keys in shop.scars.items() if not keys] == []
    assert all(scar.story.endswith(".") and scar.place for scar in ALL_SCARS)


def test_no_customer_carries_two_scars(shop: Shop) -> None:
    met = Counter(
        key
        for scar in ALL_SCARS
        if scar.place.startswith("customers.")
        for key in shop.scars[scar.name]
    )
    assert max(met.values()) == 1


def test_birth_dates_are_zero_partial_or_impossible(shop: Shop) -> None:
    assert {c.birth_date for c in _customers(shop, "zero_birth_dates")} == {"0000-00-00"}
    assert all(str(c.birth_date).endswith("-00") for c in _customers(shop, "birth_years_only"))
    assert "1987-02-30" in {c.birth_date for c in _customers(shop, "impossible_birth_dates")}


def test_mojibake_can_be_read_back() -> None:
    assert misread_as_latin1("Größler").encode("cp1252").decode() == "Größler"
    assert misread_as_latin1(misread_as_latin1("ü")) == "ÃƒÂ¼"


def test_full_columns_have_exactly_the_columns_length(shop: Shop) -> None:
    full = _customers(shop, "full_to_the_brim")
    assert {(len(c.first_name), len(c.last_name), len(c.company or "")) for c in full} == {
        (60, 60, 100)
    }
    assert {len(c.first_name.encode()) for c in full} == {60, 120, 240}


@pytest.mark.parametrize("scar", ["iban_with_wrong_checksum", "iban_with_blanks"])
def test_scarred_bank_numbers_are_not_well_formed(shop: Shop, scar: str) -> None:
    assert not any(is_valid_iban(customer.iban or "") for customer in _customers(shop, scar))


@pytest.mark.parametrize("scar", ["preferences_with_wrong_length", "truncated_preferences"])
def test_broken_preferences_cannot_be_unserialized(shop: Shop, scar: str) -> None:
    for customer in _customers(shop, scar):
        with pytest.raises(ValueError, match=r"."):
            phpserialize.loads((customer.preferences or "").encode())


def test_object_in_preferences_is_well_formed(shop: Shop) -> None:
    for customer in _customers(shop, "preferences_with_object"):
        written = (customer.preferences or "").encode()
        found = phpserialize.loads(written, object_hook=lambda name, _: name, decode_strings=True)
        assert found == "stdClass"


def test_referrals_go_round_in_circles(shop: Shop) -> None:
    for customer in _customers(shop, "referral_cycles"):
        seen, here = [customer.id], customer.referred_by
        while here != customer.id:
            assert here is not None
            assert here not in seen
            seen.append(here)
            here = shop.customers[here].referred_by
        assert len(seen) <= 3


def test_details_stay_valid_json(shop: Shop) -> None:
    for product in shop.products.values():
        if product.details is not None:
            json.loads(product.details)


def test_chain_of_successors_is_six_long_and_ends(shop: Shop) -> None:
    chain = [int(str(key)) for key in shop.scars["long_chain_of_successors"]]
    assert [shop.products[one].replaced_by for one in chain] == [*chain[1:], None]


def test_flags_take_all_sixteen_values(shop: Shop) -> None:
    assert {product.flags for product in shop.products.values()} == set(range(16))


def test_totals_equal_their_items_but_for_the_scarred(shop: Shop) -> None:
    wrong = {o.id for o in shop.orders.values() if o.total != total_of(shop.items_of_order[o.id])}
    assert wrong == set(shop.scars["totals_that_do_not_add_up"])


def test_lengths_of_orders_reach_from_none_to_120(shop: Shop) -> None:
    lengths = Counter(len(items) for items in shop.items_of_order.values())
    assert (lengths[0], lengths[120]) == (5, 1)


def test_undeclared_relations_have_orphans(shop: Shop) -> None:
    assert not shop.customers.keys() & set(GONE_CUSTOMERS)
    assert {basket.customer_id for basket in shop.baskets} >= set(GONE_CUSTOMERS)
    assert {m.product_id for m in shop.stock_movements} - shop.products.keys()
    assert {p.changed_by for p in shop.product_prices} - {a.id for a in shop.admin_users} - {None}
    for customer in _customers(shop, "legacy_number_of_nobody"):
        assert customer.legacy_no not in shop.legacy_customers


def test_blobs_are_not_utf8(shop: Shop) -> None:
    contents = [one.content for one in shop.attachments if one.id in shop.scars["wild_blobs"]]
    with pytest.raises(UnicodeDecodeError):
        (contents[0] or b"").decode()
    assert bytes(range(256)) in contents
    assert None in contents


def test_log_names_known_people_in_free_text(shop: Shop) -> None:
    keys = shop.scars["persons_in_free_text"]
    messages = " ".join(entry.message or "" for entry in shop.audit_log if entry.id in keys)
    for word in ("Georg Strasser", "strasser@kunden.example", "Petra Lindqvist", "192.0.2.44"):
        assert word in messages


def test_log_in_attempts_hold_identical_rows_and_the_repeated_hour(shop: Shop) -> None:
    rows = Counter((row.at, row.login, row.ip, row.success) for row in shop.login_attempts)
    assert max(rows.values()) == 5
    assert {"2025-10-26 00:30:00", "2025-10-26 01:30:00"} <= {row[0] for row in rows}


def test_row_number_zero_exists_and_the_boss_manages_herself(shop: Shop) -> None:
    managers = {admin.id: admin.manager_id for admin in shop.admin_users}
    assert 0 in managers
    assert managers[1] == 1
