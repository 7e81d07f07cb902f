"""Tell what each settings file of a server is. Pure: a bundle holds paths and texts, no roles.

nginx's files are those that its main file includes, with what they include in turn; php-fpm's and
PHP's are told by the usual names of files and folders; all others are the application's.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from sandbox.capture.nginx import directives

NGINX_MAIN = "nginx.conf"
_FPM = re.compile(r"/php-fpm[0-9.]*\.conf$|/(?:pool\.d|php-fpm\.d|fpm\.d)/[^/]+\.conf$")
_PHP = re.compile(r"/php(?:-fpm)?[0-9.]*\.ini$|/(?:conf\.d|php\.d)/[^/]+\.ini$|/\.user\.ini$")
_NGINX = re.compile(r"/(?:nginx|openresty)/.*(?<!\.ini)(?<!\.env)$")
_MOST_INCLUDES = 2_000


def roles_of(files: Mapping[str, bytes], release: str = "") -> dict[str, str]:
    """Give the role of every settings file by its path."""
    of_nginx = nginx_files(files)
    roles = {}
    for path in files:
        in_release = bool(release) and path.startswith(f"{release.rstrip('/')}/")
        if path in of_nginx:
            roles[path] = "nginx"
        elif _FPM.search(path) and not in_release:
            roles[path] = "fpm"
        elif path.endswith("/.user.ini") or (_PHP.search(path) and not in_release):
            roles[path] = "php"
        elif _NGINX.search(path) and not in_release:
            roles[path] = "nginx"
        else:
            roles[path] = "application"
    return roles


def nginx_main(files: Iterable[str]) -> str:
    """Give nginx's main file; empty where it was not captured."""
    mains = sorted(path for path in files if posixpath.basename(path) == NGINX_MAIN)
    return "/etc/nginx/nginx.conf" if "/etc/nginx/nginx.conf" in mains else (mains or [""])[0]


def nginx_files(files: Mapping[str, bytes]) -> frozenset[str]:
    """Give nginx's main file and all that it includes, directly or not."""
    main = nginx_main(files)
    found: set[str] = set()
    waiting = [main] if main else []
    includes = 0
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        for one in directives(files[path]):
            if one.name == "include" and one.arguments:
                includes += 1
                if includes <= _MOST_INCLUDES:
                    waiting += included(one.arguments[0], main, files)
    return frozenset(found)


def included(pattern: str, main: str, files: Iterable[str]) -> list[str]:
    """Give the captured files that an include of nginx means."""
    whole = posixpath.join(posixpath.dirname(main), pattern)
    if not re.search(r"[*?\[]", whole):
        return [path for path in files if path == whole]
    depth = whole.count("/")
    return [path for path in files if path.count("/") == depth and fnmatchcase(path, whole)]
