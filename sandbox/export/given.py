"""Take in the requests that somebody described: which rows they name, and what leaves of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote_plus, urlencode

from pydantic import JsonValue

from sandbox.bundle.writer import BundleWriter
from sandbox.capture.archive import ServerCapture
from sandbox.capture.given_requests import GIVEN, GivenRequest, Step, read_given_requests
from sandbox.capture.masked_given import mask_given_requests
from sandbox.capture.person_names import MAIL_ADDRESS
from sandbox.database.expressions import quoted
from sandbox.errors import UsageError
from sandbox.export.decisions import Decisions
from sandbox.masking.assignment import Treatments
from sandbox.model import Column, Schema, Table
from sandbox.subset.closure import Found, NamedRows
from sandbox.subset.identifiers import (
    Mention,
    Seed,
    Source,
    identifiers_in,
    read_request,
    resolve_mentions,
)
from sandbox.subset.mentions import owner_of
from sandbox.subset.names import tables_by_name, words_of

_MAX_BYTES = 8 * 1024 * 1024
_MAX_TEXT = 32 * 1024  # characters of one text that are looked at
_MAX_MAILS = 20  # of one request
_WHO = frozenset({"mail", "email", "login", "user", "username", "account"})
# What these maskers do to a value, masking it as a log does as well.
_AS_IN_LOGS = frozenset({
    "free_text", "serialized", "php_session", "json", "xml", "document", "url", "by_key",
    "password", "constant", "binary",
})  # fmt: skip
_ENDS_OF_KEYS = frozenset({"id", "ids", "key", "no", "nr", "type", "count", "status"})
_BODY = "the body of"
_MAIL_OF, _OWNED_BY = "has a mail address of", "belongs to whom a mail address names, in"


def read_given(files: Sequence[Path], servers: Collection[str]) -> tuple[GivenRequest, ...]:
    """Read what was given with ``--requests``, before production is asked anything.

    Args:
        files: The files.
        servers: Names of the captured servers.

    Raises:
        UsageError: A file cannot be read, or names a server that was not captured.
    """
    requests: list[GivenRequest] = []
    for file in files:
        try:
            with file.open("rb") as opened:
                text = opened.read(_MAX_BYTES + 1)
        except OSError as error:
            raise UsageError(
                f"{file} cannot be read ({type(error).__name__}).",
                hint="Check the name and its rights.",
            ) from None
        if len(text) > _MAX_BYTES:
            raise UsageError(f"{file}: more than {_MAX_BYTES >> 20} MiB are no list of requests.")
        found = read_given_requests(text, str(file))
        strange = sum(1 for one in found if not set(one.servers) <= set(servers))
        if strange:
            raise UsageError(
                f"{file}: {strange} of its requests name a server that no --server does.",
                hint="Servers are called as in --server NAME=ARCHIVE.",
            )
        requests += found
    return tuple(requests)


def add_given(
    given: Sequence[GivenRequest],
    captures: Mapping[str, ServerCapture],
    decisions: Decisions,
    schema: Schema,
    bundle: BundleWriter,
) -> None:
    """Add given requests to a bundle, masked.

    Raises:
        MaskingRefused: Something cannot be masked.
        BundleNotWritten: It cannot be written.
    """
    if not given:
        return
    names = ColumnNames(schema, decisions.treatments)
    masked = mask_given_requests(
        given,
        tuple(captures.values()),
        decisions.masker.mask_text,
        names.are_of_persons,
        names.are_of_keys,
    )
    bundle.add_text(GIVEN, masked, "requests that somebody described")


class ColumnNames:
    """Tells which names of members are those of columns that are masked, or of keys."""

    def __init__(self, schema: Schema, treatments: Treatments) -> None:
        self._schema = schema
        self._masked: dict[str, set[str]] = {}
        self._there: dict[str, set[str]] = {}
        self._keys: dict[str, set[str]] = {}
        for table in schema.tables.values():
            keys = {name for key in table.keys for name in key.columns}
            keys |= {name for key in table.foreign_keys for name in key.columns}
            for column in table.stored_columns:
                treatment = treatments.of(table.name, column.name)
                name = _plain(column.name)
                self._there.setdefault(name, set()).add(table.name)
                if treatment.kept and column.name in keys:
                    self._keys.setdefault(name, set()).add(table.name)
                if not treatment.kept and treatment.masker not in _AS_IN_LOGS:
                    self._masked.setdefault(name, set()).add(table.name)

    def are_of_persons(self, path: str, name: str) -> bool:
        """Tell it of the tables that a path speaks of, where they have such a column; else of all.

        What is no column is what its end is: ``billing_last_name`` a ``last_name``, and
        ``product_name`` a ``name``, of products if there are any.

        Args:
            path: Path of the request, and the names of what it stands within.
            name: Name of the member or parameter.
        """
        words = words_of(name)
        for start in range(len(words)):
            plain = "".join(words[start:])
            if plain in self._there and (start == 0 or plain not in _ENDS_OF_KEYS):
                masked = self._masked.get(plain, set())
                meant = self._meant(f"{path}/{'_'.join(words[:start])}") & self._there[plain]
                return bool(masked & meant) if meant else bool(masked)
        return False

    def are_of_keys(self, path: str, name: str) -> bool:
        """Tell whether a name is that of a kept column of a key, or of a table.

        Args:
            path: Path of the request, and the names of what it stands within.
            name: Name of the member or parameter.
        """
        keys = self._keys.get(_plain(name), set())
        meant = self._meant(path) & self._there.get(_plain(name), set())
        if keys & meant if meant else keys:
            return True
        return bool(tables_by_name(self._schema, owner_of(name) or name))

    def _meant(self, path: str) -> set[str]:
        return {table.name for table in _tables_of(self._schema, path)}


def mentions_of(request: GivenRequest) -> Iterator[Mention]:
    """Give what URLs of a request name, for people to hear of what leads to no row."""
    for step in request.steps:
        yield from read_request(f"{step.method} {step.url}")


def rows_of(
    request: GivenRequest, number: int, schema: Schema
) -> tuple[tuple[Seed, ...], tuple[NamedRows, ...]]:
    """Give the rows that bodies and mail addresses of a request name.

    A row is named by a mail address if it has it in a column that is unique by itself and that is
    called like one of a login. Where the request's path speaks of a table whose rows belong to
    such a row, by a column that is called so (``baskets.customer_id``), those come, too: the
    relation may not be declared.

    Args:
        request: The request.
        number: Which of the given ones it is, from 1 on: messages say it.
        schema: The source's schema.
    """
    where = f"given request {number}"
    mentions: dict[Mention, None] = {}
    mails: dict[str, None] = {}
    for step in request.steps:
        scalars = list(_scalars("", _content(step)))
        pairs = urlencode([(name, text) for name, text in scalars if name])
        path = step.url.partition("?")[0]
        found = read_request(f"{step.method} {path}?{pairs}")
        mentions.update((one, None) for one in found if one.source is Source.QUERY)
        for text in (*(text for _, text in scalars), unquote_plus(step.url.partition("?")[2])):
            mails.update(dict.fromkeys(MAIL_ADDRESS.findall(text[:_MAX_TEXT])))
        if isinstance(step.body, str):
            mentions.update(dict.fromkeys(identifiers_in(step.body)))
    # Most members of a body name no row: which do not is nothing to tell.
    seeds, _ = resolve_mentions(mentions, schema)
    named = tuple(replace(seed, because=f"named in {_BODY} {where}") for seed in seeds)
    return named, tuple(_rows_with(list(mails)[:_MAX_MAILS], request, where, schema))


def was_found_elsewhere(found: Found, all_found: Sequence[Found]) -> bool:
    """Tell whether rows were looked for in several tables, and found in another one."""
    if not found.because.startswith((_MAIL_OF, _OWNED_BY)):
        return False
    if found.because.startswith(_OWNED_BY):
        return True  # nobody said that there is one
    return any(one.rows for one in all_found if one.because == found.because)


def _rows_with(
    mails: Sequence[str], request: GivenRequest, where: str, schema: Schema
) -> Iterator[NamedRows]:
    if not mails:
        return
    meant = [
        table for step in request.steps for table in _tables_of(schema, step.url.partition("?")[0])
    ]
    for table in schema.tables.values():
        columns = [column for column in _unique_texts(table) if _WHO & set(words_of(column.name))]
        if not columns:
            continue
        literals = ", ".join(f"_utf8mb4 x'{mail.encode().hex()}'" for mail in mails)
        condition = " OR ".join(f"{quoted(one.name)} IN ({literals})" for one in columns)
        yield NamedRows(table.name, condition, f"{_MAIL_OF} {where}")
        owners = f"SELECT {quoted(table.identity[0].name)} FROM {quoted(table.name)}"  # noqa: S608
        for other in dict.fromkeys(one.name for one in meant):
            for column in _columns_to(schema.tables[other], table, schema):
                belongs = f"{quoted(column.name)} IN ({owners} WHERE {condition})"
                yield NamedRows(other, belongs, f"{_OWNED_BY} {where}")


def _unique_texts(table: Table) -> list[Column]:
    """Give the text columns that tell a row of a table from all others by themselves."""
    names = dict.fromkeys(key.columns[0] for key in table.keys if len(key.columns) == 1)
    return [column for column in map(table.column, names) if column.charset]


def _columns_to(child: Table, parent: Table, schema: Schema) -> Iterator[Column]:
    """Give the columns of a table that refer to another by their names, and are not declared to.

    Children along a declared one come along anyway.
    """
    if child.name == parent.name or len(parent.identity) != 1 or not parent.identity[0].is_integer:
        return
    declared = {name for key in child.foreign_keys if key.declared for name in key.columns}
    for column in child.stored_columns:
        owner = owner_of(column.name)
        means = owner and parent in tables_by_name(schema, owner)
        if means and column.is_integer and column.name not in declared:
            yield column


def _tables_of(schema: Schema, path: str) -> list[Table]:
    words = [unquote_plus(part) for part in path.split("/") if part]
    return [table for word in words for table in tables_by_name(schema, word)]


def _content(step: Step) -> JsonValue:
    """Give the body as JSON: an object of its parameters, where it is a form."""
    if not isinstance(step.body, str):
        return step.body
    if "form-urlencoded" not in step.header("content-type").lower():
        return step.body
    pairs = [pair.partition("=") for pair in step.body.split("&")]
    return {unquote_plus(name): unquote_plus(value) for name, _, value in pairs}


def _scalars(name: str, value: JsonValue) -> Iterator[tuple[str, str]]:
    """Give texts and numbers with their names as PHP spells them: ``items[0][product_id]``."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _scalars(f"{name}[{key}]" if name else key, inner)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _scalars(f"{name}[{place}]", inner)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield name, str(value)


def _plain(name: str) -> str:
    return "".join(words_of(name))
