"""What an export is asked to do, complete and checked: the command line's words as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sandbox.database.connect import Endpoint
from sandbox.database.session import Limits
from sandbox.export.plan_file.document import PlanFile
from sandbox.export.watch import LoadLimits
from sandbox.subset.relations.found import WrittenRelations
from sandbox.subset.request import SampleRequest


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """An export as it is asked for.

    Attributes:
        endpoint: The source, with the account that reads it.
        out: Folder that becomes the bundle; None where none is to be written.
        sample: How much of which table.
        key: The masking key.
        rules: The project's own rule files.
        unclassified: What happens to a column that no rule names.
        logs: Logs whose errors name rows to take.
        requests: Failing requests whose URLs name rows to take.
        given: Files of requests that somebody described.
        ddl: A dump without data, for definitions that the account cannot see.
        captures: Archive of each web server, by the server's name.
        readers: How many processes may read at once.
        limits: How long production has to put up with what.
        load: How busy production may be while it is read.
        show_sql: File that every statement is noted in; None for none.
        allow_write_grants: Whether an account that could write is accepted.
        relations: What settings say of relations that no key declares.
        app: The application's source, which may say more of them; None where it is not looked at.
        profiles: Folder that keeps, for each source, what profiles of large tables remember; None
            to remember nothing.
        plan: The plan that is to be held to; None for none. Its relations go before `relations`.
    """

    endpoint: Endpoint
    out: Path | None
    sample: SampleRequest
    key: bytes = field(repr=False)
    rules: tuple[Path, ...] = ()
    unclassified: Literal["refuse", "shape"] = "refuse"
    logs: tuple[Path, ...] = ()
    requests: tuple[str, ...] = ()
    given: tuple[Path, ...] = ()
    ddl: Path | None = None
    captures: Mapping[str, Path] = field(default_factory=dict)
    readers: int = 2
    limits: Limits = field(default_factory=Limits)
    load: LoadLimits = field(default_factory=LoadLimits)
    show_sql: Path | None = None
    allow_write_grants: bool = False
    relations: WrittenRelations = field(default_factory=WrittenRelations)
    app: Path | None = None
    profiles: Path | None = None
    plan: PlanFile | None = None
