"""Read logs line by line: nginx access and error, php-fpm and PHP errors, Zend_Log.

Takes a `ServerCapture`; gives `LogEvent`s as a stream, in the order of each log. Whatever is in a
log is tolerated: a line that cannot be read is passed over, bytes that are no UTF-8 are kept as
escapes, and a stack trace is put to the line that it follows. Nothing here is masked yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from sandbox.capture.archive import CapturedLog, ServerCapture
from sandbox.capture.log_formats import ZEND_DEFAULTS, access_pattern, zend_pattern
from sandbox.capture.nginx import directives, log_formats

_TRACE_LINES = 200  # of one event; the rest is passed over
_LONGEST = 32 * 1024  # characters of one event


@dataclass(frozen=True, slots=True)
class LogEvent:
    """What one line of a log says.

    Attributes:
        kind: ``access``, ``nginx-error``, ``php``, ``fpm`` or ``application``.
        time: When; in UTC. None where the line does not say.
        level: As the log spells it, in lower case: ``err``, ``fatal error``, ``warning`` …
        request_id: Id of the request, where the line has one.
        method: HTTP method.
        uri: Path and query as they were asked for.
        status: HTTP status.
        exception: Class of an exception.
        message: The whole message, with its stack trace.
        file: File that an exception or error comes from, as the log spells it.
        line: Line in that file.
        sql_error: Error number of MySQL or MariaDB.
    """

    kind: str
    time: datetime | None = None
    level: str = ""
    request_id: str = ""
    method: str = ""
    uri: str = field(default="", repr=False)
    status: int = 0
    exception: str = ""
    message: str = field(default="", repr=False)
    file: str = ""
    line: int = 0
    sql_error: int = 0

    @property
    def path(self) -> str:
        """The path without its query."""
        return self.uri.partition("?")[0]

    @property
    def is_failure(self) -> bool:
        """Whether it tells of a failure: a status from 500, or a line of an error level."""
        if self.kind == "access":
            return self.status >= _SERVER_ERROR
        return self.level in _ERROR_LEVELS or self.status >= _SERVER_ERROR


_SERVER_ERROR = 500
_ERROR_LEVELS = frozenset({
    "emerg", "alert", "crit", "critical", "err", "error", "fatal", "emergency",
    "fatal error", "parse error", "core error", "compile error", "recoverable fatal error",
})  # fmt: skip


def read_events(capture: ServerCapture) -> Iterator[LogEvent]:
    """Give what the logs of a server say, log by log.

    Raises:
        CaptureInvalid: The archive cannot be read any more.
    """
    formats = log_formats(_nginx_files(capture))
    used = {
        one.arguments[0]: one.arguments[1]
        for content in _nginx_files(capture)
        for one in directives(content)
        if one.name == "access_log" and len(one.arguments) > 1 and "=" not in one.arguments[1]
    }
    zone = _offset(capture.facts.get("time.offset", ""))
    written = _zend_formats(capture)
    for path, log in sorted(capture.logs.items()):
        yield from parse_log(
            log, zone, formats=formats, format_name=used.get(path, ""), zend=written
        )


def parse_log(
    log: CapturedLog,
    zone: tzinfo = UTC,
    *,
    formats: dict[str, str] | None = None,
    format_name: str = "",
    zend: Iterable[str] = (),
) -> Iterator[LogEvent]:
    """Give what one log says.

    Args:
        log: The log.
        zone: Time zone of times that name none: the server's.
        formats: Log formats of nginx by name; only ``combined`` if not given.
        format_name: The one that this log is written in; guessed where empty.
        zend: Formats of Zend_Log's Simple formatter that the application uses.
    """
    known = formats or log_formats(())
    ordered = [known[format_name]] if format_name in known else []
    ordered += [pattern for name, pattern in known.items() if name != format_name]
    parser = _Parser(
        [access_pattern(one) for one in ordered],
        [zend_pattern(one) for one in (*zend, *ZEND_DEFAULTS)],
        zone,
    )
    event: LogEvent | None = None
    more: list[str] = []
    for raw in log.lines():
        text = raw.decode("utf-8", "backslashreplace")
        found = parser.parse(text)
        if found is None:
            if event is not None and text.strip() and len(more) < _TRACE_LINES:
                more.append(text)
            continue
        if event is not None:
            yield _with_trace(event, more)
        event, more = found, []
    if event is not None:
        yield _with_trace(event, more)


_NGINX_ERROR = re.compile(
    r"(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[(\w+)\] \d+#\d+: (?:\*\d+ )?(.*)", re.DOTALL
)
_PHP = re.compile(
    r"\[(\d{1,2}-\w{3}-\d{4} \d\d:\d\d:\d\d)(?:\.\d+)?(?: ([A-Za-z_+-]+(?:/[A-Za-z_+-]+)*))?\]"
    r" (.*)",
    re.DOTALL,
)
_PHP_LEVEL = re.compile(
    r"PHP ((?:Recoverable )?(?:[Ff]atal|Parse|Core|Compile) error|Warning|Notice|Deprecated"
    r"|Strict Standards):\s+(.*)",
    re.DOTALL,
)
_FPM_LEVEL = re.compile(r"(ALERT|ERROR|WARNING|NOTICE|DEBUG): (.*)", re.DOTALL)
_REQUEST_ID = re.compile(
    r"\[([0-9a-fA-F]{8,64}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\]"
    r"|\b(?:request|req|correlation|trace)[_-]?id[\"']?\s*[=:]\s*[\"']?([A-Za-z0-9_.:-]{6,64})",
    re.IGNORECASE,
)
_METHODS = r"GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS"
_REQUEST = re.compile(rf"\b({_METHODS}) ((?:https?://[^\s/\"]+)?/[^\s\",]*)")
_STATUS = re.compile(rf"\b(?:{_METHODS}) \S+ ([1-5]\d\d)\b|\bstatus[\"']?\s*[=:]\s*([1-5]\d\d)\b")
_EXCEPTION = re.compile(
    r"(?<![\w\\])((?:[A-Za-z_]\w*\\)*(?:[A-Z]\w*)?(?:Exception|Error)(?:_\w*)?)(?![\w\\]|\.php)"
)
_PLACES = (
    re.compile(r" in (/?[\w./\\-]+\.(?:php|phtml|inc))(?::(\d+)|\((\d+)\)| on line (\d+))"),
    re.compile(r"(/[\w./-]+\.(?:php|phtml|inc))(?::(\d+)|\((\d+)\))"),
)
_SQL_ERRORS = (
    re.compile(r"SQLSTATE\[\w{5}\](?: ?\[(\d{4})\]|:[^:]{0,80}: (\d{4}) )"),
    re.compile(r"\b(?:errno|error code|error)[ :=#(]{1,3}([12]\d{3})\b", re.IGNORECASE),
    re.compile(r"\bMySQL[^:]{0,20}: ([12]\d{3})\b"),
)
_SQL_TEXTS = (
    (1062, "Duplicate entry '"),
    (1213, "Deadlock found when trying to get lock"),
    (1205, "Lock wait timeout exceeded"),
    (2006, "MySQL server has gone away"),
)
_MONTHS = dict(zip(
    ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    range(1, 13), strict=True,
))  # fmt: skip


class _Parser:
    """Tells what a line is: the form that fitted the last line is tried first."""

    def __init__(
        self, access: list[re.Pattern[str]], zend: list[re.Pattern[str]], zone: tzinfo
    ) -> None:
        self._access = access
        self._zend = zend
        self._zone = zone

    def parse(self, text: str) -> LogEvent | None:
        """Read a line; None where it is no beginning of an event."""
        text = text[:_LONGEST]
        if text[:1] == "[" and (found := _PHP.fullmatch(text)):
            return self._php(found)
        if text[:4].isdigit() and (found := _NGINX_ERROR.fullmatch(text)):
            return self._nginx_error(found)
        for number, pattern in enumerate(self._zend):
            if found := pattern.fullmatch(text):
                self._zend.insert(0, self._zend.pop(number))
                return self._application(found)
        for number, pattern in enumerate(self._access):
            if found := pattern.fullmatch(text):
                self._access.insert(0, self._access.pop(number))
                return self._request(found)
        return None

    def _request(self, found: re.Match[str]) -> LogEvent | None:
        parts = found.groupdict()
        if not parts.get("status") or not parts.get("method"):
            return None
        ids = [value for name, value in parts.items() if name.startswith("id") and value]
        uri = parts.get("uri") or "".join(
            value for name, value in parts.items() if name == "path" and value
        )
        return LogEvent(
            "access",
            _access_time(parts),
            request_id=next((one for one in ids if one != "-"), ""),
            method=parts["method"] or "",
            uri=uri,
            status=int(parts["status"] or 0),
        )

    def _nginx_error(self, found: re.Match[str]) -> LogEvent:
        time = _time(found[1], "%Y/%m/%d %H:%M:%S", self._zone)
        event = LogEvent("nginx-error", time, found[2].lower(), message=found[3])
        if request := re.search(r', request: "([A-Z]+) (\S+)', found[3]):
            event = replace(event, method=request[1], uri=request[2])
        return _described(event)

    def _php(self, found: re.Match[str]) -> LogEvent:
        zone = _zone(found[2]) or self._zone
        time = _time(_english(found[1]), "%d-%m-%Y %H:%M:%S", zone)
        message = found[3]
        if level := _PHP_LEVEL.fullmatch(message):
            return _described(LogEvent("php", time, level[1].lower(), message=message))
        if level := _FPM_LEVEL.fullmatch(message):
            return _described(LogEvent("fpm", time, level[1].lower(), message=level[2]))
        return _described(LogEvent("php", time, message=message))

    def _application(self, found: re.Match[str]) -> LogEvent:
        parts = found.groupdict()
        time = _iso(parts.get("timestamp") or "", self._zone)
        level = (parts.get("priorityName") or "").lower()
        return _described(LogEvent("application", time, level, message=parts.get("message") or ""))


def _described(event: LogEvent) -> LogEvent:
    """Take out of a message what it says in the forms that PHP, Zend and MySQL use."""
    text = event.message
    request_id = _REQUEST_ID.search(text)
    request = None if event.uri else _REQUEST.search(text)
    status = _STATUS.search(text)
    exception = _EXCEPTION.search(text)
    place = next((found for one in _PLACES if (found := _last(one, text))), None)
    return replace(
        event,
        request_id=(request_id[1] or request_id[2]) if request_id else "",
        method=request[1] if request else event.method,
        uri=re.sub(r"^https?://[^/]+", "", request[2]) if request else event.uri,
        status=int(status[1] or status[2]) if status else 0,
        exception=exception[1] if exception else "",
        file=place[1] if place else "",
        line=int(next(number for number in place.groups()[1:] if number)[:9]) if place else 0,
        sql_error=_sql_error(text),
    )


def _sql_error(text: str) -> int:
    for pattern in _SQL_ERRORS:
        if found := pattern.search(text):
            return int(next(number for number in found.groups() if number))
    return next((number for number, words in _SQL_TEXTS if words in text), 0)


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Find the last place before the stack trace: messages may name other files before it."""
    beginning = re.split(r"\n?Stack trace:|\n#\d+ |\n\s+thrown in ", text, maxsplit=1)[0]
    return next(reversed(list(pattern.finditer(beginning))), None)


