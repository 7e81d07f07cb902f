"""Take in what ops captured on the web servers: settings, logs and failing requests, all masked."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.bundle.names import is_safe_path
from sandbox.bundle.writer import BundleWriter
from sandbox.capture.archive import CapturedLog, ServerCapture, read_archive
from sandbox.capture.configuration import mask_configuration, write_placeholders
from sandbox.capture.masked import mask_facts, mask_requests
from sandbox.capture.placeholders import Placeholders
from sandbox.capture.requests import FailingRequest
from sandbox.errors import UsageError
from sandbox.masking.masker import Masker
from sandbox.masking.segments import Segment, ToMask, masked_pieces
from sandbox.model import Progress

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_CHUNK_LINES = 2000


@dataclass(frozen=True, slots=True)
class ServersTaken:
    """What was taken of the web servers.

    Attributes:
        names: Their names.
        failing: In how many ways requests failed.
        unknown: What could not be seen or taken, in words for people.
    """

    names: tuple[str, ...] = ()
    failing: int = 0
    unknown: tuple[str, ...] = ()


def read_captures(archives: Mapping[str, Path]) -> Mapping[str, ServerCapture]:
    """Read the archives of all servers, before production is asked anything.

    Raises:
        UsageError: A server's name cannot be a folder's.
        CaptureInvalid: An archive is damaged, hostile or none of ours.
    """
    captures = {}
    for name, archive in archives.items():
        if not _NAME.fullmatch(name):
            raise UsageError(
                "a server's name is made of letters, digits, - and _.",
                hint="For example: --server web1=web1.tar",
            )
        captures[name] = dataclasses.replace(read_archive(archive), name=name)
    return captures


def add_servers(
    captures: Mapping[str, ServerCapture],
    failing: Sequence[FailingRequest],
    masker: Masker,
    bundle: BundleWriter,
    progress: Progress,
) -> ServersTaken:
    """Add settings, logs and failing requests of every server to a bundle.

    Args:
        captures: The servers, by name.
        failing: The requests that their logs say failed.
        masker: Masks all of it.
        bundle: Where it goes.
        progress: Hears of it.

    Raises:
        MaskingRefused: Something cannot be masked.
        BundleNotWritten: It cannot be written.
    """
    if not captures:
        return ServersTaken()
    placeholders = Placeholders()
    unknown: list[str] = []
    with progress.stage("servers", total=len(captures), unit="servers") as stage:
        for name, capture in captures.items():
            left_out = _add_server(capture, masker, bundle, placeholders)
            unknown += [f"{name}: {missing}" for missing in capture.missing]
            unknown += [f"{name}: {path} was left out: no known kind of file" for path in left_out]
            stage.advance(1, name)
        placeholders_listed = write_placeholders(placeholders)
        bundle.add_json("config/placeholders.json", placeholders_listed, "what secrets stood for")
        _add_requests(failing, tuple(captures.values()), masker, bundle)
        stage.done(f"{', '.join(captures)} · requests failed in {len(failing)} ways")
    return ServersTaken(tuple(captures), len(failing), tuple(unknown))


def _add_server(
    capture: ServerCapture, masker: Masker, bundle: BundleWriter, placeholders: Placeholders
) -> Sequence[str]:
    """Add one server and give the files that were left out."""
    folder = f"config/servers/{capture.name}"
    bundle.add_json(f"{folder}/facts.json", mask_facts(capture, masker.mask_text), "facts")
    configuration = mask_configuration(capture, masker.mask_text, placeholders)
    left_out = list(configuration.left_out)
    for path, text in configuration.files.items():
        place = f"{folder}/files/{path.lstrip('/')}"
        if is_safe_path(place):
            bundle.add_text(place, text, "settings")
        else:
            left_out.append(path)
    for path, log in capture.logs.items():
        place = f"logs/{capture.name}/{path.lstrip('/')}"
        if is_safe_path(place):
            pieces = masked_pieces(_chunks(log), masker.mask_text)
            bundle.add_pieces(place, pieces, f"log, {log.kind}")
        else:
            left_out.append(path)
    return left_out


def _chunks(log: CapturedLog) -> Iterator[Segment]:
    """Give a log in pieces that are masked one after the other."""
    lines: list[bytes] = []
    for line in log.lines():
        lines.append(line)
        if len(lines) >= _CHUNK_LINES:
            yield ToMask(b"\n".join(lines) + b"\n", "log")
            lines = []
    if lines:
        yield ToMask(b"\n".join(lines) + b"\n", "log")


def _add_requests(
    requests: Sequence[FailingRequest],
    captures: Sequence[ServerCapture],
    masker: Masker,
    bundle: BundleWriter,
) -> None:
    if requests:
        masked = mask_requests(requests, captures, masker.mask_text)
        bundle.add_text("requests/failing.jsonl", masked, "requests that failed in production")
