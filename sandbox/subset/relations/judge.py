"""Judge relations by what speaks for them and what the data says. Pure.

A plain name, or the word of the application's source, needs the data only not to contradict it. A
name that nearly says it needs data that holds all of it, of several values. A vague name needs data
that says more than chance: numbers below a million are keys of almost any table whose keys have no
gaps, so those prove nothing.
"""

from __future__ import annotations

import dataclasses

from sandbox.model import ForeignKey, Origin, Schema
from sandbox.subset.comparison import is_converted
from sandbox.subset.relations.found import (
    NOT_COMPARED,
    Confidence,
    Measured,
    Proposal,
    Relation,
)

_STATED = frozenset({Origin.ZEND, Origin.DOCTRINE})
# Parts of the different values. Parents that were deleted have one each, however few rows refer
# to them: a true relation lacks more of its values than of its rows.
_NEARLY_ALL, _ALL_BUT_FEW, _MOST = 0.98, 0.8, 0.5
_ENOUGH = 10  # different values
_ENOUGH_TEXTS = 3  # that keys of text have: such do not meet by chance

CONFIRMED = "confirmed in the settings"
_SURE = "high confidence"
_UNSURE = "not confirmed"


def judge(schema: Schema, proposal: Proposal, measured: Measured) -> Relation:
    """Judge a proposal."""
    key = proposal.key
    child, parent = schema.tables[key.table], schema.tables[key.parent]
    of_text = not parent.column(key.parent_columns[0]).is_integer
    confidence = _confidence(proposal, measured, of_text=of_text)
    confirmed = key.origin is Origin.SETTINGS
    used = confirmed or confidence is Confidence.HIGH
    why = CONFIRMED if confirmed else _SURE if used else _UNSURE
    if measured.problem == NOT_COMPARED or (measured.problem and not used):
        used, why = False, measured.problem
    # Without a look at its rows, some may well refer to nobody.
    optional = measured.nobody or bool(measured.problem)
    if len(key.columns) > 1:  # of several columns any may be NULL in a row that no index shows
        optional |= any(child.column(own).nullable for own in key.columns)
    return Relation(
        key=dataclasses.replace(key, optional=optional, indexed=finds_children(schema, key)),
        confidence=confidence,
        evidence=_evidence(proposal, measured),
        used=used,
        why=why,
    )


def finds_children(schema: Schema, key: ForeignKey) -> bool:
    """Tell whether an index of the child finds the rows that refer to one parent."""
    child, parent = schema.tables[key.table], schema.tables[key.parent]
    pairs = zip(key.columns, key.parent_columns, strict=True)
    if any(is_converted(child.column(own), parent.column(other)) for own, other in pairs):
        return False
    led = key.columns if key.only is None else (*key.columns, key.only[0])
    return bool(child.index_on(key.columns) or child.index_on(led))


def _confidence(proposal: Proposal, measured: Measured, *, of_text: bool) -> Confidence:
    origin = proposal.key.origin
    if origin is Origin.SETTINGS:
        return Confidence.HIGH
    if not measured.values:
        if origin in _STATED:
            return Confidence.HIGH
        return Confidence.MEDIUM if proposal.strong else Confidence.LOW
    if not proposal.strong:
        least = _ENOUGH_TEXTS if proposal.nearly and of_text else _ENOUGH
        return _of_vague(measured, least, proves=proposal.nearly or not measured.dense)
    enough = _MOST if origin in _STATED else _ALL_BUT_FEW
    if measured.share >= enough:
        return Confidence.HIGH
    return Confidence.MEDIUM if measured.share >= _MOST else Confidence.LOW


def _of_vague(measured: Measured, least: int, *, proves: bool) -> Confidence:
    if proves and measured.values >= least and measured.share >= _NEARLY_ALL:
        return Confidence.HIGH
    return Confidence.MEDIUM if measured.share >= _ALL_BUT_FEW else Confidence.LOW


def _evidence(proposal: Proposal, measured: Measured) -> str:
    if measured.problem:
        return f"{proposal.said}; {measured.problem}"
    if not measured.values:
        return f"{proposal.said}; no values to look up"
    values = measured.values
    of = f"{measured.found:,} of {values:,}" if values > 1 else f"{measured.found} of one"
    said = f"{proposal.said}; {of} sampled value{'s' if values > 1 else ''} found there"
    vague = not proposal.strong and not proposal.nearly
    if vague and measured.dense and measured.share >= _MOST:
        said += ", which proves little: its keys have hardly a gap"
    return said
