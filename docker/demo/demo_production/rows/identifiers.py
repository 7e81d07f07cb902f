"""Numbers that look like the real thing and can belong to nobody.

Telephone numbers come from the ranges that regulators keep for films, IBANs carry bank codes that
were never given out (their checksum is right), machines have addresses kept for documentation.
"""

import random
import string

from .chance import happens

_BBAN = {
    "DE": "9990####" + "#" * 10,
    "AT": "9990#" + "#" * 11,
    "CH": "9990#" + "#" * 12,
    "FR": "9999099999" + "#" * 13,
    "PL": "99900000" + "#" * 16,
    "CZ": "9990" + "#" * 16,
    "TR": "999900" + "#" * 16,
    "GB": "ZZZZ9999" + "#" * 8 + "##",
    "GR": "9990000" + "#" * 16,
}
_PHONES = {
    "DE": ("+49 30 23125###", "030 / 23125-###", "0221 4710###", "+4940 66969###", "017139200##",
           "0176 04069###", "+49 (0)89 99998-###"),
    "AT": ("+43 1 000 0###", "01/0000###"),
    "CH": ("+41 44 000 0# ##", "044 000 0###"),
    "FR": ("+33 1 99 00 ## ##", "06 39 98 ## ##"),
    "PL": ("+48 22 000 0# ##", "500 000 ###"),
    "CZ": ("+420 200 000 ###",),
    "TR": ("+90 212 000 0# ##",),
    "GB": ("+44 20 7946 0###", "07700 900###"),
    "GR": ("+30 210 000 0###",),
    "JP": ("+81 3 0000 0###", "03-0000-0###"),
}  # fmt: skip
_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
USER_AGENTS = (
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/129.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 6.1; WOW64; rv:45.0) Gecko/20100101 Firefox/45.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {_WEBKIT} Version/17.5 Mobile/15E148",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Version/17.4 Safari/605.1.15",
    "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 5.1; Trident/4.0)",
    f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {_WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36",
    "Demo-Shop-App/3.2 (Android 13)",
)


def draw_iban(rng: random.Random, country: str) -> str:
    """Draw an IBAN with a right checksum, of a bank that does not exist."""
    pattern = _BBAN.get(country)
    if pattern is None:
        country, pattern = "DE", _BBAN["DE"]
    bban = _fill(rng, pattern)
    return f"{country}{98 - _iban_remainder(f'{country}00{bban}'):02d}{bban}"


def is_valid_iban(iban: str) -> bool:
    """Say whether an IBAN's checksum is right.

    >>> is_valid_iban("GB82WEST12345698765432")
    True
    """
    return iban.isalnum() and iban.isascii() and _iban_remainder(iban) == 1


def draw_phone(rng: random.Random, country: str) -> str:
    """Draw a telephone number in one of the spellings people use."""
    return _fill(rng, rng.choice(_PHONES.get(country, _PHONES["DE"])))


def draw_ip(rng: random.Random) -> str:
    """Draw an address from the ranges for documentation, one in eight of them IPv6."""
    if happens(rng, 0.125):
        return f"2001:db8:{int(rng.random() * 65536):x}::{1 + int(rng.random() * 65534):x}"
    net = ("192.0.2", "198.51.100", "203.0.113")[int(rng.random() * 3)]
    return f"{net}.{1 + int(rng.random() * 254)}"


def draw_hex(rng: random.Random, length: int) -> str:
    """Draw lower-case hexadecimal digits."""
    return f"{rng.getrandbits(4 * length):0{length}x}"


def draw_digits(rng: random.Random, length: int) -> str:
    """Draw decimal digits."""
    return f"{int(rng.random() * 10**length):0{length}d}"


def _fill(rng: random.Random, pattern: str) -> str:
    before, *rest = pattern.split("#")
    return before + "".join(f"{int(rng.random() * 10)}{text}" for text in rest)


def _iban_remainder(iban: str) -> int:
    letters = string.digits + string.ascii_uppercase
    turned = iban[4:] + iban[:4]
    return int("".join(str(letters.index(sign)) for sign in turned.upper())) % 97
