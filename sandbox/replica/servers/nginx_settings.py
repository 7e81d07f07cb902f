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
from sandbox.replica.servers.image_contents import (
    NGINX_FILES,
    NGINX_MODULES,
    is_of_the_system,
)
from sandbox.replica.servers.nginx_listen import Listening, settle_listening
from sandbox.replica.servers.nginx_passes import RESOLVER, settle_other_servers, settle_pools
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
_SCRATCH_PATH = re.compile(r".*_(?:temp|cache)_path")
_WITH_FORMAT = 3  # words of a log's directive with a format and no more


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
    for path in [path for path in moved if is_of_the_system(path)]:
        del moved[path]
        notes.differs(f"{path} is left out: no server has its settings there")
    tree = NginxTree(moved, main)
    work = _Work(tree, filled, public, pools, notes, _unknown_formats(tree))
    listening = settle_listening(tree, notes)
    if not listening.port:
        return NginxSettings()
    for visit in tree.visits:
        _change(visit, work)
    settle_pools(tree, pools, notes)
    settle_other_servers(tree, notes)
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
    if name == "listen":
        return  # `settle_listening` has seen to it
    if name in _SILENT or _TLS.fullmatch(name):
        tree.drop(statement)
    elif why := _why_not(visit):
        work.notes.differs(f"{_place(statement)}: {name} is left out: {why}")
        tree.drop(statement)
    elif name == "load_module":
        _module(statement, work)
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


def _why_not(visit: Visit) -> str:
    """Say why the image cannot run with a directive; nothing where it can."""
    statement = visit.statement
    if statement.name in _AUTHENTICATION:
        return "nobody has to log in here"
    foreign = statement.name in {"stream", "mail", "rtmp"} and not visit.blocks
    if (foreign and statement.is_block) or _MISSING_MODULES.fullmatch(statement.name):
        return "the image has no such module"
    return ""


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
    if any(PLACEHOLDER.search(word) for word in statement.words[2:]):
        # Equal names of formats are no longer seen to be equal; one alone must be it.
        known = work.log_formats[0] if len(set(work.log_formats)) == 1 else b"combined"
        if known == b"combined" or len(statement.words) > _WITH_FORMAT:
            work.notes.differs(f"{_place(statement)}: the log's format stayed in production")
        line = b"access_log %s %s;" % (statement.words[1], known)
        work.tree.replace(statement, line)


def _change_value(visit: Visit, work: _Work) -> None:
    statement, tree = visit.statement, work.tree
    name = statement.name
    secret = any(PLACEHOLDER.search(word) for word in statement.words)
    if _SCRATCH_PATH.fullmatch(name) and len(statement.words) > 1:
        work.notes.folder(work.filled.in_text(statement.words[1]).decode("latin-1"))
    if name == "resolver":
        tree.replace(statement, RESOLVER)
    elif name in {"allow", "deny"}:
        _allow(visit, work)
    elif not secret:
        return
    elif name == "root":
        work.notes.differs(f"{_place(statement)}: root is {work.public}, as far as can be told")
        tree.set_word(statement, 1, work.public.encode())
    elif name == "set_real_ip_from":
        tree.replace(statement, b"set_real_ip_from 0.0.0.0/0;")
    else:
        _fill_or_leave_out(visit, work)


def _fill_or_leave_out(visit: Visit, work: _Work) -> None:
    """Let a directive be filled that takes any text; others would not be understood."""
    statement = visit.statement
    name = statement.name
    is_data = visit.parent is not None and visit.parent.name in {"map", "types"}
    cut = name == "if" and not statement.words[-1].endswith(b")")
    if cut or (name not in _FREE and not is_data):
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
