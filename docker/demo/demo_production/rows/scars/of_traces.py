"""Scars of places, of the old ERP and of what people leave behind."""

import base64
import hashlib
from collections.abc import Iterable
from datetime import datetime

from demo_production.rows.php_serialize import serialize
from demo_production.rows.records.traces import (
    Attachment,
    AuditEntry,
    LoginAttempt,
    Session,
    Setting,
    Subscriber,
)
from demo_production.rows.records.trade import StatusChange
from demo_production.rows.shop import (
    GONE_CUSTOMERS,
    LINDQVIST,
    ORDER_WITHOUT_DELIVERY_DATE,
    STRASSER,
    Key,
    Shop,
)
from demo_production.rows.timeline import fraction
from demo_production.rows.traces import describe_person

from .of_spelling import NO_BREAK_SPACE, misread_as_latin1
from .scar import scar

# 2025-10-26 02:30 in Berlin came twice; these are the two moments in UTC.
REPEATED_HALF_HOUR = ("2025-10-26 00:30:00", "2025-10-26 01:30:00")


@scar("addresses.postcode, addresses.city")
def odd_places(shop: Shop) -> Iterable[Key]:
    """Postcodes without zero, with the country, with a no-break space; a city of 80 letters."""
    places = (
        ("1067", "Dresden"), ("D-10115", "Berlin"), (f"101{NO_BREAK_SPACE}15", "Berlin "), ("", ""),
        ("00000", "ü" * 80), ("10115", misread_as_latin1("München")), ("10115", "MÜNCHEN"),
    )  # fmt: skip
    drawn = shop.draw_unmarked("odd_places", "addresses", list(shop.addresses), len(places))
    for (postcode, city), one in zip(places, drawn, strict=False):
        shop.addresses[one].postcode, shop.addresses[one].city = postcode, city
        yield one


@scar("addresses.latitude, addresses.longitude")
def odd_coordinates(shop: Shop) -> Iterable[Key]:
    """Null Island, swapped and impossible coordinates, more digits than a FLOAT keeps."""
    spots = (
        (0.0, 0.0),
        (13.404954, 52.520008),
        (999.0, -999.0),
        (52.5200081, 13.4049541),
        (1e-38, 3e38),
    )
    drawn = shop.draw_unmarked("odd_coordinates", "addresses", list(shop.addresses), len(spots))
    for (latitude, longitude), one in zip(spots, drawn, strict=False):
        shop.addresses[one].latitude, shop.addresses[one].longitude = latitude, longitude
        yield one


@scar("legacy_customers")
def utf8_in_the_latin1_table(shop: Shop) -> Iterable[Key]:
    """UTF-8 bytes in latin1 columns, from the last import; one byte latin1 does not define."""
    drawn = shop.draw_unmarked(
        "utf8 in latin1", "legacy_customers", list(shop.legacy_customers), 10
    )
    for number, one in enumerate(drawn):
        row = shop.legacy_customers[one]
        row.Name1, row.PLZOrt = misread_as_latin1("Müßig, Jörg"), misread_as_latin1("50667 Köln")
        row.Bemerkung = "Preis 5 \u20ac, Zeichen \x81 unbekannt" if number == 0 else row.Bemerkung
        yield one


@scar("legacy_customers.Umsatz")
def odd_revenues(shop: Shop) -> Iterable[Key]:
    """Floats beyond six digits, below zero, tiny."""
    revenues = (1234567.89, -0.01, 16777217.0, 1e-20, 3.4e38)
    drawn = shop.draw_unmarked("odd_revenues", "legacy_customers", list(shop.legacy_customers), 5)
    for revenue, one in zip(revenues, drawn, strict=False):
        shop.legacy_customers[one].Umsatz = revenue
        yield one


@scar("attachments.owner_id")
def attachments_of_nobody(shop: Shop) -> Iterable[Key]:
    """Owners that were deleted, and a type no program knows any more."""
    drawn = shop.draw_unmarked("owners", "attachments", range(len(shop.attachments)), 12)
    for number, place in enumerate(drawn):
        attachment = shop.attachments[place]
        attachment.owner_type = "customer" if number else "wishlist"
        attachment.owner_id = GONE_CUSTOMERS[number % len(GONE_CUSTOMERS)]
        yield attachment.id


@scar("attachments.content")
def wild_blobs(shop: Shop) -> Iterable[Key]:
    """Invalid UTF-8, every byte there is, nothing, NULL with a checksum, a wrong checksum."""
    blobs = (
        b"M\xfcller \xc3\x28 \xff\xfe", bytes(range(256)), b"a\tb\nc\\d'e\"f\x00\x1a\\N", b"", None,
        b"altered later",
    )  # fmt: skip
    for number, content in enumerate(blobs):
        summed = b"before" if content in {None, b"altered later"} else content
        sha1 = hashlib.sha1(summed or b"", usedforsecurity=False).digest()
        one = len(shop.attachments) + 1
        shop.attachments.append(
            Attachment(
                one,
                "customer",
                STRASSER,
                f"Anhang {number}\u2026.bin",
                "application/x",
                content,
                sha1,
            )
        )
        yield one


