"""nginx's settings as the image can run them, and the port that the application is served at. Pure.

Certificates, addresses and other servers stay in production: TLS becomes plain HTTP on the same
port (the application is told of HTTPS as before), addresses become all addresses, and what serves
the application answers whatever host is asked for.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.masking.dictionary import word_set
from sandbox.replica.servers.credentials import PLACEHOLDER, Filled
from sandbox.replica.servers.image_contents import NGINX_FILES, NGINX_MODULES
from sandbox.replica.servers.nginx_listen import Listening, settle_listening
from sandbox.replica.servers.nginx_tree import NginxTree, Statement, Visit, statements
from sandbox.replica.servers.notes import Notes
from sandbox.replica.servers.php_pools import ACCOUNT, Pools
from sandbox.replica.servers.roles import included, nginx_main

HOME = "/etc/nginx"
_MISSING_MODULES = re.compile(
    r"brotli(?:_.*)?|more_(?:set|clear)_.*|geoip2?(?:_.*)?|image_filter(?:_.*)?|perl(?:_.*)?"
    r"|.*lua.*|xslt?_.*|xml_entities|js_.*|modsecurity.*|pagespeed.*|passenger_.*|vhost_traffic.*"
    r"|auth_pam.*|auth_ldap.*|upload_.*|fancyindex.*|dav_ext.*|.*_cache_purge|upstream_fair|nchan_.*"
    r"|set_(?:unescape|escape|quote|md5|sha1|hex|encode|decode|random|hmac)_?.*|zstd.*|otel.*"
    r"|sticky.*|health_check|status_zone|vts_.*|redis.*|memc_.*|srcache_.*|opentracing.*|ntlm|queue"
)
_TLS = re.compile(
    r"ssl|(?:ssl|proxy_ssl|grpc_ssl|uwsgi_ssl)_(?:certificate(?:_key)?|trusted_certificate|crl"
    r"|password_file)|ssl_(?:client_certificate|dhparam|stapling.*|verify_.*|session_ticket_key"
    r"|ocsp.*|reject_handshake|early_data|conf_command)|http2|http3(?:_.*)?|quic_.*|http2_.*"
)
_SILENT = word_set(
    "daemon master_process lock_file server_names_hash_bucket_size worker_cpu_affinity "
    "worker_priority"
)
_AUTHENTICATION = word_set("auth_basic auth_basic_user_file auth_request auth_jwt")
# Directives that take any text: a placeholder in them is filled.
_FREE = word_set(
    "server_name location rewrite return try_files error_page add_header set if fastcgi_param "
    "proxy_set_header proxy_pass fastcgi_pass uwsgi_pass scgi_pass grpc_pass log_format index "
    "fastcgi_index alias proxy_redirect sub_filter default_type add_trailer upstream server map "
    "valid_referers access_log error_log root"
)
_PASSES = word_set("proxy_pass uwsgi_pass scgi_pass grpc_pass memcached_pass")


@dataclass(slots=True)
class NginxSettings:
    """nginx's settings of a server.

    Attributes:
        files: By the path that the image has them at.
        port: The port that the application is served at; 0 where nothing serves it.
        roots: Folders that its servers serve, that of the application first.
    """

    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    port: int = 0
    roots: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Work:
    tree: NginxTree
    filled: Filled
    public: str
    pools: Pools
    notes: Notes
    log_formats: list[bytes]


def plan_nginx(
    files: Mapping[str, bytes], filled: Filled, public: str, pools: Pools, notes: Notes
) -> NginxSettings:
    """Give nginx's settings for the image; without a port where they serve no application.

    Args:
        files: Captured files of nginx, by path.
        filled: Values for placeholders.
        public: Folder that is served where the root did not leave production.
        pools: php-fpm's pools.
        notes: Hears of logs, folders and what is left out.
    """
    main = nginx_main(files)
    if not main:
        return NginxSettings()
    moved, main = _at_home(files, main)
    tree = NginxTree(moved, main)
    work = _Work(tree, filled, public, pools, notes, _unknown_formats(tree))
    listening = settle_listening(tree, notes)
    if not listening.port:
        return NginxSettings()
    for visit in tree.visits:
        _change(visit, work)
    _settle_pools(work)
    texts = tree.result()
    unused = {path for path, text in texts.items() if not statements(path, text)}
    return NginxSettings(
        {path: filled.in_text(text) for path, text in texts.items() if path not in unused},
        listening.port,
        _roots(tree, listening, public),
    )


def _at_home(files: Mapping[str, bytes], main: str) -> tuple[dict[str, bytes], str]:
    """Move files to where nginx of the image looks for them."""
    home = posixpath.dirname(main)
    if home == HOME:
        return dict(files), main
    moved: dict[str, bytes] = {}
    for path, text in files.items():
        inside = path.startswith(f"{home}/")
        place = HOME + path.removeprefix(home) if inside else path
        # Whole paths of includes and logs name the old place.
        moved[place] = re.sub(
            rb"(include\s+[\"']?)" + re.escape(home.encode()) + rb"/", rb"\1/etc/nginx/", text
        )
    return moved, f"{HOME}/nginx.conf"


def _unknown_formats(tree: NginxTree) -> list[bytes]:
    return [
        one.statement.words[1]
        for one in tree.visits
        if one.statement.name == "log_format"
        and len(one.statement.words) > 1
        and PLACEHOLDER.fullmatch(one.statement.words[1])
    ]


def _change(visit: Visit, work: _Work) -> None:
    """Change one statement as far as that is needed."""
    statement, tree = visit.statement, work.tree
    name = statement.name
    if name in {"stream", "mail", "rtmp"} and not visit.blocks and statement.is_block:
        work.notes.differs(f"{_place(statement)}: {name} is left out: the image has no such module")
        tree.drop(statement)
    elif name in _SILENT:
        tree.drop(statement)
    elif name == "load_module":
        _module(statement, work)
    elif _TLS.fullmatch(name):
        tree.drop(statement)
    elif name in _AUTHENTICATION:
        work.notes.differs(f"{_place(statement)}: {name} is left out: nobody has to log in here")
        tree.drop(statement)
    elif _MISSING_MODULES.fullmatch(name):
        work.notes.differs(f"{_place(statement)}: {name} is left out: the image has no such module")
        tree.drop(statement)
    elif name == "user" and not visit.blocks:
        tree.replace(statement, f"user {ACCOUNT};".encode())
    elif name == "pid":
        tree.replace(statement, b"pid /run/nginx.pid;")
    elif name == "include":
        _include(statement, work)
    elif name in {"access_log", "error_log"}:
        _log(statement, work)
    else:
        _change_value(visit, work)


def _module(statement: Statement, work: _Work) -> None:
    path = statement.words[-1].decode("latin-1")
    module = posixpath.basename(path).removesuffix(".so")
    if module in NGINX_MODULES:
        work.tree.replace(statement, f"load_module modules/{module}.so;".encode())
        return
    work.tree.drop(statement)
    shown = module if re.fullmatch(r"[a-z0-9_]{1,60}", module) else "of another name"
    work.notes.differs(f"nginx's module {shown} is not in the image")


def _include(statement: Statement, work: _Work) -> None:
    pattern = b" ".join(statement.arguments).decode("latin-1")
    whole = posixpath.join(HOME, pattern)
    if re.search(r"[*?\[]", pattern) or whole in NGINX_FILES:
        return
    if not included(pattern, work.tree.main, work.tree.files):
        work.tree.drop(statement)
        shown = "a file" if PLACEHOLDER.search(pattern.encode("latin-1")) else pattern
        work.notes.differs(f"{_place(statement)}: {shown} is not included: it was not captured")


def _log(statement: Statement, work: _Work) -> None:
    if not statement.arguments:
        return
    place = work.filled.in_text(statement.words[1]).decode("latin-1")
    if place.startswith("syslog:"):
        kept = b"error_log /dev/stderr;" if statement.name == "error_log" else b""
        work.tree.replace(statement, kept)
        work.notes.differs(f"{_place(statement)}: there is no syslog")
        return
    if place != "off" and "$" not in place:
        if not place.startswith(("/", "stderr", "memory:")):
            place = posixpath.join("/usr/share/nginx", place)
        work.notes.log(place, f"nginx-{statement.name.removesuffix('_log')}")
    for index, word in enumerate(statement.words[2:], 2):
        if PLACEHOLDER.search(word):
            # Equal names of formats have lost their equality; one alone must be it.
            alone = work.log_formats[0] if len(set(work.log_formats)) == 1 else b"combined"
            if len(set(work.log_formats)) != 1 or index > 2:
                work.notes.differs(f"{_place(statement)}: the log's format stayed in production")
            work.tree.set_word(statement, index, alone)


def _change_value(visit: Visit, work: _Work) -> None:
    statement, tree = visit.statement, work.tree
    name = statement.name
    parent = visit.parent.name if visit.parent else ""
    secret = any(PLACEHOLDER.search(word) for word in statement.words)
    if re.fullmatch(r".*_(?:temp|cache)_path", name) and len(statement.words) > 1:
        place = work.filled.in_text(statement.words[1]).decode("latin-1")
        work.notes.folder(place)
    if name == "root" and secret:
        work.notes.differs(f"{_place(statement)}: root is {work.public}, as far as can be told")
        tree.set_word(statement, 1, work.public.encode())
    elif name == "resolver":
        tree.replace(statement, b"resolver 127.0.0.11;")
    elif name == "set_real_ip_from" and secret:
        tree.replace(statement, b"set_real_ip_from 0.0.0.0/0;")
    elif name in {"allow", "deny"}:
        _allow(visit, work)
    elif not secret:
        return
    elif name == "if" and not statement.words[-1].endswith(b")"):
        _leave_out(statement, work)
    elif (name == "server" and parent == "upstream") or name in _PASSES:
        _other_server(statement, work)
    elif parent not in {"map", "types"} and name not in _FREE:
        _leave_out(statement, work)
    elif name in {"location", "rewrite", "if", "try_files"}:
        work.notes.differs(f"{_place(statement)}: what {name} compares with stayed in production")


def _leave_out(statement: Statement, work: _Work) -> None:
    name = "a directive" if PLACEHOLDER.search(statement.words[0]) else statement.name
    work.notes.differs(f"{_place(statement)}: {name} is left out: its value stayed in production")
    work.tree.drop(statement)


def _allow(visit: Visit, work: _Work) -> None:
    """Let everybody in where somebody is let in whom we do not know."""
    siblings = visit.parent.children if visit.parent else ()
    unknown = any(
        one.name in {"allow", "deny"} and any(PLACEHOLDER.search(word) for word in one.words)
        for one in siblings
    )
    if unknown:
        work.notes.differs(f"{visit.statement.path}: whom nginx lets in stayed in production")
        work.tree.drop(visit.statement)


def _other_server(statement: Statement, work: _Work) -> None:
    value = work.filled.in_text(statement.words[1])
    known = re.fullmatch(rb"(?:(https?|grpc)://)?[a-z0-9.-]+\.[a-z]+(?::[0-9]+)?/?", value)
    if known is None:
        name = f"{statement.name.replace('_', '-')}.sink.example".encode()
        value = b"http://" + name if statement.name == "proxy_pass" else name
    if statement.name != "proxy_pass":
        value = value.partition(b"://")[2] or value
        value = value.rstrip(b"/") + (b":80" if b":" not in value else b"")
    work.tree.set_word(statement, 1, value.replace(b"https://", b"http://"))


def _settle_pools(work: _Work) -> None:
    """Send requests to the pools where the pools listen."""
    upstreams = {
        visit.statement.arguments[0]: visit.statement
        for visit in work.tree.visits
        if visit.statement.name == "upstream" and visit.statement.arguments
    }
    passes = [v.statement for v in work.tree.visits if v.statement.name == "fastcgi_pass"]
    aims: list[Statement] = []
    for one in passes:
        upstream = upstreams.get(one.words[1]) if len(one.words) > 1 else None
        if upstream is None:
            aims.append(one)
        else:
            aims += [child for child in upstream.children if child.name == "server"]
    places = list(work.pools.listen.values()) or ["/run/php/php-fpm.sock"]
    known = {_address(place) for place in places}
    unknown = dict.fromkeys(one.words[1] for one in aims if len(one.words) > 1)
    lost = [one for one in unknown if _plain(one) not in known]
    free = [place for place in places if _address(place) not in {_plain(one) for one in unknown}]
    for statement in dict.fromkeys(aims):
        if len(statement.words) > 1 and statement.words[1] in lost:
            index = lost.index(statement.words[1])
            place = (free or places)[min(index, len(free or places) - 1)]
            work.tree.set_word(statement, 1, pass_target(place).encode())
    if len(lost) > 1 and len(places) > 1:
        work.notes.differs("which pool of php-fpm serves what had to be guessed")


def _plain(target: bytes) -> str:
    return _address(target.decode("latin-1").removeprefix("unix:"))


def _address(place: str) -> str:
    """Give an address in one spelling: a port alone is one of this machine."""
    plain = place.removeprefix("/var/run/").removeprefix("/run/")
    if plain.isdigit():
        return f"127.0.0.1:{plain}"
    return re.sub(r"^(?:localhost|\[::1?\]|0\.0\.0\.0|\*):", "127.0.0.1:", plain)


def pass_target(place: str) -> str:
    """Give a pool's place to listen at as nginx names it."""
    if place.startswith("/"):
        return f"unix:{place}"
    return _address(place)


def _roots(tree: NginxTree, listening: Listening, public: str) -> list[str]:
    """Give the folders that are served, those of the application's own server first."""
    app = listening.application
    own: list[str] = []
    others: list[str] = []
    for visit in tree.visits:
        if visit.statement.name == "root" and visit.statement.arguments:
            value = visit.statement.arguments[0]
            place = public if PLACEHOLDER.search(value) else value.decode("latin-1")
            if place.startswith("/") and "$" not in place:
                (own if app in visit.blocks else others).append(place.rstrip("/") or "/")
    return list(dict.fromkeys([*own, *others]))


def _place(statement: Statement) -> str:
    return f"{statement.path}:{statement.line}"
