"""What plan and manifest call unknown of a source."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from sandbox.export.source import SourceFacts
from sandbox.subset.relations.found import Relations
from schemas import schema, table


def test_pairs_that_were_not_looked_at_are_unknown() -> None:
    preflight: Any = SimpleNamespace(sees_history=True, is_replica=True)
    settings: Any = None
    relations = Relations(unseen=("notes.owner_type, owner_id",))
    facts = SourceFacts(preflight, schema(table("notes")), settings, relations)
    assert facts.unknown == ("relations: the pair notes.owner_type, owner_id was not looked at",)
    assert SourceFacts(preflight, facts.schema, settings).unknown == ()
