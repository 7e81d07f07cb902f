"""`sandbox.toml` as typed, validated settings.

Takes a file, gives frozen settings, or one `SettingsError` that names every finding with its line.
No message repeats a value: a settings file may hold what must not be printed.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import ErrorDetails

from sandbox.errors import SettingsError, UsageError
from sandbox.packaged import PACKAGED, is_reference
from sandbox.subset.budget import parse_budget
from sandbox.subset.limits import parse_limit
from sandbox.subset.relations.written import FORMS, parse_relation
from sandbox.subset.strata import MOST_HELD, make_strata
from sandbox.subset.windows import parse_window
from sandbox.toml_lines import find_lines

DEFAULT_FILE = Path("sandbox.toml")

_IMAGE_OR_VERSION = re.compile(
    r"[a-z0-9][\w.-]*(:\d+)?(/[a-z0-9][\w.-]*)*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?",
    re.ASCII,
)
_REPOSITORY = re.compile(r"[a-z0-9][\w.-]*(:\d+)?(/[a-z0-9][\w.-]*)*", re.ASCII)


def _image_or_version(value: str, info: ValidationInfo) -> str:
    if value and not _IMAGE_OR_VERSION.fullmatch(value):
        raise ValueError(
            "must be an image such as registry.example:5000/php:5.6-fpm or a version such as 8.2; "
            "credentials belong into `docker login`"
        )
    packaged = PACKAGED[info.field_name or ""]
    if value and not is_reference(value) and value not in packaged:
        raise ValueError(
            f"must be one of {', '.join(packaged)}, which packages hold, "
            "or an image with its tag, NAME:TAG"
        )
    return value


def _repository(value: str) -> str:
    if value and not _REPOSITORY.fullmatch(value):
        raise ValueError(
            "must be a repository without a tag, such as registry.example:5000/debian; "
            "tags SUITE-slim are asked of it"
        )
    return value


def _mirror(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in {"http", "https"} or not parts.hostname or "@" in value):
        raise ValueError(
            "must be the http or https address of a Debian archive, without user and password"
        )
    return value


def _engine_host(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in {"unix", "tcp"} or "@" in value):
        raise ValueError("must be unix:///PATH or tcp://HOST:PORT, without user and password")
    return value


Image = Annotated[str, AfterValidator(_image_or_version)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class ImageSettings(_Section):
    """``[images]``: where images come from, and which image plays which role.

    A role is set to a version that packages hold (``php = "8.4"``) or to an image of a registry
    (``php = "php:5.6-fpm"``, ``mysql = "mysql:5.7"``).
    """

    registry: Literal["auto", "never"] = "auto"
    mirror: Annotated[str, AfterValidator(_mirror)] = ""
    base: Annotated[str, AfterValidator(_repository)] = ""
    php: Image = ""
    mariadb: Image = ""
    mysql: Image = ""
    gateway: Image = ""
    sink: Image = ""
    zf1: Image = ""

    @property
    def roles(self) -> dict[str, str]:
        """The roles that are set, each with its image or version."""
        chosen = self.model_dump(exclude={"registry", "mirror", "base"})
        return {role: choice for role, choice in chosen.items() if choice}


class EngineSettings(_Section):
    """``[engine]``: the Docker engine to use."""

    host: Annotated[str, AfterValidator(_engine_host)] = ""
    timeout: Annotated[int, Field(ge=1, le=3600)] = 60


def _share(value: str) -> str:
    if not re.fullmatch(r"\s*(\d+(\.\d+)?\s*%|\d[\d_,]*(\s*rows?)?|all|none)\s*", value):
        raise ValueError("must be a percentage, a number of rows, all or none")
    return value


def _name(value: str) -> str:
    if not re.fullmatch(r"[\w .-]{1,64}", value):
        raise ValueError("must be letters, digits, spaces, dots and dashes, 64 at most")
    return value


def _limit(value: str) -> str:
    return _parsed(parse_limit, value)


def _limit_of_all(value: str) -> str:
    if parse_limit(_limit(value)).newest_by:
        raise ValueError("newest by a column goes for one table: per_parent")
    return value


def _budget(value: str) -> str:
    return _parsed(parse_budget, value) if value else value


def _window(value: str) -> str:
    return _parsed(partial(parse_window, ""), value)


def _parsed(parse: Callable[[str], object], value: str) -> str:
    try:
        parse(value)
    except UsageError as refused:
        raise ValueError(refused.message.rstrip(".")) from None
    return value


def _number_as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _by_table_and_column(value: object) -> object:
    """Take ``"orders.placed" = "30d"`` for ``orders.placed = "30d"``, which is a table in TOML."""
    if not isinstance(value, dict):
        return value
    nested: dict[str, object] = {}
    for key, one in value.items():
        table, _, column = str(key).partition(".") if isinstance(one, str) else (str(key), "", "")
        columns = {column: one} if isinstance(one, str) else one
        before = nested.get(table)
        if isinstance(before, dict) and isinstance(columns, dict):
            columns = before | columns
        nested[table] = columns
    return nested


class StrataSettings(_Section):
    """What is asked of the strata of one table."""

    by: list[str]
    least: Annotated[int, Field(ge=1, le=MOST_HELD)]

    @model_validator(mode="after")
    def _has_columns(self) -> Self:
        _parsed(lambda _: make_strata(tuple(self.by), self.least), "")
        return self


class SampleSettings(_Section):
    """``[sample]``: how much of which table an export takes.

    Shares, windows and limits are written as on the command line, which goes before them: ``1%``,
    ``2000``, ``all``; ``30d``; ``20 newest by placed``.
    """

    share: Annotated[str, AfterValidator(_share)] = "1%"
    small: Annotated[int, Field(ge=0)] = 200
    budget: Annotated[str, AfterValidator(_budget)] = ""
    cover: Annotated[int, Field(ge=0, le=1000)] = 3
    profile_time: Annotated[int, Field(ge=0, le=86400)] = 60
    remember: bool = True
    children: Annotated[str, BeforeValidator(_number_as_text), AfterValidator(_limit_of_all)] = (
        "100"
    )
    per_parent: dict[
        str, Annotated[str, BeforeValidator(_number_as_text), AfterValidator(_limit)]
    ] = {}
    window: Annotated[
        dict[str, dict[str, Annotated[str, AfterValidator(_window)]]],
        BeforeValidator(_by_table_and_column),
    ] = {}
    strata: dict[str, StrataSettings] = {}
    tables: dict[str, Annotated[str, AfterValidator(_share)]] = {}
    where: dict[str, str] = {}
    include: list[str] = []


class CoverSettings(_Section):
    """``[[cover]]``: a class of odd rows that the project names itself."""

    name: Annotated[str, AfterValidator(_name)]
    table: str
    sql: str


class MaskingSettings(_Section):
    """``[masking]``: the project's own rules, the key, and what happens where no rule applies."""

    rules: list[str] = []
    key_file: str = ""
    unclassified: Literal["refuse", "shape"] = "refuse"


