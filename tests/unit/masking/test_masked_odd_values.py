"""What is odd about a text is odd about what stands for it, by the classes that a sample covers."""

from __future__ import annotations

import pytest

from sandbox.masking.assignment import Treatment, Treatments
from sandbox.masking.masker import Masker
from sandbox.model import Batch, Column, Family, Schema, Table
from sandbox.subset.odd.classes import ColumnClasses, OddClass, odd_classes

COLUMN = Column("c", "varchar", "varchar(200)", charset="utf8mb4", collation="utf8mb4_bin")
TABLE = Table("t", "InnoDB", (COLUMN,))
SHOP = Schema("shop", Family.MARIADB, "10.11", "utf8mb4", "utf8mb4_bin", {"t": TABLE})
KEPT = [
    (one, value)
    for one in odd_classes()
    if "text" in one.kinds and one.outlives_masking and not one.check
    for value in one.examples
]


@pytest.mark.parametrize("name", ["shape", "name", "words", "email", "free_text"])
@pytest.mark.parametrize(
    ("one", "value"), KEPT, ids=[f"{one.name}-{n}" for n, (one, _) in enumerate(KEPT)]
)
def test_masked_text_is_of_the_class_that_it_was_of(name: str, one: OddClass, value: str) -> None:
    treatments = Treatments({("t", "c"): Treatment(name, "", "a rule")})
    masker = Masker(SHOP, treatments, b"a key of tests, and of nothing else")
    masked = masker.mask_batch(Batch("t", ("c",), ([value.encode()],))).cells[0][0]
    assert masked is not None
    assert one.name in ColumnClasses(COLUMN).classes_of(masked)
