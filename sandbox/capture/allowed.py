"""The allow-list: settings whose values may leave a server as they are.

Everything that is not on it becomes a placeholder, so that a setting nobody thought of is safe.
Where a name speaks of a secret, its value stays behind whatever it looks like. What may leave:
switches, short numbers, what a known setting of PHP, php-fpm or Zend is known to take, and paths
made of the release, of captured files and of well-known words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sandbox.capture.archive import ServerCapture
from sandbox.capture.nginx import directives
from sandbox.masking.dictionary import split_camel, word_set
from sandbox.masking.secret_names import is_secret_name
from sandbox.masking.segments import Allowed, fits


@dataclass(frozen=True)
class Known:
    """What is known of a server beyond the setting that is judged.

    Attributes:
        release: Folder of the release; empty where it is unknown.
        paths: Absolute paths of captured settings and logs.
        tree: Files of the release, relative to it.
        upstreams: Names that nginx's configuration gives to groups of servers.
        vocabulary: Words of the application's source.
    """

    release: str = ""
    paths: frozenset[str] = frozenset()
    tree: frozenset[str] = field(default=frozenset(), repr=False)
    upstreams: frozenset[str] = frozenset()
    vocabulary: frozenset[str] = field(default=frozenset(), repr=False)

    @classmethod
    def of(cls, capture: ServerCapture) -> Known:
        """Take what matters here from a capture."""
        return cls(
            capture.facts.get("release.path", ""),
            frozenset(capture.files) | frozenset(capture.logs),
            frozenset(capture.release),
            frozenset(
                one.arguments[0]
                for path, content in capture.files.items()
                if capture.roles.get(path) == "nginx"
                for one in directives(content)
                if one.name == "upstream" and one.arguments
            ),
            capture.vocabulary,
        )

    @cached_property
    def words(self) -> frozenset[str]:
        """Words that a path or a route may be made of, in lower case."""
        found: set[str] = set(_PATH_WORDS)
        for source in (*self.vocabulary, *self.tree, self.release):
            found |= {word.lower() for word in _WORDS.findall(source)}
        return frozenset(found)


_WORDS = re.compile(r"[A-Za-z]+")
_PATH_WORDS = word_set(
    "access alternatives apache api app application apps assets bin bootstrap bundle ca cache "
    "cert certificates certs cgi cli com common conf config configs crt css current data "
    "default dev doc domain env errors error etc favicon fastcgi fd fonts fpm gif health home "
    "htdocs html http https ico image images img include includes index ini java javascript "
    "jpeg jpg js json lib library local lock log logs mail main map media mime mod modules "
    "mysql mysqld nginx null opt params pem php pid ping pool png d proc public releases robots "
    "root rtmp run scgi sendmail session sessions share shared site sites enabled available "
    "slow snippets sock socket spool src srv ssl static status stderr stdout storage svg sys "
    "tmp tmpfs txt upload uploads usr uwsgi var vendor views web webp well known woff www xml "
    "yaml zend zoneinfo self x so"
)

# Of settings that are called so nothing leaves either: a placeholder does no harm.
_NEAR_SECRETS = word_set(
    "auth authentication cert certificate cookie crypt encryption hash hmac iv key license licence "
    "nonce oauth private seed sign signature signing webhook"
)
_NGINX_PASS = re.compile(r"(?:proxy|fastcgi|uwsgi|scgi|grpc|memcached)_pass")
_KINDS = (
    ("url", re.compile(r"(?<![a-z])(?:url|uri|endpoint|wsdl|dsn|proxy|baseurl|callback)(?![a-z])")),
    ("user", re.compile(r"(?<![a-z])(?:user|username|login|account|uid|owner)(?![a-z])")),
    ("host", re.compile(r"(?<![a-z])(?:host|hosts|hostname|server|servers|servername|domain|ip"
                        r"|address|smtp|relay)(?![a-z])")),
    ("mail", re.compile(r"(?<![a-z])(?:mail|email|from|recipient|to|cc|bcc)(?![a-z])")),
    ("database", re.compile(r"(?<![a-z])(?:dbname|database|schema)(?![a-z])")),
    ("path", re.compile(r"(?<![a-z])(?:path|dir|directory|file|folder|root)(?![a-z])")),
)  # fmt: skip

_NUMBER = re.compile(rb"[+-]?[0-9]{1,6}(?:\.[0-9]{1,6})?(?:[kKmMgGsShdw%]|ms|kb|mb)?")
_COUNTS = re.compile(r"limit|size|reporting|lifetime|memory|stack|precision|files$")
_PHP_NUMBER = re.compile(rb"-?[0-9]{1,12}[kKmMgG]?")
_LOOPBACK = re.compile(rb"(?:localhost|127\.0\.0\.1|\[::1?\]|::1?|0\.0\.0\.0|\*)(?::[0-9]{1,5})?")
_CHARSET = (
    rb"(?i:utf-?8(?:mb[34])?|utf-?16|ucs-?2|latin[1-9]|iso-?8859-?[0-9]{1,2}|(?:us-)?ascii|binary"
    rb"|(?:cp|windows-)[0-9]{3,4}|koi8-?[ru]|big5|gb[0-9k]{1,5}|sjis|euc[a-z-]{2,4})"
)
_CLASS = rb"[A-Za-z_\\][A-Za-z0-9_\\]{0,80}"
_SERVICE_USERS = rb"www-data|www|nginx|apache|httpd|http|nobody|root|php-fpm|daemon"


def _patterns(given: Mapping[str, bytes]) -> dict[str, re.Pattern[bytes]]:
    """Spread patterns over the settings that share them."""
    return {name: re.compile(pattern) for names, pattern in given.items() for name in names.split()}


# Settings of PHP and php-fpm whose values are words; numbers and switches need no entry.
_PHP = _patterns({
    "error_reporting": rb"[A-Z_0-9&|^~! ()-]{1,200}",
    "date.timezone": rb"[A-Za-z]{2,20}(?:/[A-Za-z_+-]{2,30}){0,2}[0-9+-]{0,3}",
    "default_charset internal_encoding input_encoding output_encoding iconv.input_encoding "
    "iconv.output_encoding iconv.internal_encoding mbstring.http_input mbstring.http_output "
    "mbstring.internal_encoding mbstring.detect_order exif.encode_unicode exif.encode_jis "
    "exif.decode_unicode_motorola exif.decode_unicode_intel exif.decode_jis_motorola "
    "exif.decode_jis_intel zend.script_encoding": rb"[A-Za-z0-9_, -]{1,60}",
    "mbstring.language mbstring.substitute_character": rb"[A-Za-z]{1,20}",
    "default_mimetype mbstring.http_output_conv_mimetypes": rb"[a-z0-9/^().|+\\-]{1,60}",
    "disable_functions disable_classes": rb"[A-Za-z0-9_, ]{1,4000}",
    "variables_order request_order": rb"[EGPCS]{1,5}",
    "session.save_handler": rb"files|user|memcached?|redis|rediscluster|sqlite|mm",
    "session.name": rb"[A-Za-z]{1,32}",
    "session.serialize_handler": rb"php|php_binary|php_serialize|wddx|igbinary|msgpack",
    "session.cookie_samesite": rb"Strict|Lax|None",
    "session.cache_limiter": rb"public|private|private_no_expire|nocache",
    "session.cookie_path": rb"/",
    "session.trans_sid_tags url_rewriter.tags": rb"[a-z=,]{1,120}",
    "session.hash_function": rb"[a-z0-9]{1,12}",
    "opcache.jit": rb"[a-z]{1,12}|[0-9]{1,4}",
    "opcache.optimization_level": rb"0x[0-9A-Fa-f]{1,8}",
    "opcache.jit_buffer_size opcache.memory_consumption": rb"[0-9]{1,12}[kKmMgG]?",
    "highlight.comment highlight.default highlight.html highlight.keyword "
    "highlight.string": rb"#[0-9A-Fa-f]{6}",
    "arg_separator.input arg_separator.output": rb"[&;]|&amp;|[&;]{2}",
    "extension zend_extension":
        rb"(?:/usr/lib(?:64)?/[A-Za-z0-9_./+-]{1,80}/)?[A-Za-z0-9_]{1,40}(?:\.so)?",
    "sendmail_path": rb"/usr/s?bin/[a-z-]{1,20}(?: -[a-z]{1,2}){0,4}",
    "session.entropy_file": rb"/dev/u?random",
    "intl.default_locale": rb"[A-Za-z_-]{2,12}",
    "session.upload_progress.name": rb"PHP_SESSION_UPLOAD_PROGRESS",
    "session.upload_progress.prefix": rb"upload_progress_",
    "syslog.facility": rb"LOG_[A-Z0-9]{2,10}|[a-z0-9]{2,10}",
    "syslog.filter": rb"all|no-ctrl|ascii|raw",
    "error_log": rb"syslog",
    "user_ini.filename": rb"\.user\.ini",
    "extension_dir": rb"/usr/(?:local/)?lib(?:64)?/php/?[A-Za-z0-9_./-]{0,60}",
    "filter.default": rb"unsafe_raw|string|full_special_chars|special_chars",
    "syslog.ident": rb"php(?:-fpm)?",
    "cli.prompt": rb"\\+b \\+> ",
    "ffi.enable": rb"preload",
    "browscap phar.require_hash": rb"[01]",
    "pm": rb"static|dynamic|ondemand",
    "user group listen.owner listen.group": _SERVICE_USERS,
    "listen": rb"(?:127\.0\.0\.1:|\[::1\]:)?[0-9]{1,5}",
    "listen.allowed_clients": rb"127\.0\.0\.1(?:, ?::1)?",
    "security.limit_extensions": rb"(?:\.[a-z0-9]{1,6}[ ,]*){1,8}",
    "log_level": rb"alert|error|warning|notice|debug",
    "events.mechanism": rb"[a-z/]{4,10}",
    "ping.response": rb"pong",
    "access.format": rb"(?:%(?:\{[A-Za-z_]{1,30}\})?[A-Za-z%]|[ \[\]\"\\:/_.?-]){1,200}",
})  # fmt: skip

# Settings of applications on Zend Framework, by what their name ends in.
_NAMED = re.compile(_CLASS)  # a class, or the part of its name behind a namespace
_SET_STATEMENT = (
    rb"SET (?:(?:NAMES|CHARACTER SET) '?[a-z0-9]{3,12}'?(?: COLLATE '?[a-z0-9_]{3,40}'?)?"
    rb"|(?:SESSION )?sql_mode ?= ?'[A-Z_,]{0,300}'|(?:SESSION )?time_zone ?= ?'[+0-9:-]{1,6}')"
)
_ZEND_WORDS = word_set(
    "zend pdo mysql mysqli db table stream simple priority file smtp sendmail mock syslog "
    "firephp core output memcached memcache apc apcu redis sqlite two levels black hole static "
    "xml json array ini yaml html html5 xhtml doctype strict transitional session save handler "
    "auth digest native bootstrap acl view layout log writer filter formatter cache backend "
    "frontend page class function controller front action module null stdlib error index "
    "default"
)
_NAMING_CLASSES = (
    r"(?:adapter|type|writername|filtername|formattername|class|classname|namespace"
    r"|writernamespace|filternamespace|formatternamespace|autoloadernamespaces|doctype"
    r"|backend|frontend|savehandler|plugin|plugins|adapternamespace|module|controller"
    r"|defaultmodule|defaultcontroller|defaultaction|action|casefolding)"
)
_ZEND: tuple[tuple[re.Pattern[str], re.Pattern[bytes]], ...] = tuple(
    (
        re.compile(rf"(?:^|[.\[]){name}\]?(?:\[\])?$"),
        _NAMED if name == _NAMING_CLASSES else re.compile(value),
    )
    for name, value in (
        (r"(?:charset|encoding|characterset)", _CHARSET),
        (_NAMING_CLASSES, _NAMED.pattern),
        (r"(?:driver_options|driveroptions)(?:\]?\.?\[?[A-Za-z0-9_:]{1,40})?",
         _SET_STATEMENT),
        (r"sql_?mode", rb"[A-Z_,]{1,300}"),
        (r"(?:locale|language|lang)(?:\.default)?",
         rb"[a-z]{2,3}(?:[_-][A-Za-z]{2,4})?(?:\.[A-Za-z0-9-]{3,8})?"),
        (r"time_?zone", _PHP["date.timezone"].pattern),
        (r"(?:ssl|encryption|secure)", rb"(?i:tls|ssl|starttls)"),
        (r"auth", rb"(?i:login|plain|crammd5)"),
        (r"(?:format|pattern|date_?format)", rb"(?:%[A-Za-z]{1,24}%|[\s:;,|()\[\]<>/\\-])+"),
        (r"currency", rb"[A-Z]{3}"),
        (r"(?:priority|level|log_?level)",
         rb"(?i:emerg|alert|crit|err|error|warn|warning|notice|info|debug)"),
        (r"resources\.session\.name", rb"[A-Za-z]{1,32}"),
    )
)  # fmt: skip


def is_secret(name: str) -> bool:
    """Tell whether a setting is called like a secret, or like what leads to one.

    >>> is_secret("resources.db.params.password"), is_secret("shop.apiKey"), is_secret("keys.max")
    (True, True, False)
    """
    if _NGINX_PASS.fullmatch(name):
        return False
    return is_secret_name(name) or not _NEAR_SECRETS.isdisjoint(split_camel(_spaced(name)))


def kind_of(name: str, value: bytes) -> str:
    """Say what a value is that does not leave: the kind of its placeholder."""
    spaced = _spaced(name)
    guesses = (
        ("password", is_secret(name)),
        ("url", re.match(rb"[a-z][a-z0-9+.-]{1,12}://", value)),
        ("mail", re.fullmatch(rb"[^@\s]+@[^@\s]+", value)),
        *((kind, pattern.search(spaced)) for kind, pattern in _KINDS),
        ("path", value.startswith((b"/", b"unix:/"))),
        ("number", re.fullmatch(rb"[0-9.,+-]+", value)),
    )
    return next((kind for kind, holds in guesses if holds), "text")


def judge(name: str, value: bytes, role: str, known: Known) -> Allowed | None:
    """Say by which rule a value may leave, or None where it may not.

    Args:
        name: Name of the setting, as it stands in the file.
        value: Its value without quotes; not empty.
        role: ``php``, ``fpm`` or ``application``.
        known: What is known of the server.
    """
    inner, role = _inner_setting(name, role)
    lower = inner.lower()
    if role == "application":
        listed = any(
            key.search(lower)
            and one.fullmatch(value)
            and (one is not _NAMED or _is_known(value, known))
            for key, one in _ZEND
        )
    else:
        listed = lower in _PHP and _PHP[lower].fullmatch(value) is not None
    if listed and fits(value, Allowed.CHOICE):
        return Allowed.CHOICE
    if role == "environment" or (is_secret(inner) and lower not in _HARMLESS):
        return None
    host = role != "application" or kind_of(inner, value) == "host"
    guesses = (
        (Allowed.SWITCH, fits(value, Allowed.SWITCH)),
        (Allowed.NUMBER, _NUMBER.fullmatch(value)),
        (Allowed.NUMBER, _COUNTS.search(lower) and _PHP_NUMBER.fullmatch(value)),
        (Allowed.CHOICE, host and _LOOPBACK.fullmatch(value)),
        (Allowed.PATH, is_known_path(value, known)),
    )
    return next((rule for rule, holds in guesses if holds), None)


# Settings of PHP and php-fpm that sound secret and are none.
_HARMLESS = word_set(
    "session.cookie_httponly session.cookie_secure session.cookie_lifetime session.use_cookies "
    "session.use_only_cookies session.hash_bits_per_character session.sid_length "
    "mysqli.allow_local_infile phar.require_hash sql.safe_mode opcache.validate_permission "
    "opcache.interned_strings_buffer session.cookie_path session.cookie_samesite"
)


def is_known_path(value: bytes, known: Known) -> bool:
    """Tell whether a path is of the release, of a captured file, or made of well-known words.

    >>> is_known_path(b"/var/log/php/fpm.log", Known()), is_known_path(b"/srv/meier/x", Known())
    (True, False)
    """
    if b"/" not in value or not fits(value, Allowed.PATH):
        return False
    for one in value.decode().removeprefix("unix:").split(":"):
        inner = one.removeprefix(known.release) if known.release else one
        if one in known.paths or inner.lstrip("/") in known.tree or not inner.strip("/."):
            continue
        if re.search(r"[0-9]{5}", inner):
            return False
        if not all(word.lower() in known.words for word in _WORDS.findall(inner)):
            return False
    return True


def _is_known(value: bytes, known: Known) -> bool:
    """Tell whether a name is made of words of the framework and of the application's source."""
    words = [word.lower() for word in _WORDS.findall(value.decode("ascii"))]
    return all(word in _ZEND_WORDS or word in known.words for word in words)


def _inner_setting(name: str, role: str) -> tuple[str, str]:
    """Give the PHP setting that ``php_admin_value[…]`` or ``phpSettings.…`` names, and its role."""
    if name.startswith("env["):
        return name, "environment"
    if found := re.fullmatch(r"php(?:_admin)?_(?:value|flag)\[([^\]]*)\]", name):
        return found[1], "php"
    if role == "application":
        for prefix, stands_for in (("phpSettings.", ""), ("resources.session.", "session.")):
            if name.startswith(prefix):
                return stands_for + name.removeprefix(prefix), "php"
    return name, role


def _spaced(name: str) -> str:
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
