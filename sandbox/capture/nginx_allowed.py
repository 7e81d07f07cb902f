"""The allow-list for nginx: arguments that may leave a server as they are.

As in `sandbox.capture.allowed`: what is not on it becomes a placeholder. Inside of `map`, `geo` and
their like the names of the entries are data too, and stay behind with their values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sandbox.capture.allowed import Known, is_known_path, is_secret
from sandbox.masking.dictionary import word_set
from sandbox.masking.segments import Allowed, fits

_DIRECTIVES = word_set(
    "events http server location upstream map geo types match if stream mail daemon "
    "debug_points env include load_module lock_file master_process pcre_jit pid thread_pool "
    "user use gzip accept_mutex multi_accept absolute_redirect aio alias allow deny "
    "ancient_browser api autoindex break charset default_type directio dav_methods empty_gif "
    "etag expires f4f flv hls index internal ip_hash keepalive least_conn listen modern_browser "
    "mp4 msie_padding mirror ntlm preread_buffer_size override_charset perl perl_set queue "
    "random resolver return rewrite root satisfy sendfile set slice source_charset "
    "split_clients ssi ssl state status sticky sub_filter tcp_nodelay tcp_nopush try_files "
    "userid valid_referers zone brotli echo hash http2 protocol quic add_header add_trailer "
    "access_log error_log error_page log_format server_name"
)
_DIRECTIVE_FAMILIES = re.compile(
    rb"(?:proxy|fastcgi|uwsgi|scgi|grpc|memcached|ssl|gzip|gunzip|brotli|http2|http3|quic|auth|limit"
    rb"|log|open|client|server|types|variables|map|keepalive|lingering|large|send|sendfile|tcp|real"
    rb"|set_real|sub_filter|addition|autoindex|charset|chunked|connection|disable|if|ignore|image"
    rb"|js|lua|max|merge|min|more|msie|output|pcre|perl|port|postpone|read|recursive|referer|request"
    rb"|reset|resolver|rewrite|secure_link|ssi|stub|subrequest|timer|underscores|uninitialized"
    rb"|upstream|userid|worker|xslt|mp4|dav|geoip2?|split|accept|passenger|echo|health|mirror)_"
    rb"[a-z0-9_]{2,40}|[a-z0-9_]{2,40}_by_lua(?:_block|_file)?"
)

#: Blocks whose entries are data: a name in them is a value.
DATA_BLOCKS = frozenset({"map", "geo", "split_clients", "match", "charset_map", "types"})

_NUMBER = re.compile(rb"-?[0-9]{1,6}(?:\.[0-9]{1,3})?(?:[kKmMgGsShHdwMy]|ms)?(?:r/[sm])?")
_VARIABLE = re.compile(rb"\$\{?[A-Za-z_][A-Za-z0-9_]*\}?")
_OPTION = re.compile(
    rb"(weight|max_fails|fail_timeout|max_conns|slow_start|max|inactive|valid|min_uses|buffer|flush"
    rb"|gzip|zone|keys_zone|size|levels|rate|burst|delay|backlog|rcvbuf|sndbuf|fastopen|ipv6only"
    rb"|so_keepalive|max_size|min_free|use_temp_path|(?:loader|manager|purger)_[a-z]{3,10}|timeout"
    rb"|interval|fails|passes|ipv6|ipv4|threads|max_queue|requests|time|recursive)=(.*)",
    re.DOTALL,
)
_WORDS = re.compile(r"[A-Za-z]+")
_HEADER = rb"[A-Za-z]{1,30}(?:-[A-Za-z0-9]{1,30}){0,6}"
_PARAMETER = re.compile(_HEADER + rb"|\$?[A-Za-z_][A-Za-z0-9_]{0,40}")
_MIME = rb"[a-z]{1,20}/[A-Za-z0-9.+*-]{1,80}|\*"
_SERVICE = rb"(?:127\.0\.0\.1|localhost|\[::1?\]|0\.0\.0\.0|\*)"

_FLAGS = frozenset(
    b"all any auto backup bind break combined crit alert emerg error warn notice info debug "
    b"default_server default_type deferred down epoll error_log eventport except first "
    b"http http2 https kqueue last main max no-cache off on permanent poll private public quic "
    b"redirect reuseport satisfy select shared ssl updating http_500 http_502 http_503 http_504 "
    b"http_403 http_404 http_429 timeout invalid_header non_idempotent nodelay always any "
    b"expired no-store auth no_etag no_last_modified www-data nginx apache nobody root "
    b"hostnames volatile default include builtin none build ip_hash least_conn once".split()
)
_ROUTE_WORDS = word_set(
    "get post put patch delete head options propfind trace args arg uri request filename scheme "
    "host method fastcgi script name path info document content type length query string "
    "protocol gateway interface software remote addr port user server redirect http https "
    "version is if not cgi nginx on ht a b i s w d"
)
_LOG_WORDS = word_set(
    "time request status bytes body sent referer agent user remote addr host upstream connect "
    "header response rt uct urt uht ua id rid method uri args ms msec cache conn length proto "
    "protocol forwarded for xff client server port ssl cipher gzip ratio level msg pid scheme"
)
_CGI = rb"CGI/1\.1|HTTP/1\.[01]|nginx(?:/\$nginx_version)?|200|if_not_empty"
_ENVIRONMENTS = rb"production|staging|stage|testing|test|development|dev|qa|integration|live"

# What single directives are known to take beyond numbers, switches, flags and variables.
_CHOICES: dict[str, re.Pattern[bytes]] = {
    name: re.compile(pattern)
    for names, pattern in {
        "listen": rb"(?:" + _SERVICE + rb":)?[0-9]{1,5}|" + _SERVICE,
        "server_name": rb"_|localhost",
        "default_type gzip_types charset_types sub_filter_types ssi_types types": _MIME,
        "charset source_charset": rb"[A-Za-z][A-Za-z0-9-]{1,20}",
        "ssl_protocols": rb"TLSv1(?:\.[0-3])?|SSLv[23]",
        "ssl_ciphers": rb"[!+-]?[A-Za-z][A-Z0-9-]{1,40}(?::[!+-]?[A-Za-z][A-Z0-9@=+-]{1,40}){0,80}",
        "ssl_ecdh_curve": rb"[A-Za-z0-9:-]{1,60}",
        "ssl_session_cache": rb"(?:shared|builtin):?[A-Za-z_:]{0,30}[0-9]{0,6}[km]?",
        "expires": rb"-1|epoch|max|off|modified",
        "proxy_http_version": rb"1\.[01]",
        "proxy_hide_header fastcgi_hide_header proxy_ignore_headers fastcgi_ignore_headers "
        "proxy_pass_header fastcgi_pass_header underscores_in_headers": _HEADER,
        "fastcgi_pass proxy_pass uwsgi_pass scgi_pass grpc_pass server": rb"(?:https?://)?"
        + _SERVICE
        + rb"(?::[0-9]{1,5})?/?",
        "resolver": _SERVICE + rb"(?::[0-9]{1,5})?",
        "allow deny set_real_ip_from": rb"127\.0\.0\.1|::1|unix:",
        "real_ip_header": _HEADER,
        "load_module": rb"(?:/usr/lib/nginx/)?modules/[a-z0-9_]{1,60}\.so",
        "types_hash_max_size types_hash_bucket_size variables_hash_max_size "
        "variables_hash_bucket_size server_names_hash_max_size server_names_hash_bucket_size "
        "map_hash_max_size map_hash_bucket_size proxy_headers_hash_max_size "
        "proxy_headers_hash_bucket_size server_tokens": rb"[0-9]{1,6}|on|off",
        "log_format access_log": rb"[a-z_]{1,20}|escape=(?:json|default|none)",
        "upstream": rb"[a-z_]{1,30}",
    }.items()
    for name in names.split()
}
_HEADER_VALUES = re.compile(
    rb"nosniff|DENY|SAMEORIGIN|1; mode=block|0|no-cache|no-store|public|private|keep-alive|close"
    rb"|(?:(?:public|private|no-cache|no-store|must-revalidate|max-age=[0-9]{1,9}|immutable"
    rb"|includeSubDomains|preload)(?:[,;] ?)?){1,6}|(?:strict-)?origin(?:-when-cross-origin)?"
    rb"|no-referrer(?:-when-downgrade)?|same-origin|none|upgrade|identity|gzip"
)
_TALKS = re.compile(r"listen|server|.*_pass")
_PATHS = re.compile(
    r"^(?:include|root|alias|load_module|pid|lock_file|error_log|access_log|ssl_.*|.*_temp_path"
    r"|.*_cache_path|auth_basic_user_file|fastcgi_pass|uwsgi_pass|scgi_pass|server|listen)$"
)
_ROUTES = word_set(
    "location try_files rewrite return error_page index if fastcgi_index "
    "fastcgi_split_path_info root alias internal limit_except set fastcgi_param"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an argument stands.

    Attributes:
        directive: Name of its directive.
        index: Its number, from 0.
        first: The directive's first argument: name of a header or parameter.
        data: Whether the directive is an entry of a data block.
    """

    directive: str
    index: int
    first: bytes = field(default=b"", repr=False)
    data: bool = False

    @property
    def setting(self) -> str:
        """Name of the setting: with its header or parameter, where the directive sets many."""
        if not is_directive(self.directive.encode()):
            return "directive"
        if self.index and self.named and _PARAMETER.fullmatch(self.first):
            return f"{self.directive}.{self.first.decode()}"
        return self.directive

    @property
    def named(self) -> bool:
        """Whether the first argument names what the others set."""
        return bool(re.search(r"_param$|_header$|^more_set_|^set$|^env$", self.directive))


