"""nginx's settings as statements that can be dropped or changed, across all included files. Pure.

Takes files by path; gives every statement with the blocks that it stands in, as nginx reads them:
what a file includes stands in the block that includes it. Changes are noted by place and applied at
the end, so that all that is not touched stays byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sandbox.capture.nginx import TokenKind, split_nginx
from sandbox.replica.servers.roles import included

_MOST_VISITS = 200_000
_DEEPEST = 24  # includes within includes, and blocks within blocks


@dataclass(frozen=True, eq=False, slots=True)
class Statement:
    """A directive, or a block with what is in it.

    Attributes:
        path: The file it stands in.
        line: Its line there.
        words: Its name and arguments, without quotes.
        spans: Where each word stands in the file, with its quotes.
        start: Where it begins.
        end: Where it ends, behind ``;`` or ``}``.
        inner_end: Where the closing brace of a block stands; -1 for a directive.
        children: What is in a block.
    """

    path: str
    line: int
    words: tuple[bytes, ...] = field(repr=False)
    spans: tuple[tuple[int, int], ...] = field(repr=False)
    start: int
    end: int
    inner_end: int = -1
    children: tuple[Statement, ...] = ()

    @property
    def name(self) -> str:
        """The name of the directive."""
        return self.words[0].decode("latin-1") if self.words else ""

    @property
    def arguments(self) -> tuple[bytes, ...]:
        """What stands behind the name."""
        return self.words[1:]

    @property
    def is_block(self) -> bool:
        """Whether it has a body."""
        return self.inner_end >= 0


@dataclass(frozen=True, slots=True)
class Visit:
    """A statement, and the blocks around it from the outermost on."""

    statement: Statement
    blocks: tuple[Statement, ...]

    def within(self, name: str) -> bool:
        """Tell whether it stands in a block of a name, directly or not."""
        return any(block.name == name for block in self.blocks)

    @property
    def parent(self) -> Statement | None:
        """The block that it stands in directly."""
        return self.blocks[-1] if self.blocks else None


@dataclass(slots=True)
class _Open:
    words: list[bytes] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    line: int = 1
    children: list[Statement] = field(default_factory=list)


def statements(path: str, content: bytes) -> tuple[Statement, ...]:
    """Cut a file into its statements."""
    stack = [_Open()]
    current = _Open()
    place = 0
    for token in split_nginx(content):
        start, place = place, place + len(token.text)
        if token.kind is TokenKind.WORD:
            if not current.words:
                current.line = token.line
            current.words.append(token.value)
            current.spans.append((start, place))
        elif token.kind is TokenKind.END:
            if current.words:
                stack[-1].children.append(_made(path, current, place))
            current = _Open()
        elif token.kind is TokenKind.OPEN:
            if not current.spans:
                current.spans.append((start, start))
                current.words.append(b"")
            stack.append(current)
            current = _Open()
        elif token.kind is TokenKind.CLOSE and len(stack) > 1:
            block = stack.pop()
            stack[-1].children.append(_made(path, block, place, start))
            current = _Open()
    while len(stack) > 1:  # cut off: nginx would refuse it
        block = stack.pop()
        stack[-1].children.append(_made(path, block, len(content), len(content)))
    return tuple(stack[0].children)


def _made(path: str, given: _Open, end: int, inner_end: int = -1) -> Statement:
    return Statement(
        path,
        given.line,
        tuple(given.words),
        tuple(given.spans),
        given.spans[0][0],
        end,
        inner_end,
        tuple(given.children),
    )


class NginxTree:
    """The settings of one nginx."""

    def __init__(self, files: Mapping[str, bytes], main: str) -> None:
        self.files = dict(files)
        self.main = main
        self._parsed = {path: statements(path, text) for path, text in files.items()}
        self._edits: dict[str, dict[tuple[int, int], bytes]] = {}
        self.visits = tuple(self._walk())

    def _walk(self) -> Iterator[Visit]:
        stack: list[tuple[Statement, tuple[Statement, ...], int]] = [
            (one, (), 0) for one in reversed(self._parsed.get(self.main, ()))
        ]
        for _ in range(_MOST_VISITS):
            if not stack:
                return
            statement, blocks, depth = stack.pop()
            yield Visit(statement, blocks)
            if depth >= _DEEPEST or len(blocks) >= _DEEPEST:
                continue
            if statement.is_block:
                inner = (*blocks, statement)
                stack += [(one, inner, depth) for one in reversed(statement.children)]
            elif statement.name == "include" and statement.arguments:
                pattern = statement.arguments[0].decode("latin-1")
                for path in reversed(included(pattern, self.main, sorted(self._parsed))):
                    stack += [(one, blocks, depth + 1) for one in reversed(self._parsed[path])]

    def inside(self, block: Statement) -> Iterator[Visit]:
        """Give every statement in a block, also of the files that it includes."""
        return (one for one in self.visits if block in one.blocks)

    def drop(self, statement: Statement) -> None:
        """Leave a statement out."""
        self._edits.setdefault(statement.path, {})[statement.start, statement.end] = b""

    def replace(self, statement: Statement, text: bytes) -> None:
        """Put a directive in the place of another."""
        self._edits.setdefault(statement.path, {})[statement.start, statement.end] = text

    def set_word(self, statement: Statement, index: int, value: bytes) -> None:
        """Change one word of a statement; `index` counts from 0, the name."""
        self._edits.setdefault(statement.path, {})[statement.spans[index]] = value

    def append(self, block: Statement, text: bytes) -> None:
        """Add directives at the end of a block."""
        self._edits.setdefault(block.path, {})[block.inner_end, block.inner_end] = text

    def result(self) -> dict[str, bytes]:
        """Give the files as they are after all changes; what is dropped takes its insides along."""
        return {path: self._applied(path, text) for path, text in self.files.items()}

    def _applied(self, path: str, text: bytes) -> bytes:
        pieces: list[bytes] = []
        place = 0
        # Of two changes at one place the longer comes first: the outer block.
        for (start, end), new in sorted(
            self._edits.get(path, {}).items(), key=lambda one: (one[0][0], -one[0][1])
        ):
            if start < place:
                continue
            pieces += [text[place:start], new]
            place = end
        return b"".join([*pieces, text[place:]])
