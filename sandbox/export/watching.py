"""Open the session that watches production while others read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.database.connect import Catalogue, open_catalogue
from sandbox.database.statements import StatementLog
from sandbox.errors import SourceBusy
from sandbox.export.load import Gauge
from sandbox.export.preflight import Preflight
from sandbox.export.request import ExportRequest
from sandbox.export.watch import Watch
from sandbox.model import Progress

NOT_WATCHED = "source: how busy it was while it was read"


@contextmanager
def watching(
    request: ExportRequest,
    preflight: Preflight,
    statements: StatementLog,
    progress: Progress,
    started: float,
) -> Iterator[Watch | None]:
    """Watch a source inside; None where the account may open no session for that.

    Begins when the source is calm: nothing is held open before.

    Args:
        request: The export.
        preflight: What was found at the source.
        statements: Takes every statement.
        progress: Hears of it where the export waits.
        started: When the export began to use the source, as `time.monotonic` tells.

    Raises:
        SourceOverloaded: The source has to do too much already.
    """
    catalogue = _open(request, preflight, statements)
    if catalogue is None:
        progress.warn("production is not watched: the account may open no session for that")
        yield None
        return
    with catalogue:
        watch = Watch(
            Gauge(
                catalogue,
                is_replica=bool(preflight.is_replica),
                history=preflight.sees_history,
            ),
            request.load,
            progress.warn,
            ends=started + request.limits.whole,
            allowed=f"{request.limits.whole // 60} min (--max-time)",
        )
        watch.turn(lambda: None)
        yield watch


def _open(
    request: ExportRequest, preflight: Preflight, statements: StatementLog
) -> Catalogue | None:
    if preflight.free_connections < 2:  # noqa: PLR2004 - one to read, one to watch
        return None
    try:
        return open_catalogue(request.endpoint, statements, request.limits)
    except SourceBusy:
        return None
