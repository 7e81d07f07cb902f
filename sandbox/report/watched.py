"""What an export saw of production's load, and how long it waited."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.export.watch import Watched
from sandbox.report.terminal import number_of


def watched_data(seen: Watched | None) -> dict[str, Any] | None:
    """Give it by measure; None where nobody could look."""
    if seen is None:
        return None
    return {
        "waited_seconds": round(seen.waited, 3),
        "waits": seen.waits,
        "last_waited_for": seen.why,
        "threads_running": _measure(seen.first.threads, seen.most.threads, seen.limits.threads),
        "seconds_behind": _measure(seen.first.lag, seen.most.lag, seen.limits.lag),
        "history_list": _measure(seen.first.history, seen.most.history, seen.limits.history),
    }


def watched_lines(seen: Watched | None) -> Iterator[str]:
    """Say it for people."""
    if seen is None:
        yield "load      unknown: the account may open no session to look"
        return
    threads = number_of(seen.most.threads, "thread")
    parts = [f"{threads} running at most (limit {_limit(seen.limits.threads)})"]
    if seen.most.lag is not None:
        parts.append(f"{seen.most.lag} s behind (limit {_limit(seen.limits.lag)})")
    if seen.most.history is not None:
        parts.append(f"history list {seen.most.history:,} (limit {_limit(seen.limits.history)})")
    yield f"load      {', '.join(parts)}"
    if seen.waits:
        times = "once" if seen.waits == 1 else f"{seen.waits} times"
        yield f"waited    {seen.waited:.1f} s for production, {times}: {seen.why}"


def _measure(first: int | None, most: int | None, limit: int | None) -> dict[str, int | None]:
    return {"first": first, "most": most, "limit": limit or None}


def _limit(limit: int | None) -> str:
    return f"{limit:,}" if limit else "none"