def is_directive(name: bytes) -> bool:
    """Tell whether a word is the name of a directive of nginx or of a usual module."""
    return name.decode("latin-1") in _DIRECTIVES or bool(_DIRECTIVE_FAMILIES.fullmatch(name))


def judge_argument(place: Place, value: bytes, known: Known) -> Allowed | None:
    """Say by which rule an argument may leave, or None where it may not.

    Args:
        place: Where it stands.
        value: The argument without quotes; not empty.
        known: What is known of the server.
    """
    if place.data:
        return _judge_entry(place, value)
    if not is_directive(place.directive.encode("latin-1")):
        return Allowed.SWITCH if fits(value, Allowed.SWITCH) else None
    if place.index == 0 and place.named:
        fine = _PARAMETER.fullmatch(value) and fits(value, Allowed.NAME)
        return Allowed.NAME if fine else None
    if place.directive == "log_format" and place.index > 0:
        return Allowed.FORMAT if _is_log_format(value) else None
    return _judge_value(place, value, known)


def _judge_value(place: Place, value: bytes, known: Known) -> Allowed | None:
    choice = _CHOICES.get(place.directive)
    listed = value in {b"always", b"if_not_empty"} or (choice and choice.fullmatch(value))
    if listed and fits(value, Allowed.CHOICE):
        return Allowed.CHOICE
    if place.directive.endswith("_pass") and _is_upstream(value, known):
        return Allowed.CHOICE
    secret = is_secret(place.setting) and place.directive != "if"
    named = place.index > 0 and place.named
    guesses = (
        (Allowed.SWITCH, fits(value, Allowed.SWITCH)),
        (Allowed.VARIABLE, b"$" in value and not secret and fits(value, Allowed.VARIABLE)
         and not _WORDS.search(_VARIABLE.sub(b"", value).decode("latin-1"))),
        (Allowed.PATH, _PATHS.match(place.directive) and _is_path(place.directive, value, known)),
        (Allowed.NUMBER, not secret and _NUMBER.fullmatch(value)),
        (Allowed.CHOICE, not secret and not named and value in _FLAGS),
        (Allowed.CHOICE, not secret and not named and _is_option(value)),
        (Allowed.CHOICE, not secret and named and _is_parameter(place, value)),
        (Allowed.CHOICE, not secret and place.directive in _ROUTES and _is_route(value, known)),
    )  # fmt: skip
    return next((rule for rule, holds in guesses if holds), None)


