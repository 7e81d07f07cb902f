"""HTTP/1.1 as it goes over the wire: write a request, read an answer that may be anything.

Requests come from a bundle or a developer's file, answers from an application that is known to
break. Neither may be taken for something else than it is.
"""

from __future__ import annotations

import http.client
import io
import re
from dataclasses import dataclass

from sandbox.replica.exchange import Ask

_BODIES = frozenset({"POST", "PUT", "PATCH"})  # which have one, if an empty one
_OURS = frozenset({
    "accept-encoding", "connection", "content-length", "expect", "host", "transfer-encoding",
})  # fmt: skip
_TOKEN = re.compile(r"[^!#$%&'*+.^_`|~0-9A-Za-z-]")
_BLANK, _LINE_END = re.compile(r"[\s\0]"), re.compile(r"[\r\n\0]")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it was read.

    Attributes:
        status: HTTP status.
        headers: Its headers as they came, repeated ones too.
        body: Its body, unpacked.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def write_request(request: Ask) -> bytes:
    """Write a request so that nothing of it can be taken for another header or another request."""
    lines = [
        f"{_TOKEN.sub('', request.method)} {_BLANK.sub('', request.url)} HTTP/1.1",
        "Host: localhost",
        "Connection: close",
        *(
            f"{_TOKEN.sub('', name)}: {_LINE_END.sub('', value)}"
            for name, value in request.headers
            if _TOKEN.sub("", name).lower() not in {"", *_OURS}
        ),
    ]
    if request.body or request.method in _BODIES:
        lines.append(f"Content-Length: {len(request.body)}")
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n" + request.body


def read_answer(method: str, content: bytes) -> Answer | None:
    """Read the answer to a request of a method; None where it is none, or breaks off."""
    answer = http.client.HTTPResponse(_Wire(content), method=method)  # type: ignore[arg-type]
    try:
        answer.begin()
        body = answer.read()
    except (http.client.HTTPException, ValueError, OverflowError):
        return None
    return Answer(answer.status, tuple(answer.getheaders()), body)


class _Wire:
    """What `http.client` takes for a socket."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, _mode: str) -> io.BytesIO:
        """Give what came."""
        return io.BytesIO(self._content)