class LimitSettings(_Section):
    """``[limits]``: how long production is read, and how busy it may be meanwhile.

    Those that say nothing follow from production's load at the start; 0 stands for "not looked at".
    The command line goes before them.
    """

    max_time: Annotated[int, Field(ge=1, le=10080)] = 240
    max_snapshot_age: Annotated[int, Field(ge=1, le=10080)] | None = None
    max_load: Annotated[int, Field(ge=0)] | None = None
    max_lag: Annotated[int, Field(ge=0)] | None = None
    max_history: Annotated[int, Field(ge=0)] | None = None
    longest_wait: Annotated[int, Field(ge=1, le=1440)] = 10
    statement_time: Annotated[int, Field(ge=10, le=60_000)] = 500


def _relation(value: str) -> str:
    try:
        parse_relation(value)
    except UsageError:
        raise ValueError(f"must be written {FORMS}") from None
    return value


Relation = Annotated[str, AfterValidator(_relation)]


class RelationSettings(_Section):
    """``[relations]``: relations that no foreign key declares, and that are or are none.

    Written as `sandbox relations` shows them: ``orders.customer_id -> customers.id``.
    """

    confirmed: list[Relation] = []
    rejected: list[Relation] = []


class Settings(_Section):
    """Everything that `sandbox.toml` may say."""

    images: ImageSettings = ImageSettings()
    engine: EngineSettings = EngineSettings()
    sample: SampleSettings = SampleSettings()
    cover: list[CoverSettings] = []
    masking: MaskingSettings = MaskingSettings()
    relations: RelationSettings = RelationSettings()
    limits: LimitSettings = LimitSettings()


