"""How large a sample may become: a number of rows, or of bytes of their text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from sandbox.errors import UsageError

_AMOUNT = re.compile(r"(\d[\d_,]*(?:\.\d+)?)\s*([a-z]+)", re.ASCII)
_SIZES = {
    "b": 1,
    **{f"{letter}b": 1000**power for power, letter in enumerate("kmgt", 1)},
    **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", 1)},
}
_SPELLED = {"kb": "kB"}
_ROWS = frozenset({"row", "rows"})
_LARGEST = 1 << 60
FORMS = "a number of rows, or of bytes: 20000rows, 500MB, 2GiB"


class Unit(StrEnum):
    """What a budget counts."""

    ROWS = "rows"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Budget:
    """How large a sample may become.

    Attributes:
        amount: How many rows or bytes. Bytes are those of the rows' text as a bundle holds it,
            masked and before it is compressed.
        unit: Which of them.
    """

    amount: int
    unit: Unit

    @property
    def written(self) -> str:
        """How it is written so that it is read back as it is.

        >>> Budget(500_000_000, Unit.BYTES).written, Budget(2 << 30, Unit.BYTES).written
        ('500MB', '2GiB')
        """
        if self.unit is Unit.ROWS:
            return f"{self.amount}rows"
        size, name = max((size, name) for name, size in _SIZES.items() if not self.amount % size)
        return f"{self.amount // size}{_SPELLED.get(name, name.upper().replace('I', 'i'))}"

    def __str__(self) -> str:
        return in_words(self.amount, self.unit)


def in_words(amount: float, unit: Unit) -> str:
    """Give an amount for people.

    >>> in_words(20000, Unit.ROWS), in_words(2_500_000, Unit.BYTES)
    ('20,000 rows', '2.5 MB')
    """
    if unit is Unit.ROWS:
        return f"{round(amount):,} row{'' if round(amount) == 1 else 's'}"
    for power, name in ((4, "TB"), (3, "GB"), (2, "MB"), (1, "kB")):
        if amount >= 1000**power:
            return f"{amount / 1000**power:.4g} {name}"
    return f"{round(amount)} bytes"


def parse_budget(text: str) -> Budget:
    """Read a budget.

    >>> parse_budget("500MB").amount, parse_budget("20,000 rows").unit.value
    (500000000, 'rows')

    Raises:
        UsageError: It is none, or nothing, or larger than any database.
    """
    found = _AMOUNT.fullmatch(text.strip().lower())
    if found is not None:
        number, unit = re.sub("[_,]", "", found[1]), found[2]
        if unit in _ROWS and number.isdigit() and 0 < int(number) <= _LARGEST:
            return Budget(int(number), Unit.ROWS)
        amount = int(Decimal(number) * _SIZES.get(unit, 0))
        if 1 <= amount <= _LARGEST:
            return Budget(amount, Unit.BYTES)
    raise UsageError(f"a budget is {FORMS}.", hint="For example: --budget 500MB")
