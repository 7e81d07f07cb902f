"""`sandbox export`: a sampled, masked piece of production becomes a bundle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from sandbox.cli.invocation import invocation_of, password_prompt
from sandbox.database.address import parse_address
from sandbox.database.connect import Endpoint, make_endpoint
from sandbox.database.credentials import find_credentials
from sandbox.database.session import limits_of
from sandbox.errors import UsageError
from sandbox.export.decisions import OWN_RULES
from sandbox.export.key import default_key_file, read_key
from sandbox.export.pipeline import Planned, run_export
from sandbox.export.request import ExportRequest
from sandbox.report.export import ExportResult, PlanResult
from sandbox.settings import RelationSettings, SampleSettings, Settings
from sandbox.subset.relations.found import WrittenRelations
from sandbox.subset.relations.written import parse_relation
from sandbox.subset.request import (
    Condition,
    CoverRequest,
    NamedCondition,
    SampleRequest,
    parse_condition,
    parse_samples,
    parse_share,
)

Source = Annotated[
    str, typer.Option("--source", metavar="URL", help="mysql://USER@HOST:PORT/DATABASE")
]
Out = Annotated[Path, typer.Option("--out", metavar="BUNDLE", help="Folder to write.")]
InsecureSource = Annotated[
    bool, typer.Option("--insecure-source", help="Go without a verified TLS connection.")
]
AllowWriteGrants = Annotated[
    bool, typer.Option("--allow-write-grants", help="Accept an account that could write.")
]
DefaultsFile = Annotated[
    Path | None,
    typer.Option(
        "--defaults-file", metavar="FILE", help="Option file with user, password, TLS files."
    ),
]
PasswordFile = Annotated[
    Path | None, typer.Option("--password-file", metavar="FILE", help="File with the password.")
]


def export(  # noqa: PLR0913 - one parameter for each option
    context: typer.Context,
    source: Source,
    out: Out,
    defaults_file: DefaultsFile = None,
    password_file: PasswordFile = None,
    *,
    sample: Annotated[
        list[str] | None,
        typer.Option(metavar="SHARE|TABLE=SHARE", help="1%, 2000, all or none.  [default: 1%]"),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="TABLE:CONDITION", help="Sample only rows that meet it."),
    ] = None,
    include: Annotated[
        list[str] | None,
        typer.Option(metavar="TABLE:CONDITION", help="Take these rows, whatever the sample."),
    ] = None,
    cover: Annotated[
        int | None,
        typer.Option(
            metavar="ROWS", min=0, help="Odd rows to take of each class; 0: none.  [default: 3]"
        ),
    ] = None,
    profile_time: Annotated[
        int | None,
        typer.Option(
            metavar="SECONDS", min=0, help="How long tables are read for it.  [default: 60]"
        ),
    ] = None,
    from_log: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Take the rows that a log's errors name."),
    ] = None,
    from_request: Annotated[
        list[str] | None,
        typer.Option(metavar="'METHOD URL'", help="Take the rows that a request names."),
    ] = None,
    requests: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Requests with bodies, logins, and how they failed."),
    ] = None,
    app: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The application's source: it may say more of relations."),
    ] = None,
    rules: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Masking rules.  [default: ./masking_rules/*.yaml]"),
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Masking key.  [default: that of sandbox keygen]"),
    ] = None,
    unclassified: Annotated[
        Literal["refuse", "shape"] | None,
        typer.Option(help="What happens to a column without a rule.  [default: refuse]"),
    ] = None,
    ddl: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Dump without data: definitions the account can't see."),
    ] = None,
    server: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=ARCHIVE", help="A web server's capture (sandbox capture)."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=16, help="Processes that read.")] = 2,
    read_limit: Annotated[
        int, typer.Option(metavar="MINUTES", min=1, help="How long production is read at most.")
    ] = 240,
    show_sql: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Note every statement that runs on production."),
    ] = None,
    insecure_source: InsecureSource = False,
    allow_write_grants: AllowWriteGrants = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be taken and how it is treated.")
    ] = False,
) -> ExportResult | PlanResult:
    """Take a sampled, masked, referentially complete piece of production into a bundle.

    Reads with an account that may only SELECT, inside one snapshot. The password comes from an
    option file, a password file or a prompt.

    Exit codes: 0 written, 2 wrong usage, 10 settings, 11 the source cannot be read as asked,
    12 something has no masking rule, 13 the bundle cannot be written, 15 a policy forbids it.

    Example: sandbox export --source mysql://readonly@replica/shop --sample 1% --out shop.bundle
    """
    invocation = invocation_of(context)
    settings = invocation.settings
    request = ExportRequest(
        endpoint=endpoint_of(source, defaults_file, password_file, insecure=insecure_source),
        out=out,
        sample=replace(
            _sample(settings.sample, sample or [], where or [], include or []),
            cover=_cover(settings, cover, profile_time),
        ),
        key=read_key(key_file or _configured(settings.masking.key_file) or default_key_file()),
        rules=tuple(rules or _own_rules(settings.masking.rules)),
        unclassified=unclassified or settings.masking.unclassified,
        logs=tuple(from_log or ()),
        requests=tuple(from_request or ()),
        given=tuple(requests or ()),
        ddl=ddl,
        captures=_captures(server or []),
        readers=workers,
        limits=limits_of(60 * read_limit),
        show_sql=show_sql,
        allow_write_grants=allow_write_grants,
        relations=written_relations(settings.relations),
        app=folder_of_source(app),
    )
    outcome = run_export(request, invocation.progress, dry_run=dry_run)
    return PlanResult(outcome) if isinstance(outcome, Planned) else ExportResult(outcome)


def endpoint_of(
    url: str, defaults_file: Path | None, password_file: Path | None, *, insecure: bool
) -> Endpoint:
    """Give what the options of a source lead to."""
    credentials = find_credentials(
        parse_address(url),
        defaults_file=defaults_file,
        password_file=password_file,
        ask=password_prompt(),
    )
    return make_endpoint(credentials, insecure=insecure)


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


def _sample(
    settings: SampleSettings, samples: list[str], wheres: list[str], includes: list[str]
) -> SampleRequest:
    """Join the settings and the command line, which goes before them."""
    default, tables = parse_samples([settings.share, *samples])
    configured = {table: parse_share(share) for table, share in settings.tables.items()}
    conditions = {one.table: one.sql for one in map(parse_condition, wheres)}
    return SampleRequest(
        default=default,
        tables=configured | tables,
        where={**settings.where, **conditions},
        includes=tuple(parse_condition(one) for one in (*settings.include, *includes)),
        small=settings.small,
        children=settings.children,
    )


def _cover(settings: Settings, rows: int | None, seconds: int | None) -> CoverRequest:
    sample = settings.sample
    return CoverRequest(
        sample.cover if rows is None else rows,
        sample.profile_time if seconds is None else seconds,
        tuple(NamedCondition(one.name, Condition(one.table, one.sql)) for one in settings.cover),
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
