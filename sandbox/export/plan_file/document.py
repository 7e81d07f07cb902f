"""What a plan file holds: what is asked for, and what was found when it was asked.

Read from YAML that somebody may have edited: its size is bounded, every field is checked, none may
be there that is not known, and each finding tells its line. Nothing of a broken one is repeated.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import yaml
from pydantic import BaseModel, Field, ValidationError

from sandbox.database.session import Limits
from sandbox.errors import PlanInvalid, UsageError
from sandbox.export.plan_file.values import MOST_ITEMS, STRICT, form_of
from sandbox.export.watch import LoadLimits
from sandbox.masking.yaml_nodes import Findings, Reader
from sandbox.model import Family, Origin
from sandbox.subset.plan import Role
from sandbox.subset.relations.found import Confidence
from sandbox.subset.request import SampleRequest

FORMAT = 1
MAX_BYTES = 16 << 20
MOST_READERS = 16
_MAX_VALUES = 1_000_000  # of some 6,000 tables; YAML takes 500 bytes of memory for each
_SIGNS = ",:\n[{"  # behind or before each value and each name stands one of them
_MAX_DEPTH = 20
_MAX_FINDINGS = 20
_VALUES, _TEXTS = (
    frozenset(f"tag:yaml.org,2002:{name}" for name in some)
    for some in (("int", "float", "bool", "null"), ("str", "timestamp", "merge", "value"))
)

Count = Annotated[int, Field(ge=0, lt=2**63)]
Name = Annotated[str, Field(max_length=256)]
Text = Annotated[str, Field(max_length=64 * 1024)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of an export, and may be edited in its plan.

    Attributes:
        sample: Which rows.
        limits: How long production has to put up with what, in seconds.
        load: How busy production may be meanwhile; null for what follows from its start.
        readers: How many processes may read at once.
    """

    sample: SampleRequest
    limits: Limits = field(default_factory=Limits)
    load: LoadLimits = field(default_factory=LoadLimits)
    readers: int = 2

    @property
    def fault(self) -> str:
        """Why an export cannot be asked for that; empty where it can. Options say the same."""
        if not 0 < self.readers <= MOST_READERS:
            return f"readers are 1 to {MOST_READERS}"
        if not all(getattr(self.limits, one.name) for one in fields(self.limits)):
            return "none of the limits is 0"
        return ""


if TYPE_CHECKING:
    _AskedForm = Asked
else:
    _AskedForm = form_of(Asked)


class _Found(BaseModel):
    """Something that was found: nobody edits it."""

    model_config = STRICT


class SourceLines(_Found):
    """Which source it is, without a way to get there.

    Attributes:
        fingerprint: That of the bundles' manifests: keyed, so that nobody guesses the address.
        family, version: Its server.
        key: Short name of the masking key.
    """

    fingerprint: Name
    family: Family
    version: Name
    key: Name


class InputLines(_Found):
    """What was given beside the source, that named rows or servers.

    Attributes:
        logs, requests, given: How many ``--from-log``, ``--from-request`` and ``--requests``.
        servers: Names of the captured servers.
    """

    logs: Count = 0
    requests: Count = 0
    given: Count = 0
    servers: list[Name] = []


class RelationLine(_Found):
    """A relation that no key declares and that rows are chosen along."""

    relation: Text
    origin: Origin
    confidence: Confidence
    optional: bool = False
    cascades: bool = False


class ReadLine(_Found):
    """One kind of question to a table, and how the server answers it.

    Attributes:
        what: What is asked.
        how: By table, along which index, in words; see `sandbox.export.plan_file.reads`.
    """

    what: Text
    how: list[Text]


class ColumnLine(_Found):
    """A column: its type as it counts, and the masker, or ``kept``."""

    type: Text
    treatment: Text


class TableLines(_Found):
    """A table.

    Attributes:
        role: Why it gives rows.
        owner: For a child, the references along which it follows its parents.
        why: The same in words for people.
        rows: How many rows were chosen.
        of: How many the source had; ``about`` so many where nobody counted them.
        definition: Digest of its definition.
        reads: How it is read.
        columns: Its columns that hold data.
    """

    role: Role
    owner: list[Text] = []
    why: Text
    rows: Count
    of: Count | Name
    definition: Name
    reads: list[ReadLine] = []
    columns: dict[Name, ColumnLine]


class OddLine(_Found):
    """A class of odd rows, as `sandbox.bundle.manifest.OddEntry` has it."""

    table: Name
    column: Name = ""
    name: Name
    rows: Name
    taken: Name


class NamedLine(_Found):
    """How many rows somebody or something named."""

    table: Name
    because: Text
    rows: Count


