"""Which classes of odd rows are new in production, gone, or of another size."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from sandbox.bundle.manifest import Manifest, OddEntry
from sandbox.diff.found import Fate, OddChange
from sandbox.subset.odd.found import unlooked
from sandbox.subset.plan import Role

_ESTIMATE = "about "
_FEW = "<"  # begins a count that would single somebody out
_NOISE = 0.1  # of a count: of an estimate less says nothing
_ALONG = "not looked at along "
_COUNT = re.compile(r"[0-9][0-9,]*")

Place = tuple[str, str, str]


def odd_changes(old: Manifest, new: Manifest) -> Iterator[OddChange]:
    """Compare the classes of two manifests; nothing comes where one was made without looking."""
    if not (looked_for_odd(old) and looked_for_odd(new)):
        return
    before, now = _classes(old), _classes(new)
    for place in sorted({*before, *now}):
        was, is_now = before.get(place), now.get(place)
        if was is None or is_now is None:
            fate = Fate.CAME if was is None else Fate.WENT
            doubt = _doubt(old if was is None else new, place, fate)
        elif is_another_count(was.rows, is_now.rows):
            fate, doubt = Fate.CHANGED, _doubt_of_count(old, new, place)
        else:
            continue
        counts = was.rows if was else "", is_now.rows if is_now else ""
        yield OddChange(fate, *place, *counts, doubt)


def looked_for_odd(manifest: Manifest) -> bool:
    """Tell whether anybody looked for odd rows when a bundle was made."""
    cover = manifest.plan.get("cover")
    return bool(manifest.odd) or (isinstance(cover, int) and cover > 0)


def is_another_count(old: str, new: str) -> bool:
    """Tell whether two counts of a manifest are known to differ.

    >>> is_another_count("<10", "<10"), is_another_count("<10", "12")
    (False, True)
    >>> is_another_count("about 1,200", "about 1,250"), is_another_count("34", "35")
    (False, True)
    """
    if old == new:
        return False
    return _ESTIMATE not in f"{old}{new}" or moved_much(old, new)


def moved_much(old: str, new: str) -> bool:
    """Tell whether a count of a manifest moved by more than a tenth.

    >>> moved_much("<10", "12"), moved_much("1,000", "1,001"), moved_much("about 34", "50")
    (True, False, True)
    """
    was, is_now = _number(old), _number(new)
    if was is None or is_now is None or _FEW in {old[:1], new[:1]}:
        return old != new
    return abs(was - is_now) > _NOISE * max(was, is_now)


def _doubt(without: Manifest, place: Place, fate: Fate) -> str:
    """Say why a manifest may be without a class that its source had."""
    when = "before" if fate is Fate.CAME else "now"
    roles = without.plan.get("roles")
    if isinstance(roles, dict) and roles.get(place[0]) == Role.WHOLE:
        return f"nobody looked {when}: the table was taken whole"
    words = _not_looked_at(without, place)
    return f"not all was looked at {when}: {words[0]}" if words else ""


def _doubt_of_count(old: Manifest, new: Manifest, place: Place) -> str:
    """Say why a count may be another one although production's is not: other rows were read."""
    before, now = _not_looked_at(old, place), _not_looked_at(new, place)
    if before == now:
        return ""
    when, words = ("before", before) if before else ("now", now)
    return f"not all was looked at {when}: {words[0]}"


def _not_looked_at(manifest: Manifest, place: Place) -> list[str]:
    """Give what was not looked at in a table, as far as it bears on a place."""
    table, column, _ = place
    begin = unlooked(table)
    told = [one.removeprefix(begin) for one in manifest.unknown if one.startswith(begin)]
    # What was not looked at along one relation says nothing of other places.
    return [one for one in told if f"{_ALONG}{column}:" in one or _ALONG not in one]


def _number(text: str) -> int | None:
    found = _COUNT.search(text)
    return int(found[0].replace(",", "")) if found else None


def _classes(manifest: Manifest) -> Mapping[Place, OddEntry]:
    return {(one.table, one.column, one.name): one for one in manifest.odd}