def _judge_entry(place: Place, value: bytes) -> Allowed | None:
    if place.directive == "types":
        fine = re.fullmatch(_MIME + rb"|[a-z0-9]{1,10}", value)
        return Allowed.CHOICE if fine else None
    if value in {b"default", b"hostnames", b"volatile"}:
        return Allowed.CHOICE
    if fits(value, Allowed.SWITCH):
        return Allowed.SWITCH
    if re.fullmatch(rb"[0-9]{1,3}", value):
        return Allowed.NUMBER
    return Allowed.VARIABLE if _VARIABLE.fullmatch(value) else None


def _is_upstream(value: bytes, known: Known) -> bool:
    """Tell whether it names a group of servers of this configuration, and a path without values."""
    found = re.fullmatch(rb"(?:https?://)?([a-z_]{1,30})(?:/|(?:\$[a-z_]{1,30}){1,3})?", value)
    return found is not None and found[1].decode() in known.upstreams


def _is_path(directive: str, value: bytes, known: Known) -> bool:
    # Where a socket may stand, so may an address, whose numbers are words of any path.
    if _TALKS.fullmatch(directive) and not value.startswith((b"unix:/", b"/")):
        return False
    return is_known_path(value if b"/" in value else b"/" + value, known) and fits(
        value, Allowed.PATH
    )


def _is_option(value: bytes) -> bool:
    """Tell whether it is ``name=value`` with a value that says nothing."""
    found = _OPTION.fullmatch(value)
    if found is None or is_secret(found[1].decode()):
        return False
    inner = found[2]
    if found[1] in {b"zone", b"keys_zone"}:
        return re.fullmatch(rb"[a-z_]{1,30}(?::[0-9]{1,6}[kmg]?)?", inner) is not None
    return bool(
        _NUMBER.fullmatch(inner)
        or fits(inner, Allowed.SWITCH)
        or re.fullmatch(rb"[0-9:]{3,8}", inner)
    )


def _is_parameter(place: Place, value: bytes) -> bool:
    """Tell whether it is a usual value of a header or a CGI parameter."""
    if place.directive.endswith("_param"):
        environment = re.search(rb"ENV(?:IRONMENT)?$", place.first)
        usual = _ENVIRONMENTS if environment else _CGI
        return re.fullmatch(usual, value) is not None
    return _HEADER_VALUES.fullmatch(value) is not None


def _is_route(value: bytes, known: Known) -> bool:
    """Tell whether a route, or an expression about routes, is made of well-known words."""
    if not fits(value, Allowed.CHOICE):
        return False
    plain = _VARIABLE.sub(b" ", value).decode()
    if re.search(r"[0-9]{5}|://", plain):
        return False
    return all(
        word.lower() in known.words or word.lower() in _ROUTE_WORDS
        for word in _WORDS.findall(plain)
    )


def _is_log_format(value: bytes) -> bool:
    if not fits(value, Allowed.FORMAT):
        return False
    plain = _VARIABLE.sub(b" ", value).decode()
    return not re.search(r"[0-9]{5}", plain) and all(
        word.lower() in _LOG_WORDS for word in _WORDS.findall(plain)
    )
