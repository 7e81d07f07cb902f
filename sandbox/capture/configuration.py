"""Mask the settings of a server: structure stays, values leave only by the allow-list.

Takes a `ServerCapture`; gives every settings file as `MaskedText`, with sections, names and order
as they were, so that the replica can use them once the placeholders are filled. The role that the
capture gave a file decides how it is read; of a file of no known form nothing leaves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sandbox.capture.allowed import Known, is_secret, judge
from sandbox.capture.archive import ServerCapture
from sandbox.capture.ini import Kind, Statement, split_commented, split_ini
from sandbox.capture.nginx import Token, TokenKind, split_nginx
from sandbox.capture.nginx_allowed import DATA_BLOCKS, Place, is_directive, judge_argument
from sandbox.capture.placeholders import Placeholders
from sandbox.masking.secret_names import speaks_of_secret
from sandbox.masking.segments import (
    Allowed,
    MaskText,
    Segment,
    ToMask,
    Verbatim,
    assemble,
    fits,
    mask_placeholders,
)
from sandbox.model import MaskedText

PHP_SETTINGS = "/php-cli.ini"  # what the command line php says, among the files of a server


@dataclass(frozen=True, slots=True)
class MaskedConfiguration:
    """The settings of a server as they may leave.

    Attributes:
        files: Masked settings by their path on the server.
        left_out: Files of which nothing leaves, because their form is not known.
    """

    files: Mapping[str, MaskedText]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _File:
    """What the pieces of one file need to know."""

    path: str
    role: str
    server: str
    known: Known = field(repr=False)
    placeholders: Placeholders = field(repr=False)

    def stand_for(self, name: str, value: bytes, line: int, kind: str = "") -> Segment:
        where = f"{self.server}:{self.path}:{line}"
        return self.placeholders.stand_for(name, value, where, kind)


def mask_configuration(
    capture: ServerCapture, mask_text: MaskText, placeholders: Placeholders | None = None
) -> MaskedConfiguration:
    """Mask every settings file of a server.

    Args:
        capture: The server.
        mask_text: `Masker.mask_text`, for comments.
        placeholders: Registry of placeholders; one for all servers of a bundle, so that equal
            values of theirs have equal placeholders.

    Raises:
        MaskingRefused: A piece was to stay that does not fit the allow-list: a fault of ours.
    """
    registry = Placeholders() if placeholders is None else placeholders
    known = Known.of(capture)
    files = dict(capture.files)
    roles = dict(capture.roles)
    if capture.php_settings:
        files[PHP_SETTINGS], roles[PHP_SETTINGS] = capture.php_settings, "php"
    masked: dict[str, MaskedText] = {}
    left_out: list[str] = []
    for path, content in sorted(files.items()):
        role = "php" if path.endswith("/.user.ini") else roles.get(path, "")
        file = _File(path, role, capture.name, known, registry)
        if b"\0" in content or not fits(path.encode(), Allowed.PATH):
            left_out.append(path)
        elif file.role == "nginx":
            masked[path] = assemble(_nginx_segments(content, file), mask_text)
        elif file.role in {"fpm", "php"} or path.endswith((".ini", ".env")):
            masked[path] = assemble(_ini_segments(content, file), mask_text)
        else:
            left_out.append(path)
    return MaskedConfiguration(masked, tuple(left_out))


def write_placeholders(placeholders: Placeholders) -> MaskedText:
    """Write the list of placeholders as JSON, beside the settings that they stand in."""
    return mask_placeholders(placeholders.listed())


def _ini_segments(content: bytes, file: _File) -> Iterator[Segment]:
    for statement in split_ini(content):
        match statement.kind:
            case Kind.BLANK:
                yield Verbatim(_blank(statement.before), Allowed.LAYOUT)
            case Kind.COMMENT:
                commented = split_commented(statement)
                if commented is None:
                    yield Verbatim(_blank(statement.before), Allowed.LAYOUT)
                    yield _comment(statement.value)
                    yield Verbatim(_line_end(statement.after), Allowed.LAYOUT)
                else:
                    yield from _setting(commented, file)
            case Kind.SECTION:
                yield from _section(statement, file)
            case Kind.SETTING:
                yield from _setting(statement, file)
            case Kind.UNKNOWN:
                yield Verbatim(b"; ", Allowed.LAYOUT)
                yield file.stand_for("line", statement.value, statement.line, "text")
                yield Verbatim(_line_end(statement.after), Allowed.LAYOUT)


def _section(statement: Statement, file: _File) -> Iterator[Segment]:
    name = statement.name
    yield Verbatim(_blank(statement.before), Allowed.LAYOUT)
    # A dot in it: the host that a pool or a section of php.ini is for.
    if b"." in name or b"=" in name or not fits(name, Allowed.NAME):
        yield file.stand_for("section", name, statement.line, "host")
    else:
        yield Verbatim(name, Allowed.NAME)
    yield Verbatim(b"]" + _line_end(statement.after), Allowed.LAYOUT)


def _setting(statement: Statement, file: _File) -> Iterator[Segment]:
    before = statement.before
    if found := re.fullmatch(rb"(\s*)(?:export)(\s+)", before):
        before = found[1]
    name = statement.name.decode("ascii")
    yield Verbatim(_blank(before), Allowed.LAYOUT)
    yield Verbatim(statement.name, Allowed.NAME)
    yield Verbatim(statement.equals, Allowed.LAYOUT)
    pieces = _value(name, statement.value, file)
    if pieces is not None:
        yield from pieces
        yield from _after(statement)
        return
    # Whatever follows on the line may belong to the value as well as be a comment: it goes too.
    whole = statement.value + statement.after.rstrip()
    bare = statement.value
    if len(bare) > 1 and bare[:1] == bare[-1:] and bare[:1] in b"\"'":
        bare = bare[1:-1]
    yield Verbatim(b'"', Allowed.LAYOUT)
    yield file.stand_for(name, bare or whole, statement.line)
    yield Verbatim(b'"' + _line_end(statement.after), Allowed.LAYOUT)


_PIECE = re.compile(
    rb"(?P<space>\s+)|(?P<quoted>\"[^\"]*\"|'[^']*')|(?P<constant>[A-Z][A-Z0-9_]+)|(?P<dot>\.)"
)
_CONSTANTS = re.compile(
    rb"APPLICATION_(?:PATH|ENV)|BASE_PATH|ROOT_PATH|RELEASE_PATH|PHP_EOL|DIRECTORY_SEPARATOR"
    rb"|PATH_SEPARATOR|E_[A-Z_]{3,20}"
)


def _value(name: str, value: bytes, file: _File) -> list[Segment] | None:
    """Give the pieces of a value that may leave, or None where it may not."""
    if not value or value in {b'""', b"''"}:
        return [Verbatim(value, Allowed.LAYOUT)]
    inner, quote = value, b""
    if len(value) > 1 and value[:1] == value[-1:] and value[:1] in b"\"'":
        inner, quote = value[1:-1], value[:1]
    if b"\n" in inner or b"\r" in inner:
        return None
    if rule := judge(name, inner, file.role, file.known):
        return [
            Verbatim(quote, Allowed.LAYOUT),
            Verbatim(inner, rule),
            Verbatim(quote, Allowed.LAYOUT),
        ]
    return None if quote or is_secret(name) else _joined(name, value, file)


def _joined(name: str, value: bytes, file: _File) -> list[Segment] | None:
    """Judge a value that joins constants and strings: ``APPLICATION_PATH "/modules"``."""
    pieces: list[Segment] = []
    place = 0
    while place < len(value):
        found = _PIECE.match(value, place)
        if found is None:
            return None
        text = found[0]
        if found["space"] or found["dot"]:
            rule = Allowed.LAYOUT if found["space"] else Allowed.CHOICE
            pieces.append(Verbatim(text, rule))
        elif found["constant"]:
            if not _CONSTANTS.fullmatch(text):
                return None
            pieces.append(Verbatim(text, Allowed.CONSTANT))
        elif text[1:-1]:
            judged = judge(name, text[1:-1], file.role, file.known)
            if judged is None:
                return None
            quote = Verbatim(text[:1], Allowed.LAYOUT)
            pieces += [quote, Verbatim(text[1:-1], judged), quote]
        place = found.end()
    return pieces


def _after(statement: Statement) -> Iterator[Segment]:
    """Give what follows a value that stays: white space, and a comment masked."""
    found = re.fullmatch(rb"(\s*)(?:(;\s*)([^\r\n]*?))?(\r?\n?)", statement.after)
    if found is None or not found[3]:
        yield Verbatim(_line_end(statement.after), Allowed.LAYOUT)
        return
    yield Verbatim(found[1] + found[2], Allowed.LAYOUT)
    yield _comment(found[3])
    yield Verbatim(found[4], Allowed.LAYOUT)


def _comment(text: bytes) -> Segment:
    """Mask a comment as text, without its digits; leave it out where it speaks of a secret."""
    said = text.decode("latin-1")
    if is_secret(said) or speaks_of_secret(said):
        return Verbatim(b"", Allowed.LAYOUT)
    return ToMask(re.sub(rb"[0-9]", b"0", text), "config", one_line=True)


def _nginx_segments(content: bytes, file: _File) -> Iterator[Segment]:
    blocks: list[str] = []
    words: list[bytes] = []
    for token in split_nginx(content):
        match token.kind:
            case TokenKind.SPACE:
                yield Verbatim(token.text, Allowed.LAYOUT)
            case TokenKind.COMMENT:
                yield Verbatim(b"#", Allowed.LAYOUT)
                yield _comment(token.text[1:])
            case TokenKind.CODE:
                yield file.stand_for("code", token.text, token.line, "text")
            case TokenKind.WORD:
                words.append(token.value)
                yield from _word(token, words, blocks, file)
            case _:
                if token.kind is TokenKind.OPEN:
                    blocks.append(words[0].decode("latin-1") if words else "")
                elif token.kind is TokenKind.CLOSE and blocks:
                    blocks.pop()
                words = []
                yield Verbatim(token.text, Allowed.LAYOUT)


def _word(token: Token, words: list[bytes], blocks: list[str], file: _File) -> Iterator[Segment]:
    value = token.value
    data = bool(blocks) and blocks[-1] in DATA_BLOCKS
    first = len(words) == 1
    if first and not data and is_directive(value):
        yield Verbatim(value, Allowed.NAME)
        return
    directive = blocks[-1] if data else words[0].decode("latin-1")
    index = len(words) - 1 if data else len(words) - 2
    place = Place(directive, index, b"" if data else words[1] if index > 0 else b"", data)
    quote = token.text[:1] if token.text != value else b""
    rule = Allowed.LAYOUT if not value else None
    if value and not (first and not data):
        rule = judge_argument(place, value, file.known)
    yield Verbatim(quote, Allowed.LAYOUT)
    if rule is None:
        yield file.stand_for(place.setting if not first or data else "directive", value, token.line)
    else:
        yield Verbatim(value, rule)
    yield Verbatim(quote, Allowed.LAYOUT)


def _blank(text: bytes) -> bytes:
    """Leave the layout of a beginning: nothing but white space and marks is in it."""
    return text if fits(text, Allowed.LAYOUT) else b""


def _line_end(text: bytes) -> bytes:
    found = re.search(rb"\r?\n?\Z", text)
    return found[0] if found else b""
