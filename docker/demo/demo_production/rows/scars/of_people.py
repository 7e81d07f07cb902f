"""Scars of customers that are not about spelling: dates, mail, banks, telephones, relations."""

import hashlib
from collections.abc import Iterable

from demo_production.rows.php_serialize import counted_in_characters, serialize, serialize_object
from demo_production.rows.records.people import Customer
from demo_production.rows.shop import PLANTED_CUSTOMERS, WITH_OTHER_BROKEN_BASKETS, Key, Shop

from .scar import scar

_UNTOUCHED = PLANTED_CUSTOMERS | {*WITH_OTHER_BROKEN_BASKETS}


def draw_customers(shop: Shop, purpose: str, count: int) -> list[Customer]:
    """Draw customers that carry no scar and that no request relies on."""
    able = [one for one in shop.customers if one not in _UNTOUCHED]
    return [shop.customers[one] for one in shop.draw_unmarked(purpose, "customers", able, count)]


def _change_email(customer: Customer, email: str) -> None:
    if customer.login == customer.email:
        customer.login = email
    customer.email = email


@scar("customers.birth_date")
def zero_birth_dates(shop: Shop) -> Iterable[Key]:
    """No birthday, written as 0000-00-00 instead of NULL."""
    for customer in draw_customers(shop, "zero_birth_dates", 20):
        customer.birth_date = "0000-00-00"
        yield customer.id


@scar("customers.birth_date")
def birth_years_only(shop: Shop) -> Iterable[Key]:
    """Only the year, or year and month, were known: 1990-00-00, 1971-05-00."""
    for number, customer in enumerate(draw_customers(shop, "birth_years_only", 12)):
        customer.birth_date = f"{1950 + 4 * number}-{'05' if number % 3 == 0 else '00'}-00"
        yield customer.id


@scar("customers.birth_date")
def impossible_birth_dates(shop: Shop) -> Iterable[Key]:
    """Days that never were, like 1987-02-30, from an import that ran with ALLOW_INVALID_DATES."""
    dates = ("1987-02-30", "1979-06-31", "1900-02-29", "1966-11-31", "2001-02-29")
    for day, customer in zip(dates, draw_customers(shop, "impossible_dates", 5), strict=False):
        customer.birth_date = day
        yield customer.id


@scar("customers.created_at")
def never_created(shop: Shop) -> Iterable[Key]:
    """The column's default, 0000-00-00 00:00:00, of accounts a script made."""
    for customer in draw_customers(shop, "never_created", 15):
        customer.created_at = "0000-00-00 00:00:00"
        yield customer.id


@scar("customers.email")
def mail_with_trailing_space(shop: Shop) -> Iterable[Key]:
    """A blank was pasted behind the address."""
    for customer in draw_customers(shop, "mail_with_trailing_space", 8):
        _change_email(customer, f"{customer.email} ")
        yield customer.id


@scar("customers.email")
def mail_in_upper_case(shop: Shop) -> Iterable[Key]:
    """The caps lock was on."""
    for customer in draw_customers(shop, "mail_in_upper_case", 12):
        _change_email(customer, customer.email.upper())
        yield customer.id


@scar("customers.email")
def malformed_mail(shop: Shop) -> Iterable[Key]:
    """No address at all, though unique: two at-signs, none, a comma, a dot at the end."""
    for number, customer in enumerate(draw_customers(shop, "malformed_mail", 8)):
        local = customer.email.partition("@")[0]
        written = (f"{local}@@kunden.example", f"{local}.kunden.example", f"{local}@kunden,example",
                   f"{local}@kunden.example.")  # fmt: skip
        _change_email(customer, written[number % len(written)])
        yield customer.id


@scar("customers.email")
def empty_mail(shop: Shop) -> Iterable[Key]:
    """One account with the empty string for an address; the unique key allows just one."""
    for customer in draw_customers(shop, "empty_mail", 1):
        customer.email, customer.login = "", None
        yield customer.id


@scar("customers.iban")
def iban_with_wrong_checksum(shop: Shop) -> Iterable[Key]:
    """Two digits were swapped on paper."""
    for customer in draw_customers(shop, "iban_with_wrong_checksum", 10):
        customer.iban = "DE00999000010123456789"
        yield customer.id


@scar("customers.iban")
def iban_with_blanks(shop: Shop) -> Iterable[Key]:
    """In groups of four, as printed; one in lower case."""
    for number, customer in enumerate(draw_customers(shop, "iban_with_blanks", 10)):
        iban = "DE38 9990 0001 0123 4567 89"
        customer.iban = iban.lower() if number == 0 else iban
        yield customer.id


