"""How a sample is asked for: the options of `export` and `plan`, joined with the settings."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from sandbox.cli.access import Access
from sandbox.database.session import Limits, limits_of
from sandbox.errors import UsageError
from sandbox.export.decisions import OWN_RULES
from sandbox.export.key import default_key_file, read_key
from sandbox.export.plan_file.document import MOST_READERS, PlanFile, read_plan
from sandbox.export.profiles import default_folder
from sandbox.export.request import ExportRequest
from sandbox.export.watch import LoadLimits
from sandbox.settings import LimitSettings, RelationSettings, SampleSettings, Settings
from sandbox.subset.budget import parse_budget
from sandbox.subset.limits import parse_limit
from sandbox.subset.relations.found import WrittenRelations
from sandbox.subset.relations.written import parse_relation
from sandbox.subset.request import (
    Condition,
    CoverRequest,
    NamedCondition,
    SampleRequest,
    parse_condition,
    parse_conditions,
    parse_samples,
    parse_share,
)
from sandbox.subset.strata import StrataRequest, make_strata
from sandbox.subset.windows import Window, parse_window
from sandbox.subset.written_targets import parse_targets


@dataclass(frozen=True, slots=True)
class Sampling:
    """What is taken of a source, and how it is treated and read.

    The help of each option says what it is. Those that are not given are told by the settings.
    """

    sample: Annotated[
        list[str] | None,
        typer.Option(metavar="SHARE|TABLE=SHARE", help="1%, 2000, all or none.  [default: 1%]"),
    ] = None
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="TABLE:CONDITION", help="Sample only rows that meet it."),
    ] = None
    window: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TABLE.COLUMN=SPAN", help="Sample only rows of a time: 30d, 2026-10-01.."
        ),
    ] = None
    strata: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TABLE.COLUMN=ROWS", help="Rows to take of each of its values, at least."
        ),
    ] = None
    children: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LIMIT|TABLE=LIMIT",
            help="Children of one row at most: 20, all, 20 newest by COLUMN.  [default: 100]",
        ),
    ] = None
    include: Annotated[
        list[str] | None,
        typer.Option(metavar="TABLE:CONDITION", help="Take these rows, whatever the sample."),
    ] = None
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="ROWS|BYTES", help="20000rows, 500MB: cut the least needed first to keep it."
        ),
    ] = None
    cover: Annotated[
        int | None,
        typer.Option(
            metavar="ROWS", min=0, help="Odd rows to take of each class; 0: none.  [default: 3]"
        ),
    ] = None
    profile_time: Annotated[
        int | None,
        typer.Option(
            metavar="SECONDS", min=0, help="How long tables are read for it.  [default: 60]"
        ),
    ] = None
    from_log: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Take the rows that a log's errors name."),
    ] = None
    from_request: Annotated[
        list[str] | None,
        typer.Option(metavar="'METHOD URL'", help="Take the rows that a request names."),
    ] = None
    requests: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Requests with bodies, logins, and how they failed."),
    ] = None
    app: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The application's source: it may say more of relations."),
    ] = None
    rules: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Masking rules.  [default: ./masking_rules/*.yaml]"),
    ] = None
    key_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Masking key.  [default: that of sandbox keygen]"),
    ] = None
    unclassified: Annotated[
        Literal["refuse", "shape"] | None,
        typer.Option(help="What happens to a column without a rule.  [default: refuse]"),
    ] = None
    ddl: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Dump without data: definitions the account can't see."),
    ] = None
    server: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=ARCHIVE", help="A web server's capture (sandbox capture)."),
    ] = None
    workers: Annotated[int, typer.Option(min=1, max=MOST_READERS, help="Processes that read.")] = 2
    max_time: Annotated[
        int | None,
        typer.Option(
            metavar="MINUTES", min=1, help="How long production is read at most.  [default: 240]"
        ),
    ] = None
    read_limit: Annotated[
        int | None, typer.Option(min=1, hidden=True, help="What --max-time was called before.")
    ] = None
    max_snapshot_age: Annotated[
        int | None,
        typer.Option(
            metavar="MINUTES",
            min=1,
            help="How old the snapshot may get: then it stops.  [default: --max-time]",
        ),
    ] = None
    max_load: Annotated[
        int | None,
        typer.Option(
            metavar="THREADS",
            min=0,
            help="Waits while more run, stops at twice as many; 0: never.  "
            "[default: twice those at the start, at least 25]",
        ),
    ] = None
    max_lag: Annotated[
        int | None,
        typer.Option(
            metavar="SECONDS",
            min=0,
            help="Waits while a replica lags more; 0: never.  [default: 60 more than at the start]",
        ),
    ] = None
    max_history: Annotated[
        int | None,
        typer.Option(
            metavar="LENGTH",
            min=0,
            help="Stops where the history list is longer; 0: never.  "
            "[default: 1,000,000 more than at the start]",
        ),
    ] = None
    show_sql: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Note every statement that runs on production."),
    ] = None


Plan = Annotated[
    Path | None,
    typer.Option("--plan", metavar="FILE", help="A plan that sandbox plan --out wrote."),
]
# What is given beside a plan: who asks, and the files that are read for it. All else is in it.
BESIDE_PLAN = frozenset(
    {"from_log", "from_request", "requests", "rules", "key_file", "unclassified", "ddl", "server"}
    | {"show_sql"}
)


def read_plan_beside(context: typer.Context, file: Path, others: Collection[str] = ()) -> PlanFile:
    """Read a plan, and refuse options that say what the plan says already.

    Args:
        context: Tells which options were given.
        file: The plan.
        others: Names of further options that may be given.

    Raises:
        UsageError: There are such options, all of them named; or the file cannot be read.
        PlanInvalid: It is no plan.
    """
    contradicting = [
        f"--{one.name.replace('_', '-')}"
        for one in fields(Sampling)
        if one.name not in {*BESIDE_PLAN, *others} and _was_given(context, one.name)
    ]
    if contradicting:
        raise UsageError(
            f"{', '.join(contradicting)}: the plan says that already.",
            hint="Leave it out, or edit the plan, or plan again without --plan.",
        )
    return read_plan(file)


def as_planned(request: ExportRequest, file: PlanFile) -> ExportRequest:
    """Give a request with all that a plan asks for instead of what settings and options do."""
    asked = file.document.request
    return replace(request, **{one.name: getattr(asked, one.name) for one in fields(asked)})


def _was_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def export_request(
    access: Access, sampling: Sampling, settings: Settings, out: Path | None
) -> ExportRequest:
    """Give what is asked for.

    Raises:
        UsageError: An option cannot be understood.
        SettingsError: There is no key, or a file that settings name is not there.
    """
    key_file = sampling.key_file or _configured(settings.masking.key_file) or default_key_file()
    return ExportRequest(
        endpoint=access.endpoint,
        out=out,
        sample=sample_request(sampling, settings),
        key=read_key(key_file),
        rules=tuple(sampling.rules or _own_rules(settings.masking.rules)),
        unclassified=sampling.unclassified or settings.masking.unclassified,
        logs=tuple(sampling.from_log or ()),
        requests=tuple(sampling.from_request or ()),
        given=tuple(sampling.requests or ()),
        ddl=sampling.ddl,
        captures=_captures(sampling.server or []),
        readers=sampling.workers,
        limits=reading_limits(sampling, settings.limits),
        load=load_limits(sampling, settings.limits),
        show_sql=sampling.show_sql,
        allow_write_grants=access.allow_write_grants,
        relations=written_relations(settings.relations),
        app=folder_of_source(sampling.app),
        profiles=default_folder() if settings.sample.remember else None,
    )


def sample_request(sampling: Sampling, settings: Settings) -> SampleRequest:
    """Join the settings and the command line, which goes before them."""
    configured = settings.sample
    default, tables = parse_samples([configured.share, *(sampling.sample or [])])
    shares = {table: parse_share(share) for table, share in configured.tables.items()}
    conditions = parse_conditions(sampling.where or [])
    includes = (*configured.include, *(sampling.include or []))
    written = parse_targets(sampling.window or [], sampling.strata or [], sampling.children or [])
    limits = {table: parse_limit(one) for table, one in configured.per_parent.items()}
    budget = sampling.budget if sampling.budget is not None else configured.budget
    return SampleRequest(
        default=default,
        tables=shares | tables,
        where={**configured.where, **conditions},
        includes=tuple(parse_condition(one) for one in includes),
        small=configured.small,
        children=(written.children or parse_limit(configured.children)).most,
        cover=_cover(sampling, settings),
        windows={**_windows(configured), **written.windows},
        strata={**_strata(configured), **written.strata},
        per_parent=limits | dict(written.per_parent),
        budget=parse_budget(budget) if budget else None,
    )


def _windows(settings: SampleSettings) -> dict[str, tuple[Window, ...]]:
    return {
        table: tuple(parse_window(column, text) for column, text in columns.items())
        for table, columns in settings.window.items()
    }


def _strata(settings: SampleSettings) -> dict[str, StrataRequest]:
    return {table: make_strata(tuple(one.by), one.least) for table, one in settings.strata.items()}


def folder_of_source(app: Path | None) -> Path | None:
    """Give the folder of an application's source.

    Raises:
        UsageError: It is no folder.
    """
    if app is not None and not app.is_dir():
        raise UsageError(
            f"{app} is no folder.", hint="Name the folder of the application's source."
        )
    return app


def written_relations(settings: RelationSettings) -> WrittenRelations:
    """Give what settings say of relations; their form was checked as they were read."""
    confirmed, rejected = (
        tuple(map(parse_relation, some)) for some in (settings.confirmed, settings.rejected)
    )
    return WrittenRelations(confirmed, rejected)


def _cover(sampling: Sampling, settings: Settings) -> CoverRequest:
    rows, seconds = sampling.cover, sampling.profile_time
    return CoverRequest(
        settings.sample.cover if rows is None else rows,
        settings.sample.profile_time if seconds is None else seconds,
        tuple(NamedCondition(one.name, Condition(one.table, one.sql)) for one in settings.cover),
    )


def reading_limits(sampling: Sampling, settings: LimitSettings) -> Limits:
    """Give how long production is read; the command line goes before the settings."""
    minutes = sampling.max_time or sampling.read_limit or settings.max_time
    age = sampling.max_snapshot_age or settings.max_snapshot_age
    return limits_of(
        60 * minutes,
        snapshot=None if age is None else 60 * min(age, minutes),
        per_statement=settings.statement_time / 1000,
    )


def load_limits(sampling: Sampling, settings: LimitSettings) -> LoadLimits:
    """Give how busy it may be meanwhile; the command line goes before the settings."""
    return LoadLimits(
        threads=settings.max_load if sampling.max_load is None else sampling.max_load,
        lag=settings.max_lag if sampling.max_lag is None else sampling.max_lag,
        history=settings.max_history if sampling.max_history is None else sampling.max_history,
        wait=60.0 * settings.longest_wait,
    )


def _own_rules(configured: list[str]) -> list[Path]:
    if configured:
        return [Path(one).expanduser() for one in configured]
    return sorted(OWN_RULES.glob("*.yaml"))


def _configured(path: str) -> Path | None:
    return Path(path).expanduser() if path else None


def _captures(given: list[str]) -> dict[str, Path]:
    captures: dict[str, Path] = {}
    for one in given:
        name, equals, archive = one.partition("=")
        if not equals or not name or not archive:
            raise UsageError(
                "a server is given as NAME=ARCHIVE.", hint="For example: --server web1=web1.tar"
            )
        if name in captures:
            raise UsageError(f"the server {name} is given twice.")
        captures[name] = Path(archive)
    return captures