def load_settings(file: Path | None = None) -> Settings:
    """Read settings from a file.

    Args:
        file: The file; where None, ``sandbox.toml`` of the working directory if there is one.

    Raises:
        SettingsError: The file cannot be read, is no TOML, or says something it may not.
    """
    if file is None and not DEFAULT_FILE.exists():
        return Settings()
    path = file or DEFAULT_FILE
    try:
        text = path.read_bytes()
        values = tomllib.loads(text.decode())
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read: {error.strerror}.",
            hint="Name an existing file with --config, or leave the option out.",
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not UTF-8 text.") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(_syntax_finding(path, str(error))) from None
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        lines = find_lines(text)
        findings = [
            (_line_of(lines, detail["loc"]), _finding(detail))
            for detail in error.errors(include_url=False, include_input=False)
        ]
        raise SettingsError(
            f"{path} says {_counted(len(findings))} that cannot be used.",
            findings=tuple(f"{path}:{line}: {text}" for line, text in sorted(findings)),
        ) from None


def _syntax_finding(path: Path, message: str) -> str:
    """Turn tomllib's message, which ends in its position, into ours, which begins with it."""
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", message)
    if found is None or found[2] is None:
        return f"{path} is no valid TOML: it ends too early."
    return f"{path}:{found[2]}: no valid TOML at column {found[3]}."


def _line_of(lines: Any, location: tuple[int | str, ...]) -> int:  # noqa: ANN401 - mapping of paths
    path = tuple(str(part) for part in location)
    while path and path not in lines:
        path = path[:-1]
    return int(lines.get(path, 1))


def _finding(detail: ErrorDetails) -> str:  # noqa: C901, PLR0911 - one text for each kind of it
    key = ".".join(str(part) for part in detail["loc"])
    context: dict[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            return f"{key}: there is no such setting. {_nearest(detail['loc'])}"
        case "value_error":
            return f"{key}: {context['error']}."
        case "missing":
            return f"{key}: is missing."
        case "literal_error":
            return f"{key}: must be {context['expected']}."
        case "string_type":
            return f"{key}: must be text in quotes."
        case "int_type":
            return f"{key}: must be a whole number."
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"{key}: must be a table, [{key}]."
        case "list_type":
            return f'{key}: must be a list of texts, ["…"].'
        case "greater_than_equal":
            return f"{key}: must be at least {context['ge']}."
        case "less_than_equal":
            return f"{key}: must be at most {context['le']}."
        case kind:
            return f"{key}: cannot be used ({kind})."


def _nearest(location: tuple[int | str, ...]) -> str:
    """Suggest what an unknown key may have meant, or list what there is."""
    section: type[BaseModel] = Settings
    for part in location[:-1]:
        field = section.model_fields.get(str(part))
        if field is None:
            continue  # one of a list, or of what is named freely
        # Of a list of tables, and of named ones, what one of them may say.
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                section = kind
    known = sorted(section.model_fields)
    near = difflib.get_close_matches(str(location[-1]), known, n=1)
    return f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}."


def _counted(number: int) -> str:
    return "one thing" if number == 1 else f"{number} things"
