"""What changed beside schema and rows: settings, servers' files, how the bundles were made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from sandbox.bundle.manifest import Manifest
from sandbox.bundle.reader import Bundle
from sandbox.capture.database import DATABASE
from sandbox.diff.found import Change, Fate
from sandbox.errors import BundleInvalid

MADE = "made"
"""What a fact of the making is: with which tool, from what server, under which key."""

_CAPTURED = ("config/", "logs/", "requests/")


def setting_changes(old: Bundle, new: Bundle) -> Iterator[Change]:
    """Compare the settings of the database servers, name by name.

    Raises:
        BundleInvalid: A bundle's settings are not what the manifest says, or no settings.
    """
    before, now = _settings(old), _settings(new)
    if before is None or now is None:
        return
    for name in sorted({*before, *now}):
        was, is_now = before.get(name), now.get(name)
        if was != is_now:
            fate = Fate.CAME if was is None else Fate.WENT if is_now is None else Fate.CHANGED
            yield Change(fate, "setting", name, "", was or "", is_now or "")


def file_changes(old: Manifest, new: Manifest) -> Iterator[Change]:
    """Compare what was captured of servers: configuration, logs, requests; by name and digest."""
    before, now = _files(old), _files(new)
    for path in sorted({*before, *now}):
        if path not in before or path not in now:
            yield Change(Fate.CAME if path in now else Fate.WENT, "file", path)
        elif before[path] != now[path]:
            yield Change(Fate.CHANGED, "file", path)


def making_changes(old: Manifest, new: Manifest) -> Iterator[Change]:
    """Compare how the bundles were made: what was asked for, by which rules, from what server."""
    facts = (
        ("tool", old.tool_version, new.tool_version),
        ("server", _server(old), _server(new)),
        ("database", old.source.database, new.source.database),
        ("character set of the database", old.source.charset, new.source.charset),
        ("collation of the database", old.source.collation, new.source.collation),
        ("masking key", old.key_id, new.key_id),
        ("masking rules", old.rules_digest[:16], new.rules_digest[:16]),
    )
    for name, was, is_now in facts:
        if was != is_now:
            yield Change(Fate.CHANGED, MADE, name, "", was or "unknown", is_now or "unknown")
    before, now = _flat(old.plan), _flat(new.plan)
    for name in sorted({*before, *now}):
        was, is_now = before.get(name, ""), now.get(name, "")
        # Of a table that came or went the schema tells.
        if was != is_now and not (name.startswith("roles ") and "" in {was, is_now}):
            yield Change(Fate.CHANGED, "plan", name, "", was, is_now)
    yield from _of_lists("server captured", old.servers, new.servers)
    yield from _of_lists("unknown", old.unknown, new.unknown)


def _of_lists(what: str, old: list[str], new: list[str]) -> Iterator[Change]:
    yield from (Change(Fate.CAME, what, one) for one in new if one not in old)
    yield from (Change(Fate.WENT, what, one) for one in old if one not in new)


def _server(manifest: Manifest) -> str:
    return f"{manifest.source.family.value} {manifest.source.version}"


def _flat(plan: Mapping[str, JsonValue]) -> Mapping[str, str]:
    """Give what was asked for as texts, what is told by table one by one."""
    flat: dict[str, str] = {}
    for name, value in plan.items():
        if isinstance(value, dict):
            flat |= {f"{name} {inner}": _text(one) for inner, one in value.items()}
        else:
            flat[name] = _text(value)
    return flat


def _text(value: JsonValue) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value)) or "none"
    return value if isinstance(value, str) else json.dumps(value)


def _settings(bundle: Bundle) -> Mapping[str, str] | None:
    """Give a server's settings as texts; None where a bundle has none."""
    for entry in bundle.manifest.files:
        if entry.path != DATABASE:
            continue
        try:
            told = json.loads(bundle.read_text(entry))
            variables = told.get("variables", {})
            return {str(name): _text(value) for name, value in variables.items()}
        except (ValueError, AttributeError, RecursionError):
            raise BundleInvalid(f"{DATABASE} of {bundle.root} cannot be understood.") from None
    return None


def _files(manifest: Manifest) -> Mapping[str, str]:
    return {
        file.path: file.sha256
        for file in manifest.files
        if file.path.startswith(_CAPTURED) and file.path != DATABASE
    }
