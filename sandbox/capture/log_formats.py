"""Make patterns of the formats that logs are written in: nginx's log_format, Zend_Log's Simple.

A variable ends where the character that follows it in the format comes first, so that a line of
garbage costs one pass and no more.
"""

from __future__ import annotations

import re

ZEND_DEFAULTS = (  # forms to try where the application's settings name none
    "%timestamp% %priorityName% (%priority%): %message%",
    "%timestamp% %priorityName%: %message%",
    "%timestamp% %priorityName% %message%",
    "[%timestamp%] %channel%.%priorityName%: %message%",
    "[%timestamp%] %priorityName%: %message%",
)
_ZEND_PARTS = {
    "timestamp": r"(?P<timestamp>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?"
    r"(?:Z|[+-]\d\d:?\d\d)?)",
    "priorityName": r"(?P<priorityName>(?i:EMERG(?:ENCY)?|ALERT|CRIT(?:ICAL)?|ERR(?:OR)?"
    r"|WARN(?:ING)?|NOTICE|INFO|DEBUG))",
    "priority": r"(?P<priority>\d)",
    "message": r"(?P<message>.*)",
}
_NGINX_PARTS = {
    "request": r"(?P<method>[A-Z]{3,10}) (?P<uri>\S+)(?: HTTP/[\d.]+)?|(?P<raw>[^\"]*)",
    "status": r"(?P<status>\d{3})",
    "time_local": r"(?P<time_local>\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})",
    "time_iso8601": r"(?P<time_iso8601>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d))",
    "msec": r"(?P<msec>\d+\.\d+)",
    "request_method": r"(?P<method>[A-Z]{3,10})",
    "request_uri": r"(?P<uri>\S+?)",
}

_LIST = r"[^ ,]*(?:, [^ ,]*|: [^ ,]*)*"  # nginx joins the values of several upstreams


def access_pattern(log_format: str) -> re.Pattern[str]:
    """Make a pattern of a log format of nginx.

    Its groups: ``status``, ``method``, ``uri``, ``path``, one of ``time_local``, ``time_iso8601``
    and ``msec``, and ``id…`` for whatever names a request's id.

    >>> pattern = access_pattern('$remote_addr "$request" $status $http_x_request_id')
    >>> pattern.fullmatch('10.0.0.1 "GET /a?b=1 HTTP/1.1" 500 abc')["uri"]
    '/a?b=1'
    """
    pieces: list[str] = []
    seen: set[str] = set()
    parts = re.split(r"(\$\{?\w+\}?)", log_format.strip())
    for number, part in enumerate(parts):
        name = part.strip("${}")
        follows = parts[number + 1][:1] if number + 1 < len(parts) else ""
        anything = f"[^{re.escape(follows)}]*" if follows else ".*"
        groups = re.findall(r"\(\?P<(\w+)>", _NGINX_PARTS.get(name, ""))
        if not part.startswith("$"):
            pieces.append(re.escape(part))
        elif groups and seen.isdisjoint(groups):
            seen |= set(groups)
            pieces.append(f"(?:{_NGINX_PARTS[name]})")
        elif re.search(r"request_id|correlation_id|trace_id", name):
            pieces.append(f"(?P<id{number}>{anything})")
        elif name in {"uri", "document_uri"} and "path" not in seen:
            seen.add("path")
            pieces.append(f"(?P<path>{anything})")
        else:
            pieces.append(f"(?:{_LIST})" if name.startswith("upstream_") else anything)
    return re.compile("".join(pieces) + r"\s*")


def zend_pattern(log_format: str) -> re.Pattern[str]:
    """Make a pattern of a format of Zend_Log's Simple formatter.

    Its groups: ``timestamp``, ``priorityName``, ``priority``, ``message``.

    >>> zend_pattern("%timestamp% %priorityName%: %message%").fullmatch(
    ...     "2026-01-02T03:04:05+01:00 ERR: it broke")["message"]
    'it broke'
    """
    pieces: list[str] = []
    seen: set[str] = set()
    parts = re.split(r"(%\w+%)", log_format.strip())
    for number, part in enumerate(parts):
        name = part.strip("%")
        follows = parts[number + 1][:1] if number + 1 < len(parts) else ""
        if not part.startswith("%"):
            pieces.append(re.escape(part))
        elif name in _ZEND_PARTS and name not in seen:
            seen.add(name)
            pieces.append(_ZEND_PARTS[name])
        else:
            pieces.append(f"[^{re.escape(follows)}]*" if follows else ".*")
    return re.compile("".join(pieces) + r"\s*", re.DOTALL)
