"""Decide how every column is treated, before a single row is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from sandbox.capture.archive import ServerCapture
from sandbox.errors import MaskingRefused
from sandbox.export.request import ExportRequest
from sandbox.export.source import read_text
from sandbox.masking.assignment import Treatments, assign_treatments
from sandbox.masking.masker import Masker
from sandbox.masking.packs import with_packs
from sandbox.masking.rules import Source, parse_rules
from sandbox.model import Schema

OWN_RULES = Path("masking_rules")
"""Where the rules of a project lie unless something else is said."""
_NO_RULES_OF_ITS_OWN = Source("(no rules of its own)", "extends: [common, zend]\n")


@dataclass(frozen=True, slots=True)
class Decisions:
    """How an export masks.

    Attributes:
        treatments: What happens to each column.
        masker: Does it.
        rules_digest: Digest of all rules that were read.
        no_own_rules: Where rules of the project's own were looked for in vain; empty if there are.
    """

    treatments: Treatments
    masker: Masker = field(repr=False)
    rules_digest: str
    no_own_rules: str = ""


def decide_masking(
    request: ExportRequest, schema: Schema, captures: Mapping[str, ServerCapture]
) -> Decisions:
    """Decide how every column is treated.

    Raises:
        SettingsError: A rule file cannot be used; all findings together, each with its line.
        MaskingRefused: A column has no rule, or a rule cannot apply; all of them together.
    """
    own = [Source(str(file), read_text(file)) for file in request.rules] or [_NO_RULES_OF_ITS_OWN]
    sources = with_packs(own)
    rules = parse_rules(sources)
    missing = "" if request.rules else _tell_of_no_rules()
    try:
        treatments = assign_treatments(schema, rules, unclassified=request.unclassified)
    except MaskingRefused as refused:
        hint = f"{missing} {refused.hint}".strip()
        raise MaskingRefused(refused.message, hint=hint, findings=refused.findings) from None
    vocabulary = frozenset(_words(captures.values()))
    masker = Masker(schema, treatments, request.key, vocabulary)
    digest = sha256()
    for source in sources:
        digest.update(f"{len(source.text)}:{source.text}".encode("utf-8", "surrogateescape"))
    return Decisions(treatments, masker, digest.hexdigest(), missing)


def _tell_of_no_rules() -> str:
    return (
        f"No rules of your own were found: there is no {OWN_RULES.absolute()}/*.yaml, and neither "
        "--rules nor sandbox.toml names any; only the packs common and zend count."
    )


def _words(captures: Iterable[ServerCapture]) -> Iterable[str]:
    """Give the words of the application's own source: those say nothing about a person."""
    for capture in captures:
        yield from capture.vocabulary