@scar("newsletter_subscribers.email")
def subscribers_spelled_otherwise(shop: Shop) -> Iterable[Key]:
    """Equal to a customer's address for the collation only, or the address of no customer."""
    drawn = shop.draw_unmarked(
        "case", "newsletter_subscribers", range(len(shop.newsletter_subscribers)), 12
    )
    for place in drawn:
        subscriber = shop.newsletter_subscribers[place]
        subscriber.email = subscriber.email.title()
        yield subscriber.email
    for email in ("ohne-konto@kunden.example", "weiß@leser.example"):
        shop.newsletter_subscribers.append(Subscriber(email, "0" * 40, "0000-00-00 00:00:00", ""))
        yield email


@scar("audit_log.message")
def persons_in_free_text(shop: Shop) -> Iterable[Key]:
    """Name, mail, telephone, IBAN, address of the machine and birthday in one sentence."""
    rng = shop.chance("persons in free text")
    able = [one for one, customer in shop.customers.items() if customer.iban and customer.phone]
    for one in (STRASSER, LINDQVIST, *rng.sample(able, 6)):
        message = describe_person(shop.customers[one], "192.0.2.44", "DE38999000010123456789")
        number = len(shop.audit_log) + 1
        moment = f"2026-11-19 10:{number % 60:02d}:00{fraction(rng, 6)}"
        shop.audit_log.append(AuditEntry(number, moment, "admin", 4, "service.call", message))
        yield number


@scar("sessions.data")
def broken_sessions(shop: Shop) -> Iterable[Key]:
    """Cut off in the middle, empty, NULL, a bar in a value, an object of a class that is gone."""
    contents = (
        b'Zend_Auth|a:1:{s:7:"storage";a:2:{s:2:"id";i:9;s:5:"ema', b"", None,
        b'note|s:3:"a|b";x|i:1;', b'cart|O:9:"Shop_Cart":1:{s:12:"\x00Shop_Cart\x00n";i:1;}',
    )  # fmt: skip
    modified = int(datetime.fromisoformat("2026-11-22T21:00:00+00:00").timestamp())
    for number, content in enumerate(contents):
        session = Session(f"{number:032d}", modified if number else None, 2_592_000, content)
        shop.sessions.append(session)
        yield session.id


@scar("login_attempts")
def identical_attempts(shop: Shop) -> Iterable[Key]:
    """Rows that are equal in every column, in a table without any key."""
    for _ in range(5):
        shop.login_attempts.append(
            LoginAttempt("2026-11-21 07:15:00", "strasser@kunden.example", "192.0.2.9", 0)
        )
    yield "2026-11-21 07:15:00"


@scar("login_attempts.at, order_status_history.changed_at")
def repeated_hour(shop: Shop) -> Iterable[Key]:
    """Two moments one hour apart that were both half past two in Berlin."""
    for number, moment in enumerate(REPEATED_HALF_HOUR):
        shop.login_attempts.append(
            LoginAttempt(moment, "nachtschwärmer@kunden.example", "2001:db8::1", number)
        )
        old, new = (("packed", "shipped"), ("shipped", "shipped"))[number]
        shop.order_status_history.append(
            StatusChange(ORDER_WITHOUT_DELIVERY_DATE, moment, old, new)
        )
        yield moment


@scar("settings.value")
def serialized_settings(shop: Shop) -> Iterable[Key]:
    """Base64 of serialized data that was cut off, and plain serialized data with a wrong length."""
    written = serialize({"template": "Größe", "owner": "Jörg Sandmöller"})
    values = {
        "cms.block.cut": base64.b64encode(written.encode()).decode()[:-7],
        "cms.block.miscounted": written.replace('s:7:"Größe"', 's:5:"Größe"'),
    }
    shop.settings += [Setting(name, value) for name, value in values.items()]
    yield from values


@scar("admin_users.id")
def row_number_zero(shop: Shop) -> Iterable[Key]:
    """The system's own account has the id 0, which AUTO_INCREMENT would replace."""
    yield next(admin.id for admin in shop.admin_users if admin.id == 0)


@scar("mail_queue.recipient")
def mails_with_several_recipients(shop: Shop) -> Iterable[Key]:
    """A list, a name with brackets, a header smuggled in by a line end."""
    recipients = (
        "strasser@kunden.example, petra.lindqvist@post.example",
        "Petra <petra.lindqvist@post.example>",
        "x@kunden.example\r\nBcc: y@kunden.example",
    )  # fmt: skip
    drawn = shop.draw_unmarked(
        "recipients", "mail_queue", range(len(shop.mail_queue)), len(recipients)
    )
    for recipient, place in zip(recipients, drawn, strict=False):
        shop.mail_queue[place].recipient = recipient
        yield shop.mail_queue[place].id


ADDRESS_SCARS = (odd_places, odd_coordinates)
LEGACY_SCARS = (utf8_in_the_latin1_table, odd_revenues)
TRACE_SCARS = (
    attachments_of_nobody, wild_blobs, subscribers_spelled_otherwise, persons_in_free_text,
    broken_sessions, identical_attempts, repeated_hour, serialized_settings, row_number_zero,
    mails_with_several_recipients,
)  # fmt: skip
