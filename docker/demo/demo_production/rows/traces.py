"""What people leave behind without noticing: the audit log, attempts to log in, settings."""

import base64
import random
from datetime import datetime

from .chance import happens
from .identifiers import draw_digits, draw_hex, draw_iban, draw_ip
from .php_serialize import serialize
from .records.people import Customer
from .records.traces import AuditEntry, LoginAttempt, Setting
from .shop import Shop
from .timeline import fraction, moments

_PLAIN_SETTINGS = {
    "shop.name": "Sandmöller & Töchter",
    "shop.url": "https://shop.example/",
    "shop.currency": "EUR",
    "shop.vat_id": "DE999999999",
    "shop.free_shipping_from": "49.90",
    "shop.opening_hours": "Mo-Fr 9-18 Uhr, Größeres nach Vereinbarung",
    "shop.maintenance": "0",
    "mail.from": "service@shop.example",
    "mail.smtp.host": "smtp.shop.example",
    "mail.smtp.port": "587",
    "mail.smtp.user": "service@shop.example",
    "payment.endpoint": "https://payments.example/v2",
    "payment.timeout": "3",
    "report.recipients": "boss@shop.example, buchhaltung@shop.example",
    "erp.import.path": "/srv/erp/kunden.txt",
    "erp.import.enabled": "",
    "search.synonyms": "Fussmatte=Fußmatte;Giesskanne=Gießkanne",
    "seo.title": None,
    "tracking.pixel": "<!-- entfernt 2018, DSGVO -->",
    "newsletter.footer": "Sie möchten das nicht mehr? {unsubscribe}",
}


def add_settings(shop: Shop) -> None:
    """Fill settings, invented secrets among them."""
    rng = shop.chance("settings")
    values = dict(_PLAIN_SETTINGS)
    values["mail.smtp.password"] = f"Erfunden-{draw_hex(rng, 12)}!"
    values["payment.api_key"] = f"demo_live_{draw_hex(rng, 32)}"
    values["payment.webhook_secret"] = base64.b64encode(rng.randbytes(24)).decode()
    values["erp.dsn"] = f"mysql://erp:{draw_hex(rng, 10)}@192.0.2.77:3306/erp"
    values["cms.menu"] = base64.b64encode(
        serialize(
            {"title": "Menü", "editor": "Wilhelmine Ötting-Brahms", "items": [1, 2, 3]}
        ).encode()
    ).decode()
    values["cms.imprint"] = "<p>Sandmöller &amp; Töchter\n" + "Inhalt ähnlich wie vorher. " * 2200
    for number in range(1, 61 - len(values)):
        values[f"feature.{number:02d}"] = rng.choice(("0", "1", "1", "", None))
    shop.settings += [Setting(name, value) for name, value in values.items()]


def add_audit_log(shop: Shop) -> None:
    """Fill audit_log; about every third message names somebody."""
    rng = shop.chance("audit")
    customers = list(shop.customers.values())
    orders = list(shop.orders)
    for number, moment in enumerate(moments(rng, shop.size("audit_log"), growth=3.5), start=1):
        customer = rng.choice(customers)
        actor_type, actor = "customer", customer.id
        kind = rng.choice((_PERSONAL, _IMPERSONAL, _BY_STAFF))
        if kind is _BY_STAFF:
            actor_type, actor = rng.choice((("admin", rng.randrange(12)), ("system", 0)))
        action, message = rng.choice(kind)
        facts = _facts(rng, customer, rng.choice(orders))
        shop.audit_log.append(
            AuditEntry(
                number,
                f"{moment}{fraction(rng, 6)}",
                actor_type,
                actor or None,
                action,
                message.format_map(facts) if message else None,
            )
        )


def add_login_attempts(shop: Shop) -> None:
    """Fill login_attempts; some people type their password where the login goes."""
    rng = shop.chance("login attempts")
    customers = list(shop.customers.values())
    for moment in moments(rng, shop.size("login_attempts"), growth=4.0):
        customer = rng.choice(customers)
        login = customer.login or customer.email
        mistyped = (login.upper(), login.replace("@", ""), f"kennwort{draw_digits(rng, 3)}")
        if happens(rng, 0.15):
            login = rng.choice(mistyped)
        success = int(happens(rng, 0.7) and login not in mistyped)
        shop.login_attempts.append(LoginAttempt(str(moment), login, draw_ip(rng), success))


def describe_person(customer: Customer, ip: str, iban: str) -> str:
    """Write a remark with everything in it that should not be in a log."""
    return (
        f"Anruf von {customer.salutation} {customer.full_name}, {customer.email}, "
        f"Tel. {customer.phone}, neue Bankverbindung {customer.iban or iban}, zuletzt von {ip}; "
        f"geb. {customer.birth_date}. Kundennummer {customer.number}"
    )


def _facts(rng: random.Random, customer: Customer, order: int) -> dict[str, str]:
    return {
        "name": customer.full_name,
        "last": customer.last_name,
        "email": customer.email,
        "phone": customer.phone or "unbekannt",
        "iban": customer.iban or draw_iban(rng, customer.country_code),
        "number": customer.number,
        "order": str(order),
        "ip": draw_ip(rng),
        "year": str(datetime.fromisoformat(customer.updated_at).year),
    }


_PERSONAL = (
    ("login", "Login {email} from {ip}"),
    ("address.changed", "{name} ({number}) hat die Anschrift geändert"),
    ("iban.changed", "Neue IBAN {iban} für {name}, bestätigt per Anruf {phone}"),
    ("service.call", "Frau/Herr {last} wartet auf Bestellung {order}, Rückruf {phone}"),
    ("password.reset", "Link zum Zurücksetzen an {email} gesandt"),
)
_IMPERSONAL = (
    ("order.placed", "Bestellung {order}"),
    ("login", None),
    ("logout", ""),
    ("basket.saved", "ok"),
    ("order.cancelled", "Bestellung {order} storniert ({year})"),
)
_BY_STAFF = (
    ("cron", "purge finished in 0.3 s"),
    ("price.changed", "Sonderpreis"),
    ("order.status", "Bestellung {order}: packed -> shipped"),
    ("customer.edited", "Nachname korrigiert: {last}"),
    ("cron", None),
)
