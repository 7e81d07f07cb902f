"""Kinds of columns for made schemas: how they are declared, and values that are nobody's.

Values are plain: none is odd in any way, so that whatever is odd was planted.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

Value = int | float | str | bytes | None
Maker = Callable[[random.Random, int], Value]
RARELY = 0.03
START = datetime(2019, 3, 1, tzinfo=UTC)
_SYLLABLES = [a + b for a in "bdfgklmnprstvw" for b in "aeiou"]
_RNG = random.Random(7)  # noqa: S311 - reproducible, not secret
WORDS = sorted(
    {"".join(_RNG.choices(_SYLLABLES, k=_RNG.choice([2, 3, 3, 4]))) for _ in range(3000)} - {"none"}
)
NAMES = [word.title() for word in WORDS]


@dataclass(frozen=True)
class Kind:
    """How a column is declared, and what makes its values from a generator and the row's number."""

    declared: str
    make: Maker


def words(rng: random.Random, least: int, most: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(least, most)))


def moment(rng: random.Random) -> datetime:
    return START + timedelta(seconds=rng.randint(0, 6 * 365 * 86400))


def mail(rng: random.Random, number: int) -> str:
    return f"{rng.choice(WORDS)}.{rng.choice(WORDS)}{number}@{rng.choice(WORDS)}.example"


def iban(rng: random.Random, _: int) -> str:
    account = f"{rng.randint(10**17, 10**18 - 1)}"
    return f"DE{98 - int(account + '131400') % 97:02}{account}"


def card(rng: random.Random, _: int) -> str:
    digits = f"4{rng.randint(10**13, 10**14 - 1)}"
    doubled = [int(one) * (2 - place % 2) for place, one in enumerate(digits)]
    return f"{digits}{-sum(one - 9 * (one > 9) for one in doubled) % 10}"


def serialized(rng: random.Random, number: int) -> str:
    word = rng.choice(WORDS)
    return f'a:2:{{s:4:"note";s:{len(word)}:"{word}";s:3:"qty";i:{number};}}'


def document(rng: random.Random, number: int) -> str:
    return json.dumps({"note": rng.choice(WORDS), "qty": number, "list": [1, 2]})


def packed(rng: random.Random, _: int) -> bytes:
    return gzip.compress(words(rng, 9, 30).encode(), mtime=0)


def encoded(rng: random.Random, number: int) -> str:
    return base64.b64encode(f"Value {number:09} {words(rng, 2, 5)}".encode()).decode()


def digest(rng: random.Random, number: int) -> str:
    return hashlib.sha256(f"{number} {rng.random()}".encode()).hexdigest()[:40]


def number_between(least: int, most: int) -> Maker:
    return lambda rng, _: rng.randint(least, most)


def one_of(*values: Value) -> Maker:
    return lambda rng, _: rng.choice(values)


def text_of(length: int, make: Maker) -> Kind:
    return Kind(f"VARCHAR({length})", make)


KINDS: dict[str, Kind] = {
    "id": Kind("INT UNSIGNED AUTO_INCREMENT", lambda _, number: number),
    "sid": Kind("SMALLINT UNSIGNED AUTO_INCREMENT", lambda _, number: number),
    "ref": Kind("INT UNSIGNED", number_between(1, 900)),
    "sref": Kind("SMALLINT UNSIGNED", number_between(1, 90)),
    "int": Kind("INT", number_between(1, 40000)),
    "big": Kind("BIGINT", lambda rng, _: int(1000 * 2 ** (rng.random() * 20))),
    "small": Kind("SMALLINT", number_between(1, 20)),
    "flag": Kind("TINYINT", one_of(0, 1)),
    "year": Kind("SMALLINT", number_between(2015, 2024)),
    "money": Kind("DECIMAL(12,4)", lambda rng, _: round(rng.random() ** 3 * 900 + 1, 2)),
    "real": Kind("DOUBLE", lambda rng, _: round(rng.random() * 100 + 1, 3)),
    "name": text_of(120, lambda rng, _: rng.choice(NAMES)),
    "word": text_of(60, lambda rng, _: rng.choice(WORDS)),
    "label": text_of(200, lambda rng, _: words(rng, 2, 5)),
    "text": Kind("TEXT", lambda rng, _: words(rng, 6, 25)),
    "latin": Kind("VARCHAR(120) CHARACTER SET latin1", lambda rng, _: words(rng, 2, 4)),
    "mail": text_of(190, mail),
    "street": text_of(120, lambda rng, _: f"{rng.choice(NAMES)} {rng.randint(1, 99)}"),
    "postcode": text_of(20, lambda rng, _: f"{rng.randint(10000, 99999)}"),
    "phone": text_of(40, lambda rng, _: f"+49 30 {rng.randint(10**6, 10**7)}"),
    "ip": text_of(45, lambda rng, _: f"198.51.100.{rng.randint(1, 250)}"),
    "url": text_of(250, lambda rng, _: f"https://{rng.choice(WORDS)}.example/{rng.choice(WORDS)}"),
    "sku": text_of(64, lambda rng, number: f"{rng.choice(NAMES)[:5]}-{number:07}"),
    "number": text_of(50, lambda _, number: f"{100000000 + number}"),
    "code": text_of(40, lambda rng, number: f"{rng.choice(WORDS)}_{number}"),
    "hash": text_of(64, digest),
    "iban": text_of(34, iban),
    "card": text_of(24, card),
    "serialized": Kind("TEXT", serialized),
    "json": Kind("LONGTEXT", document),
    "base64": text_of(250, encoded),
    "gzip": Kind("BLOB", packed),
    "free": text_of(40, lambda rng, _: f"{rng.choice(WORDS)}"),
    "status": Kind(
        "ENUM('new','open','held','closed')", lambda rng, _: rng.choice(["new", "open", "closed"])
    ),
    "marks": Kind("SET('sale','top','old','hidden')", one_of("sale", "top", "sale,top")),
    "date": Kind("DATE", lambda rng, _: f"{moment(rng):%Y-%m-%d}"),
    "moment": Kind("DATETIME", lambda rng, _: f"{moment(rng):%Y-%m-%d %H:%M:%S}"),
    "deleted": Kind(
        "DATETIME",
        lambda rng, _: f"{moment(rng):%Y-%m-%d %H:%M:%S}" if rng.random() < RARELY else None,
    ),
    "stamp": Kind("TIMESTAMP", lambda rng, _: f"{moment(rng):%Y-%m-%d %H:%M:%S}"),
    "time": Kind("TIME", lambda rng, _: f"{rng.randint(1, 22):02}:{rng.randint(0, 59):02}:00"),
}