def _with_trace(event: LogEvent, more: list[str]) -> LogEvent:
    """Put the lines that follow to an event; its message may have gone on in them."""
    if not more:
        return event
    whole = replace(event, message="\n".join((event.message, *more))[:_LONGEST])
    return whole if event.kind == "access" or event.file else _described(whole)


def _nginx_files(capture: ServerCapture) -> list[bytes]:
    return [
        content for path, content in capture.files.items() if capture.roles.get(path) == "nginx"
    ]


def _zend_formats(capture: ServerCapture) -> list[str]:
    """Give the formats that the application's settings name for its log."""
    found: list[str] = []
    for path, content in capture.files.items():
        if capture.roles.get(path) == "application":
            text = content.decode("utf-8", "replace")
            found += re.findall(r"\.format\s*=\s*[\"']([^\"'\n]*%message%[^\"'\n]*)[\"']", text)
    return [one for one in dict.fromkeys(found) if "%timestamp%" in one]


def _access_time(parts: dict[str, str | None]) -> datetime | None:
    if local := parts.get("time_local"):
        return _time(_english(local), "%d/%m/%Y:%H:%M:%S %z", None)
    if iso := parts.get("time_iso8601"):
        return _iso(iso, UTC)
    if msec := parts.get("msec"):
        try:
            return datetime.fromtimestamp(float(msec), UTC)
        except (ValueError, OverflowError, OSError):
            return None
    return None


def _english(text: str) -> str:
    """Put numbers for names of months, whatever the locale here."""
    return re.sub(r"[A-Z][a-z]{2}", lambda found: f"{_MONTHS.get(found[0], 0):02}", text, count=1)


def _time(text: str, form: str, zone: tzinfo | None) -> datetime | None:
    try:
        time = datetime.strptime(text, form)  # noqa: DTZ007 - the zone comes next
        return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _iso(text: str, zone: tzinfo) -> datetime | None:
    try:
        time = datetime.fromisoformat(text.replace(",", "."))
        return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(name: str | None) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return None


def _offset(text: str) -> tzinfo:
    if found := re.fullmatch(r"([+-])(\d\d)(\d\d)", text):
        minutes = int(found[2]) * 60 + int(found[3])
        try:
            return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))
        except ValueError:
            return UTC
    return UTC
