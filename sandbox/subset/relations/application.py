"""Read what an application's source says of relations, of every framework that we know."""

from __future__ import annotations

from pathlib import Path

from sandbox.model import Schema
from sandbox.subset.relations.classes import Classes
from sandbox.subset.relations.doctrine import read_associations
from sandbox.subset.relations.php import read_source
from sandbox.subset.relations.stated import Stated
from sandbox.subset.relations.zend import read_references


def read_application(schema: Schema, folder: Path) -> Stated:
    """Read an application's source. Nothing of it is run.

    Args:
        schema: The source's schema: what names nothing of it is counted only.
        folder: Where the code is.
    """
    source = read_source(folder)
    classes = Classes(source)
    zend, dependents, unmet = read_references(schema, classes)
    doctrine, without = read_associations(schema, classes)
    notes = [f"{source.read:,} PHP files read"]
    if source.skipped:
        notes.append(f"{source.skipped:,} PHP files skipped: no valid PHP, too large or unreadable")
    if unmet + without:
        notes.append(f"{unmet + without:,} relations of the source name what the database has not")
    return Stated((*zend, *doctrine), frozenset(dependents), tuple(notes))
