"""What limits the rows of a sample: conditions and windows, strata, and families that were cut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.model import Schema, Table
from sandbox.report.terminal import number_of
from sandbox.subset.closure import Subset
from sandbox.subset.windows import Window


def target_notes(subset: Subset, schema: Schema) -> Iterator[str]:
    """Say what limits the rows of which table, one line each."""
    for name, rows in sorted(subset.met.items()):
        plan = subset.plan.tables[name]
        spans = "".join(
            f"; {window.column} {span}{_without_index(schema.tables[name], window)}"
            for window, span in plan.spans
        )
        yield f"limited   {name} to {number_of(rows, 'row')} by {' and '.join(plan.limits)}{spans}"
    for name, found in sorted(subset.strata.items()):
        asked = subset.plan.request.strata[name]
        yield (
            f"strata    {name}: {found.strata:,} of {', '.join(asked.by)}; "
            f"{number_of(found.added, 'row')} more, so that each has {asked.least:,} if it can"
        )
    for (child, constraint), families in sorted(subset.cut.items()):
        cut = "1 family" if families == 1 else f"{families:,} families"
        limit = subset.plan.request.limit_of(child)
        yield f"cut       {cut} of {child} along {constraint} at {limit.words_of_cut}"


def targets_data(subset: Subset, schema: Schema) -> dict[str, Any]:
    """Give the same for programs."""
    return {
        "limited": [
            {
                "table": name,
                "rows": rows,
                "by": list(subset.plan.tables[name].limits),
                "windows": [
                    {
                        "column": window.column,
                        "from": span.begin.isoformat(" ") if span.begin else None,
                        "before": span.end.isoformat(" ") if span.end else None,
                        "index": schema.tables[name].index_on((window.column,)) or None,
                    }
                    for window, span in subset.plan.tables[name].spans
                ],
            }
            for name, rows in sorted(subset.met.items())
        ],
        "strata": [
            {
                "table": name,
                "by": list(subset.plan.request.strata[name].by),
                "least": subset.plan.request.strata[name].least,
                "strata": found.strata,
                "added": found.added,
            }
            for name, found in sorted(subset.strata.items())
        ],
        "cut": [
            {
                "table": child,
                "relation": constraint,
                "families": families,
                "limit": str(subset.plan.request.limit_of(child)),
            }
            for (child, constraint), families in sorted(subset.cut.items())
        ],
    }


def _without_index(table: Table, window: Window) -> str:
    return "" if table.index_on((window.column,)) else ", which no index finds"
