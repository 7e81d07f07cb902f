"""Scars of text: what migrations, keyboards and alphabets do to names.

Characters that cannot be seen or that editors would normalise are written as escapes.
"""

import unicodedata
from collections.abc import Iterable

from demo_production.rows.shop import Key, Shop

from .of_people import draw_customers
from .scar import scar

NO_BREAK_SPACE = "\u00a0"
ZERO_WIDTH_SPACE = "\u200b"
DOTLESS_I = "\u0131"


def misread_as_latin1(text: str) -> str:
    """Give what a text becomes when its UTF-8 is read as latin1, as MySQL means latin1.

    >>> misread_as_latin1("Müller")
    'MÃ¼ller'
    """
    return "".join(
        bytes([one]).decode("cp1252") if one not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(one)
        for one in text.encode()
    )


@scar("customers.last_name")
def mojibake(shop: Shop) -> Iterable[Key]:
    """UTF-8 read as latin1 once, on the day of the migration."""
    names = ("Müller", "Größler", "Jäger", "Łukasik", "Lefèvre")
    for number, customer in enumerate(draw_customers(shop, "mojibake", 20)):
        customer.last_name = misread_as_latin1(names[number % len(names)])
        yield customer.id


@scar("customers.last_name")
def double_mojibake(shop: Shop) -> Iterable[Key]:
    """The same again, as the migration was repeated."""
    for customer in draw_customers(shop, "double_mojibake", 8):
        customer.last_name = misread_as_latin1(misread_as_latin1("Müller"))
        yield customer.id


@scar("customers.first_name, customers.last_name")
def stray_blanks(shop: Shop) -> Iterable[Key]:
    """Leading, trailing and doubled blanks, a tab at the end."""
    for number, customer in enumerate(draw_customers(shop, "stray_blanks", 16)):
        match number % 4:
            case 0:
                customer.last_name = f" {customer.last_name}"
            case 1:
                customer.last_name += "  "
            case 2:
                customer.first_name = f"{customer.first_name}  {customer.first_name}"
            case _:
                customer.first_name += "\t"
        yield customer.id


@scar("customers.last_name")
def invisible_characters(shop: Shop) -> Iterable[Key]:
    """A no-break space or a zero-width space, pasted from a web page."""
    for number, customer in enumerate(draw_customers(shop, "invisible_characters", 10)):
        sign = NO_BREAK_SPACE if number % 2 else ZERO_WIDTH_SPACE
        customer.last_name = (
            f"von{sign}{customer.last_name}" if number % 2 else customer.last_name + sign
        )
        yield customer.id


@scar("customers.last_name")
def decomposed_umlauts(shop: Shop) -> Iterable[Key]:
    """Names typed on a Mac, u and diaeresis apart, each beside somebody with the composed name."""
    drawn = draw_customers(shop, "decomposed_umlauts", 10)
    for number, customer in enumerate(drawn):
        customer.first_name = "Jürgen" if number % 2 else unicodedata.normalize("NFD", "Jürgen")
        customer.last_name = "Köhler" if number % 2 else unicodedata.normalize("NFD", "Köhler")
        yield customer.id


@scar("customers.first_name")
def emoji_names(shop: Shop) -> Iterable[Key]:
    """Four-byte characters, with a skin tone, a joiner and a flag."""
    names = ("Lea 🌻", "👩🏽\u200d🌾 Hof", "🇩🇪 Udo", "❤️")
    for name, customer in zip(names, draw_customers(shop, "emoji_names", 4), strict=False):
        customer.first_name = name
        yield customer.id


@scar("customers.last_name")
def dotless_i(shop: Shop) -> Iterable[Key]:
    """Turkish letters that change when lower-cased anywhere but in Turkey."""
    names = (f"Y{DOTLESS_I}ld{DOTLESS_I}r{DOTLESS_I}m", "İnönü", f"I{DOTLESS_I}k")
    for name, customer in zip(names, draw_customers(shop, "dotless_i", 3), strict=False):
        customer.last_name = name
        yield customer.id


@scar("customers.last_name")
def right_to_left_names(shop: Shop) -> Iterable[Key]:
    """Arabic and Hebrew names, one with a direction mark."""
    names = ("\u0645\u062d\u0645\u062f", "\u05db\u05d4\u05df", "\u200f\u0639\u0644\u064a\u200f")
    for name, customer in zip(names, draw_customers(shop, "right_to_left_names", 3), strict=False):
        customer.last_name = name
        yield customer.id


@scar("customers.first_name, last_name, company")
def full_to_the_brim(shop: Shop) -> Iterable[Key]:
    """Strings of exactly the column's length, one, two and four bytes a character."""
    for letter, customer in zip("xä😀", draw_customers(shop, "full_to_the_brim", 3), strict=False):
        customer.first_name, customer.last_name = letter * 60, letter * 60
        customer.company = letter * 100
        yield customer.id


@scar("customers.last_name")
def hostile_names(shop: Shop) -> Iterable[Key]:
    """Quotes, backslashes, markup, percent signs, the words null and NULL."""
    names = (
        "O'Brien",
        'Meier "Max"',
        "\\N",
        "<b>Fett</b>",
        "100%",
        "NULL",
        "null",
        "x'; --",
        "Ü&amp;Ö",
    )
    for name, customer in zip(names, draw_customers(shop, "hostile_names", 9), strict=False):
        customer.last_name = name
        yield customer.id


@scar("customers.first_name, customers.last_name")
def nameless(shop: Shop) -> Iterable[Key]:
    """Empty names, and a single question mark where a letter was lost."""
    for number, customer in enumerate(draw_customers(shop, "nameless", 8)):
        customer.first_name, customer.last_name = ("", "") if number % 2 else ("J?rg", "M?ller")
        yield customer.id


SPELLING_SCARS = (
    mojibake, double_mojibake, stray_blanks, invisible_characters, decomposed_umlauts,
    emoji_names, dotless_i, right_to_left_names, full_to_the_brim, hostile_names, nameless,
)  # fmt: skip