@scar("customers.phone")
def phone_with_letters(shop: Shop) -> Iterable[Key]:
    """The field was free text for years."""
    remarks = (
        "030 23125 700 (nur abends)",
        "keins",
        "siehe Firma",
        "0171/3920011 Hr. Kühn",
        "-",
        "0",
    )
    for remark, customer in zip(
        remarks, draw_customers(shop, "phone_with_letters", 6), strict=False
    ):
        customer.phone = remark
        yield customer.id


@scar("customers.preferences")
def preferences_with_wrong_length(shop: Shop) -> Iterable[Key]:
    """A serialized umlaut counted as one byte since the move from latin1 to UTF-8."""
    for customer in draw_customers(shop, "preferences_with_wrong_length", 10):
        written = serialize({"theme": "groß", "per_page": 24})
        customer.preferences = counted_in_characters(written, "groß")
        yield customer.id


@scar("customers.preferences")
def truncated_preferences(shop: Shop) -> Iterable[Key]:
    """The column was VARCHAR(64) once and cut what was longer."""
    for customer in draw_customers(shop, "truncated_preferences", 8):
        customer.preferences = serialize(
            {"language": "de", "last_category": "Küche", "notes": 'a"b'}
        )[:64]
        yield customer.id


@scar("customers.preferences")
def preferences_with_object(shop: Shop) -> Iterable[Key]:
    """A stdClass from a JSON import, serialized as an object."""
    for customer in draw_customers(shop, "preferences_with_object", 8):
        customer.preferences = serialize_object(
            "stdClass", {"theme": "dark", "name": customer.last_name}
        )
        yield customer.id


@scar("customers.preferences")
def empty_preferences(shop: Shop) -> Iterable[Key]:
    """Empty string, serialized false, serialized null: three spellings of nothing beside NULL."""
    spellings = ("", "b:0;", serialize(None), serialize([]))
    for number, customer in enumerate(draw_customers(shop, "empty_preferences", 8)):
        customer.preferences = spellings[number % len(spellings)]
        yield customer.id


@scar("customers.referred_by")
def referral_cycles(shop: Shop) -> Iterable[Key]:
    """Two who recommended each other, three in a ring, and one who recommended himself."""
    one, other, first, second, third, narcissus = draw_customers(shop, "referral_cycles", 6)
    one.referred_by, other.referred_by = other.id, one.id
    first.referred_by, second.referred_by, third.referred_by = second.id, third.id, first.id
    narcissus.referred_by = narcissus.id
    for customer in (one, other, first, second, third, narcissus):
        yield customer.id


@scar("customers.legacy_no")
def legacy_number_of_nobody(shop: Shop) -> Iterable[Key]:
    """A number the old ERP's file does not have; one is 0."""
    for number, customer in enumerate(draw_customers(shop, "legacy_number_of_nobody", 10)):
        customer.legacy_no = 9_000_000 + number if number else 0
        yield customer.id


@scar("customers.company")
def empty_instead_of_null(shop: Shop) -> Iterable[Key]:
    """Empty strings where others have NULL: company, VAT number, telephone, IBAN."""
    for customer in draw_customers(shop, "empty_instead_of_null", 15):
        customer.company = customer.vat_id = customer.phone = customer.iban = ""
        yield customer.id


@scar("customers.password_hash")
def unusable_passwords(shop: Shop) -> Iterable[Key]:
    """Plain MD5 of a forgotten import, a truncated bcrypt, a star."""
    hashes = (hashlib.md5(b"kunde1", usedforsecurity=False).hexdigest(), "$2y$10$abcdefghijkl", "*")
    for number, customer in enumerate(draw_customers(shop, "unusable_passwords", 6)):
        customer.password_hash = hashes[number % len(hashes)]
        yield customer.id


PEOPLE_SCARS = (
    zero_birth_dates, birth_years_only, impossible_birth_dates, never_created,
    mail_with_trailing_space, mail_in_upper_case, malformed_mail, empty_mail,
    iban_with_wrong_checksum, iban_with_blanks, phone_with_letters,
    preferences_with_wrong_length, truncated_preferences, preferences_with_object,
    empty_preferences, referral_cycles, legacy_number_of_nobody, empty_instead_of_null,
    unusable_passwords,
)  # fmt: skip
