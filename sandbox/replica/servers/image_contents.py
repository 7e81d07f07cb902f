"""What the php image has that a captured server may lack, and the other way round. A table.

It stands beside `docker/php/Dockerfile`; an integration test compares it with the image.
"""

from __future__ import annotations

import posixpath
import re

from sandbox.masking.dictionary import word_set
from sandbox.replica.recipes import versions_of

# Settings by which Debian's packages of the image load extensions, by their place in the order.
_LOADED_FROM = {
    "mysqlnd": "10", "opcache": "10", "pdo": "10", "xml": "15", "bcmath": "20", "calendar": "20",
    "ctype": "20", "curl": "20", "dom": "20", "exif": "20", "ffi": "20", "fileinfo": "20",
    "ftp": "20", "gd": "20", "gettext": "20", "iconv": "20", "intl": "20", "mbstring": "20",
    "mysqli": "20", "pdo_mysql": "20", "phar": "20", "posix": "20", "readline": "20",
    "shmop": "20", "simplexml": "20", "soap": "20", "sockets": "20", "sysvmsg": "20",
    "sysvsem": "20", "sysvshm": "20", "tokenizer": "20", "xmlreader": "20", "xmlwriter": "20",
    "xsl": "20", "zip": "20",
}  # fmt: skip
_ONLY_IN = {"7.4": {"json": "20"}}
# Parts of PHP itself, and of its command line alone.
_BUILT_IN = word_set(
    "core date libxml openssl pcre zlib filter hash json pcntl random reflection spl session "
    "standard sodium cgi-fcgi"
)

#: Modules that nginx of the image can load; others are built in, or not there.
NGINX_MODULES = frozenset({"ngx_http_echo_module"})
#: Files that nginx of the image has beside its own `nginx.conf`.
NGINX_FILES = frozenset(
    f"/etc/nginx/{name}"
    for name in (
        "fastcgi.conf", "fastcgi_params", "koi-utf", "koi-win", "mime.types", "proxy_params",
        "scgi_params", "uwsgi_params", "win-utf", "snippets/fastcgi-php.conf",
    )
)  # fmt: skip
NGINX_BROUGHT = (
    "/etc/nginx/sites-enabled/default",
    "/etc/nginx/modules-enabled/50-mod-http-echo.conf",
)

# What runs in a container, or says how: a bundle has no say in it.
_REFUSED = re.compile(
    r"/(?:bin|sbin|lib|lib32|lib64|boot|dev|proc|sys|run)/.*"
    r"|/usr/(?!local/etc/|local/nginx/|share/).*"
    r"|/etc/(?:passwd|shadow|group|gshadow|hosts|hostname|resolv\.conf|ld\.so.*|sudoers.*|cron.*"
    r"|pam\.d/.*|profile.*|environment|init\.d/.*|systemd/.*|ssh/.*|security/.*|skel/.*)"
    r"|(?:/root|/home/[^/]+)/\..*"
)


def is_of_the_system(path: str) -> bool:
    """Tell whether a file is part of the system that settings of servers have no business with.

    >>> is_of_the_system("/usr/local/bin/start"), is_of_the_system("/etc/nginx/nginx.conf")
    (True, False)
    """
    return _REFUSED.fullmatch(path) is not None


def fpm_folder(php: str) -> str:
    """Give the folder of php-fpm's settings in the image."""
    return f"/etc/php/{php}/fpm"


def pool_file(php: str) -> str:
    """Give the pool that the image brings."""
    return f"{fpm_folder(php)}/pool.d/www.conf"


def extension_files(php: str) -> dict[str, str]:
    """Give the extensions that the image loads by a settings file, with that file's path."""
    loaded = _LOADED_FROM | _ONLY_IN.get(php, {})
    return {
        name: f"{fpm_folder(php)}/conf.d/{number}-{name}.ini" for name, number in loaded.items()
    }


def is_built_in(extension: str, php: str) -> bool:
    """Tell whether PHP of the image has an extension without loading it."""
    return extension in _BUILT_IN and extension not in extension_files(php)


def extension_name(value: str) -> str:
    """Give the name of an extension as a setting or a list of extensions has it.

    >>> extension_name("/usr/lib/php/20220829/xsl.so"), extension_name("Zend OPcache")
    ('xsl', 'opcache')
    """
    name = posixpath.basename(value.strip().strip("\"'")).lower()
    return name.removesuffix(".so").removeprefix("php_").removeprefix("zend ")


def nearest_php(version: str) -> str:
    """Give the packaged version of PHP that comes nearest to a server's.

    The same minor version, else the next newer one, else the newest. Empty for one that is no
    version.

    >>> nearest_php("8.2.12"), nearest_php("8.1.2"), nearest_php("9.0"), nearest_php("")
    ('8.2', '8.2', '8.4', '')
    """
    wanted = _minor(version)
    if wanted is None:
        return ""
    packaged = sorted((found, one) for one in versions_of("php") if (found := _minor(one)))
    return next((one for found, one in packaged if found >= wanted), packaged[-1][1])


def _minor(version: str) -> tuple[int, int] | None:
    found = re.match(r"([0-9]{1,3})\.([0-9]{1,3})(?![0-9])", version)
    return (int(found[1]), int(found[2])) if found else None