class PlanDocument(_Found):
    """All that a plan file holds; see `docs/plan.md` for each part."""

    format: Annotated[int, Field(ge=1, le=FORMAT)] = FORMAT
    tool: Name
    request: _AskedForm
    source: SourceLines
    inputs: InputLines = InputLines()
    relations: list[RelationLine] = []
    tables: Annotated[dict[Name, TableLines], Field(max_length=MOST_ITEMS)]
    odd: Annotated[list[OddLine], Field(max_length=MOST_ITEMS)] = []
    named: list[NamedLine] = []
    unknown: list[Text] = []
    seals: dict[Name, Name] = {}


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A plan file that was read.

    Attributes:
        name: How messages call it.
        document: What it holds.
    """

    name: str
    document: PlanDocument
    _root: yaml.Node = field(repr=False, compare=False)

    def place(self, *path: str | int) -> str:
        """Give where something stands: ``plan.yaml:12``."""
        return f"{self.name}:{_line(self._root, path)}"


def read_plan(file: Path) -> PlanFile:
    """Read a plan file.

    Raises:
        UsageError: It cannot be read.
        PlanInvalid: It is no plan; all findings together, each with its line.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read ({type(error).__name__}).",
            hint="Name a plan that sandbox plan --out wrote.",
        ) from None
    if len(content) > MAX_BYTES:
        raise PlanInvalid(f"{file} is larger than {MAX_BYTES >> 20} MiB.")
    try:
        return parse_plan(file.name, content.decode())
    except UnicodeDecodeError:
        raise PlanInvalid(f"{file} is no text in UTF-8.") from None


def parse_plan(name: str, text: str) -> PlanFile:
    """Read the text of a plan file.

    Raises:
        PlanInvalid: It is no plan; all findings together, each with its line.
    """
    if sum(map(text.count, _SIGNS)) > _MAX_VALUES:
        raise PlanInvalid(f"{name} holds more than {_MAX_VALUES:,} values.")
    findings = Findings()
    try:
        root = Reader(name, findings).compose(text)
        plain = None if root is None else _Plain(name, findings).value(root)
    except RecursionError:
        raise PlanInvalid(f"{name} is nested too deep.") from None
    if root is None and not findings.texts:
        findings.add(f"{name}:1", "there is nothing in it")
    if findings.texts or root is None:
        raise _invalid(name, findings.texts)
    if not isinstance(plain, dict):
        raise _invalid(name, [f"{name}:{_line(root, ())}: a plan is a mapping, and this is none"])
    try:
        # As JSON, for what is strict there knows words for moments, roles and origins.
        document = PlanDocument.model_validate_json(json.dumps(plain))
    except ValidationError as error:
        raise _invalid(name, list(_findings(name, root, error))) from None
    if fault := document.request.fault:
        raise _invalid(name, [f"{name}:{_line(root, ('request',))}: request: {fault}"])
    return PlanFile(name, document, root)


class _Plain:
    """Makes plain values of YAML: no aliases, no tags, no key twice, nothing too deep."""

    def __init__(self, name: str, findings: Findings) -> None:
        self._reader = Reader(name, findings)
        self._seen: set[int] = set()
        self._scalars = yaml.SafeLoader("")

    def value(self, node: yaml.Node, depth: int = 0) -> Any:  # noqa: ANN401 - whatever is there
        """Give the value of a node."""
        if id(node) in self._seen or depth > _MAX_DEPTH:
            self._reader.complain(node, "a plan has no aliases, and is not nested that deep")
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            pairs = self._reader.pairs(node, "a part of the plan")
            return {name: self.value(one, depth + 1) for name, _, one in pairs}
        if isinstance(node, yaml.SequenceNode):
            return [self.value(one, depth + 1) for one in node.value]
        if node.tag in _VALUES:
            try:
                return self._scalars.construct_object(node)
            except ValueError:
                self._reader.complain(node, "that is no number")
                return None
        if node.tag not in _TEXTS:
            self._reader.complain(node, "a plan has no tags")
        return str(node.value)


def _findings(name: str, root: yaml.Node, error: ValidationError) -> Iterator[str]:
    """Say where a plan is wrong, without what stands there."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    for one in found[:_MAX_FINDINGS]:
        path = one["loc"]
        where = ".".join(str(step) for step in path if _is_step(step))
        said = {"extra_forbidden": "a plan has no such field", "missing": "is missing"}.get(
            one["type"], one["msg"].removeprefix("Value error, ")
        )
        yield f"{name}:{_line(root, path)}: {where}: {said}"
    if len(found) > _MAX_FINDINGS:
        yield f"and {len(found) - _MAX_FINDINGS} more"


def _is_step(step: str | int) -> bool:
    """Tell a step of a path from what pydantic says of its own ways."""
    return isinstance(step, int) or "[" not in step


def _line(root: yaml.Node, path: tuple[str | int, ...]) -> int:
    """Give the line of what a path leads to, or of the last of its steps that is there."""
    node, line = root, root.start_mark.line
    for step in path:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == step:
                    node, line = value, key.start_mark.line
                    break
        elif isinstance(node, yaml.SequenceNode) and step in range(len(node.value)):
            node = node.value[step]
            line = node.start_mark.line
    return int(line) + 1


def _invalid(name: str, findings: list[str]) -> PlanInvalid:
    count = len(findings)
    return PlanInvalid(
        f"{name} is no plan that can be run: {count} error{'s' if count > 1 else ''}.",
        findings=tuple(findings),
    )
