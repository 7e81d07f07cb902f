"""What people write and get: reviews, newsletters, mails and the files attached to things."""

import hashlib
import random
from datetime import datetime, timedelta

from .chance import Popularity, happens
from .identifiers import draw_hex
from .people import MAIL_DOMAINS
from .records.catalogue import Review
from .records.people import Customer
from .records.traces import Attachment, Mail, Subscriber
from .shop import STRASSER_WITH_SHARP_S, Shop
from .timeline import LAST_MOMENT, OPENED, between, later, moments

_TITLES = ("Top!", "Gut", "Geht so", "Nie wieder", "Sehr schön", "Très bien", "5 Sterne ⭐", "")
_PRAISE = ("Kam schnell an", "Gefällt meiner Frau sehr", "Farbe wie auf dem Bild", "Stabil & schön")
_BLAME = ("riecht komisch", "Lieferung dauerte", "Anleitung nur auf Englisch", "Kratzer am Fuß")
_HAPPY = (4, 5)
_SOURCES = ("checkout", "checkout", "footer", "Messe 2014", None)


def add_correspondence(shop: Shop) -> None:
    """Fill reviews, newsletter_subscribers, mail_queue and attachments."""
    _add_reviews(shop)
    _add_subscribers(shop)
    _add_mails(shop)
    _add_attachments(shop)


def _add_reviews(shop: Shop) -> None:
    rng = shop.chance("reviews")
    customers = list(shop.customers.values())
    products = Popularity(rng, list(shop.products), 0.8)
    size = shop.size("reviews")
    for number, moment in enumerate(moments(rng, size, growth=3.0), start=1):
        writer = rng.choice(customers)
        stars = rng.choice((1, 2, 3, 4, 4, 5, 5, 5))
        body = (
            f"{rng.choice(_PRAISE)}, {'nur' if stars in _HAPPY else 'aber'} {rng.choice(_BLAME)}."
        )
        if happens(rng, 0.15):
            body += f"\n{writer.first_name} aus der Nähe von Köln"
        shop.reviews.append(
            Review(
                number,
                products.draw(5 + len(shop.products) * number // size),
                writer.id if happens(rng, 0.9) else None,
                stars,
                rng.choice(_TITLES) if happens(rng, 0.8) else None,
                body if happens(rng, 0.85) else None,
                str(moment),
            )
        )


def _add_subscribers(shop: Shop) -> None:
    """Let customers subscribe; of two equal addresses only one, as the key forbids both."""
    rng = shop.chance("newsletter")
    able = [c for c in shop.customers.values() if c.email and c.id != STRASSER_WITH_SHARP_S]
    drawn = rng.sample(able, min(len(able), shop.size("customers_with_newsletter")))
    for customer in drawn:
        _subscribe(shop, rng, customer.email)
    for number in range(shop.size("subscribers_without_account")):
        _subscribe(shop, rng, f"leser{number:04d}@{rng.choice(MAIL_DOMAINS)}")


def _subscribe(shop: Shop, rng: random.Random, email: str) -> None:
    moment = str(between(rng, OPENED, LAST_MOMENT))
    shop.newsletter_subscribers.append(
        Subscriber(email, draw_hex(rng, 40), moment, rng.choice(_SOURCES))
    )


def _add_mails(shop: Shop) -> None:
    rng = shop.chance("mails")
    orders = list(shop.orders.values())
    for number in range(1, shop.size("mail_queue") + 1):
        order = orders[-1 - int(rng.random() ** 2 * min(len(orders), 900))]
        customer = shop.customers[order.customer_id]
        queued = later(rng, datetime.fromisoformat(order.ordered_at), 0.1)
        subject, body = _write_mail(rng, customer, order.id)
        sent = str(queued + timedelta(seconds=40)) if happens(rng, 0.9) else None
        shop.mail_queue.append(Mail(number, customer.email, subject, body, str(queued), sent))


def _write_mail(rng: random.Random, customer: Customer, order: int) -> tuple[str, str]:
    greeting = f"Guten Tag {customer.salutation} {customer.last_name},\r\n\r\n"
    if happens(rng, 0.2):
        link = f"https://shop.example/passwort?token={draw_hex(rng, 32)}"
        return "Ihr neues Passwort", f"{greeting}setzen Sie es hier: {link}\r\n"
    thanks = f"vielen Dank für Ihre Bestellung {order}.\r\nWir schreiben an {customer.email}.\r\n"
    return f"Ihre Bestellung {order}", greeting + thanks


def _add_attachments(shop: Shop) -> None:
    rng = shop.chance("attachments")
    owners = {
        "order": list(shop.orders),
        "customer": list(shop.customers),
        "product": list(shop.products),
    }
    for number in range(1, shop.size("attachments") + 1):
        owner_type = rng.choice(("order", "order", "customer", "product"))
        owner = rng.choice(owners[owner_type])
        filename, mime_type, content = _draw_file(rng, owner_type, owner)
        sha1 = hashlib.sha1(content, usedforsecurity=False).digest()
        shop.attachments.append(
            Attachment(number, owner_type, owner, filename, mime_type, content, sha1)
        )


def _draw_file(rng: random.Random, owner_type: str, owner: int) -> tuple[str, str, bytes]:
    noise = rng.randbytes(rng.randrange(40, 900))
    match rng.randrange(4):
        case 0:
            return (
                f"Rechnung_{owner}.pdf",
                "application/pdf",
                b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n" + noise,
            )
        case 1:
            return "Foto.png", "image/png", b"\x89PNG\r\n\x1a\n" + noise
        case 2:
            return f"{owner_type}.gif", "image/gif", b"GIF89a" + noise
        case _:
            text = f"Notiz zu {owner_type} {owner}\nübernommen aus dem alten System\n"
            return "notiz.txt", "text/plain", text.encode(rng.choice(("utf-8", "latin-1")))
