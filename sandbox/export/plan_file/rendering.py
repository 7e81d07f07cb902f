"""A plan as text for review: in order, one line for each thing, comments where they help.

Equal plans give equal texts, and what differs between two of them differs in its own lines.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from sandbox.export.plan_file.document import Asked, PlanDocument
from sandbox.export.plan_file.values import shown, types_of, words_of

_HEAD = """\
# The plan of a sandbox export. Review it, diff it with an earlier one, then run it:
#   sandbox export --plan THIS --source URL --out BUNDLE
# What stands under request may be edited; if a table's role would change by it, plan again:
#   sandbox plan --plan THIS --source URL --out NEW
# All else is what was found. An export refuses to run when it would come out differently.
# Conditions may hold values of production: keep this file as you keep those.
"""
_WORDS = {
    "source": "Keyed by the masking key: who reads this learns no address.",
    "relations": "Those that no key declares and that rows are chosen along.",
    "tables": "Rows are those of the day of the plan; another day draws as many again.",
    "odd": "Classes of odd rows in production, and how many of them were taken.",
    "named": "Rows that logs, requests or --include named.",
    "unknown": "What could not be seen.",
    "seals": "Keyed digests of the parts above: they show what was edited since.",
}
_INLINE = 4  # keys from the top on that a mapping is written in one line
# Of what YAML takes for text without quotes, what is so beyond doubt, in lists and mappings too.
_PLAIN = re.compile(r"\w(?:[\w./%+()<>=*$;@-]| (?=[\w(<>=*/+%-]))*", re.ASCII)
_RESOLVER = yaml.SafeLoader("")


def render(document: PlanDocument) -> str:
    """Give the text of a plan."""
    plain = document.model_dump(mode="json", exclude={"request"})
    plain["request"] = shown(document.request)
    lines = [f"{_HEAD}\n"]
    for name in PlanDocument.model_fields:
        if name in _WORDS:
            lines.append(f"\n# {_WORDS[name]}\n")
        elif isinstance(plain[name], (dict, list)):
            lines.append("\n")
        words = _words(Asked) if name == "request" else {}
        lines += [f"{line}\n" for line in _entry(name, plain[name], (name,), words)]
    return "".join(lines)


def _entry(
    name: str,
    value: Any,  # noqa: ANN401 - whatever YAML holds
    path: tuple[str, ...],
    words: Mapping[tuple[str, ...], str],
) -> Iterator[str]:
    """Write a key and its value, with what is said of it above."""
    indent = "  " * (len(path) - 1)
    if said := words.get(path):
        yield f"{indent}# {said}"
    if isinstance(value, dict) and value and len(path) < _INLINE:
        yield f"{indent}{scalar(name)}:"
        for inner, one in value.items():
            yield from _entry(inner, one, (*path, inner), words)
    elif isinstance(value, list) and value and (path[1:] == () or isinstance(value[0], dict)):
        yield f"{indent}{scalar(name)}:"
        yield from (f"{indent}- {_inline(one)}" for one in value)
    else:
        yield f"{indent}{scalar(name)}: {_inline(value)}"


def _inline(value: Any) -> str:  # noqa: ANN401 - whatever YAML holds
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(k)}: {_inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    return scalar(value)


def scalar(value: str | float | bool | None) -> str:  # noqa: FBT001 - a value
    """Write a single value so that it is read back as what it is.

    >>> scalar("orders"), scalar("no"), scalar("12"), scalar(12), scalar("a: b")
    ('orders', '"no"', '"12"', '12', '"a: b"')
    """
    if isinstance(value, str):
        if _PLAIN.fullmatch(value) and _is_text(value):
            return value
        return str(
            yaml.dump(
                value, Dumper=yaml.SafeDumper, default_style='"', width=math.inf, allow_unicode=True
            )
        ).rstrip("\n")
    return str(yaml.dump(value, Dumper=yaml.SafeDumper)).removesuffix("...\n").rstrip("\n")


def _is_text(value: str) -> bool:
    """Tell whether YAML takes it for a text, not for a number, a moment or a truth."""
    tag = _RESOLVER.resolve(yaml.ScalarNode, value, (True, False))  # type: ignore[no-untyped-call]
    return str(tag) == "tag:yaml.org,2002:str"


def _words(kind: type, path: tuple[str, ...] = ("request",)) -> dict[tuple[str, ...], str]:
    """Gather what docstrings say of the fields of what is asked, by their path in the file."""
    found: dict[tuple[str, ...], str] = {}
    said = words_of(kind)
    for name, inner in types_of(kind).items():
        below = (*path, name)
        if name in said:
            found[below] = said[name].replace("`", "").replace("``", "")
        if isinstance(inner, type) and dataclasses.is_dataclass(inner):
            found |= _words(inner, below)
    return found
