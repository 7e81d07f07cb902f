"""Plan a web server of the replica: production's settings, at the places that the image reads.

Takes a captured server and the values of its placeholders; gives a `WebServer`. Pure. What cannot
be taken over is told in its `differs`, never passed over.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sandbox.capture.nginx import directives
from sandbox.replica.containers import File
from sandbox.replica.recipes import default_version
from sandbox.replica.servers.application_settings import (
    fill_application,
    fill_user_ini,
    note_folders,
)
from sandbox.replica.servers.captured import CapturedServer
from sandbox.replica.servers.credentials import SCRATCH, Filled
from sandbox.replica.servers.image_contents import (
    NGINX_BROUGHT,
    fpm_folder,
    is_of_the_system,
    nearest_php,
    pool_file,
)
from sandbox.replica.servers.nginx_passes import pass_target
from sandbox.replica.servers.nginx_settings import plan_nginx
from sandbox.replica.servers.notes import SYSTEM_FOLDERS, Notes
from sandbox.replica.servers.php_pools import ACCOUNT, Pools, plan_pools
from sandbox.replica.servers.php_settings import plan_php
from sandbox.replica.servers.roles import NGINX_MAIN
from sandbox.replica.servers.web_server import LogPlace, WebServer

_NOWHERE = "/srv/app"  # the image's own folder for an application
_PUBLIC = ("public", "htdocs", "web", "www", "html", "public_html")
_SITE = """server {{
    listen 80 default_server;
    root {root};
    index index.php;
    access_log /var/log/nginx/access.log combined;
    error_log /var/log/nginx/error.log;

    location / {{
        try_files $uri /index.php$is_args$args;
    }}
    location ~ \\.php$ {{
        include fastcgi_params;
        fastcgi_param SCRIPT_FILENAME $realpath_root$fastcgi_script_name;
        fastcgi_param DOCUMENT_ROOT $realpath_root;
        fastcgi_pass {target};
    }}
}}
"""
_ROTATED = re.compile(r"\.gz$|\.[0-9]{1,3}$|-[0-9]{6,}$")
_USUAL_VARIABLES = re.compile(
    r"PATH|HOME|HOSTNAME|PWD|OLDPWD|USER|LOGNAME|SHELL|SHLVL|TERM|LANG|LANGUAGE|LC_[A-Z]+|TZ|_"
    r"|DEBIAN_FRONTEND|INVOCATION_ID|JOURNAL_STREAM|NOTIFY_SOCKET|SYSTEMD_EXEC_PID|PHPIZE_DEPS"
    r"|PHP_[A-Z0-9_]+|GPG_KEYS"
)


def plan_server(captured: CapturedServer, filled: Filled) -> WebServer:
    """Plan a web server of the replica.

    Args:
        captured: The server as production has it.
        filled: The values of all placeholders, from `fill`.
    """
    notes = Notes()
    php, chosen = _php(captured, notes)
    release = captured.release_path or _guessed_release(captured, notes)
    public = _public(captured, release)
    links = _links(_roots(captured) or [public], release, captured.release)
    places = (release, *(link for link, _ in links))
    pools = plan_pools(chosen.of_role("fpm"), filled, php, places, notes)
    settings = plan_php(_ini_files(chosen), captured.extensions, filled, php, places, notes)
    nginx = plan_nginx(captured.of_role("nginx"), filled, public, pools, notes)
    links = _links(nginx.roots or [public], release, captured.release)
    files = {**pools.files, **settings.files, **nginx.files}
    files |= dict(_application(captured, filled, places, notes))
    if not nginx.port:
        files |= _plain_site(captured, public, pools, notes)
    logs = _logs(captured, notes)
    _tell_environment(captured, notes)
    if any(SCRATCH.encode() in text for text in files.values()):
        notes.folder(SCRATCH)
    removed = [*settings.removed, *_left_behind(captured, php, pools, files)]
    return WebServer(
        name=captured.name,
        php=php,
        files=(*(File(path, text) for path, text in sorted(files.items())), *_empty_logs(logs)),
        removed=tuple(sorted(set(removed) - set(files))),
        release=release,
        links=links,
        folders=tuple(sorted(notes.folders)),
        logs=logs,
        user=ACCOUNT,
        time_zone=captured.facts.get("time.zone", ""),
        locale=captured.facts.get("locale", ""),
        locale_charset=captured.facts.get("locale.charset", ""),
        port=nginx.port or 80,
        differs=tuple(notes.said),
    )


def check_commands(server: WebServer) -> tuple[tuple[str, ...], ...]:
    """Give the commands that say whether the image takes a server's settings.

    nginx asks for the addresses of the hosts that it hands requests to: run them where these have
    one, in the sandbox's own network.
    """
    del server  # both find their settings where the image has them
    return (("nginx", "-t"), ("php-fpm", "--test"))


def _php(captured: CapturedServer, notes: Notes) -> tuple[str, CapturedServer]:
    """Choose the image's PHP, and the settings of the php-fpm that answers."""
    homes = {
        posixpath.dirname(path): path
        for path in captured.of_role("fpm")
        if re.fullmatch(r"php-fpm[0-9.]*\.conf", posixpath.basename(path))
    }
    facts = captured.facts
    version = facts.get("php.fpm.version") or facts.get("php.cli.version", "")
    minor = ".".join(version.split(".")[:2])
    home = next((one for one in homes if minor and f"/{minor}/" in f"{one}/"), "")
    home = home or (sorted(homes) or [""])[-1]
    if not version and (found := re.search(r"/php/([0-9]+\.[0-9]+)(?:/|$)", home)):
        version = minor = found[1]
    php = nearest_php(version)
    if not php:
        php = default_version("php")
        notes.differs(f"php {php}: the capture does not tell production's version")
    elif php != minor:
        notes.differs(f"php {php} (production {version})")
    if len(homes) > 1:
        notes.differs(f"of {len(homes)} php-fpm only that of {home} is here")
    kept = {
        path: text
        for path, text in captured.files.items()
        if captured.roles.get(path) not in {"fpm", "php"}
        or path.endswith("/.user.ini")
        or _home_of(path, homes) in {home, ""}
    }
    return php, replace(captured, files=kept)


def _home_of(path: str, homes: Mapping[str, str]) -> str:
    above = [home for home in homes if path.startswith(f"{home.rstrip('/')}/")]
    return max(above, key=len, default="")


def _ini_files(captured: CapturedServer) -> dict[str, bytes]:
    of_php = captured.of_role("php")
    return {path: text for path, text in of_php.items() if not path.endswith("/.user.ini")}


def _roots(captured: CapturedServer) -> list[str]:
    """Give the folders that captured nginx files serve, in no order of weight."""
    found = [
        one.arguments[0].rstrip("/")
        for text in captured.of_role("nginx").values()
        for one in directives(text)
        if one.name == "root" and one.arguments
    ]
    return [one for one in found if re.fullmatch(r"(?:/[A-Za-z0-9_.+@=,~-]+)+", one)]


def _guessed_release(captured: CapturedServer, notes: Notes) -> str:
    notes.differs("the capture does not tell which folder the release is")
    for root in _roots(captured):
        folder, name = posixpath.split(root)
        plain = folder if name in _PUBLIC else root
        if plain not in SYSTEM_FOLDERS:
            return plain
    return _NOWHERE


def _public(captured: CapturedServer, release: str) -> str:
    """Give the folder of the release that is served, by where its index.php lies."""
    for name in _PUBLIC:
        if f"{name}/index.php" in captured.release:
            return f"{release}/{name}"
    return release if "index.php" in captured.release else f"{release}/public"


def _links(
    roots: Sequence[str], release: str, listed: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Give the link by which the application's root leads to the release, if it needs one."""
    below = f"{release}/"
    if any(f"{root}/".startswith(below) for root in roots):
        return ()
    root = roots[0]
    folder, name = posixpath.split(root)
    inside = name in _PUBLIC or any(path.startswith(f"{name}/") for path in listed)
    if not inside:
        return () if below.startswith(f"{root}/") else ((root, release),)
    if below.startswith(f"{folder}/"):
        return ((root, f"{release}/{name}"),)
    return ((folder, release),)


def _application(
    captured: CapturedServer, filled: Filled, places: tuple[str, ...], notes: Notes
) -> Iterator[tuple[str, bytes]]:
    """Give the application's own settings, and .user.ini files of its folders."""
    for path, text in sorted(captured.files.items()):
        if captured.roles.get(path) == "application":
            if is_of_the_system(path) or not path.endswith((".ini", ".env")):
                notes.differs(f"{path} is left out: no application has its settings there")
                continue
            note_folders(text, places[0], notes)
            yield path, fill_application(text, filled)
        elif path.endswith("/.user.ini") and not is_of_the_system(path):
            yield path, fill_user_ini(text, path, filled, places, notes)


def _tell_environment(captured: CapturedServer, notes: Notes) -> None:
    """Tell of variables that PHP sees in production: their values are in no file."""
    passed_on = any(
        re.search(rb"(?m)^\s*clear_env\s*=\s*(?:no|off|0|false)\b", text)
        for text in captured.of_role("fpm").values()
    )
    names = [
        name
        for name in captured.environment
        if not _USUAL_VARIABLES.fullmatch(name) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)
    ]
    if passed_on and names:
        notes.differs(f"variables that PHP sees in production have no value: {', '.join(names)}")


def _plain_site(
    captured: CapturedServer, public: str, pools: Pools, notes: Notes
) -> dict[str, bytes]:
    """Serve the release where nginx's own settings do not, or were not captured."""
    if captured.of_role("nginx"):
        notes.differs("nginx of production hands nothing to php-fpm: a plain site stands in")
    else:
        notes.differs("nginx's settings were not captured: a plain site stands in")
    notes.log("/var/log/nginx/access.log", "nginx-access")
    notes.log("/var/log/nginx/error.log", "nginx-error")
    listen = (list(pools.listen.values()) or ["/run/php/php-fpm.sock"])[0]
    site = _SITE.format(root=public, target=pass_target(listen))
    return {NGINX_BROUGHT[0]: site.encode()}


def _left_behind(
    captured: CapturedServer, php: str, pools: Pools, files: Mapping[str, bytes]
) -> Iterator[str]:
    """Give the files of the image that would be read beside production's."""
    if f"/etc/nginx/{NGINX_MAIN}" in files:
        yield from NGINX_BROUGHT
    if pools.listen:
        yield pool_file(php)
    ini = f"{fpm_folder(php)}/php.ini"
    unseen = any("php.ini" in one for one in captured.missing)
    if _ini_files(captured) and ini not in files and not unseen:
        yield ini


def _logs(captured: CapturedServer, notes: Notes) -> tuple[LogPlace, ...]:
    """Give the logs that are written here: those captured, but for rotated ones, and all others."""
    configured = list(notes.logs)
    notes.logs.clear()
    for one in captured.logs:
        if not _ROTATED.search(one.path):
            notes.log(one.path, one.kind)
    for one in configured:
        notes.log(one.path, one.kind)
    return tuple(sorted(notes.logs, key=lambda one: one.path))


def _empty_logs(logs: Sequence[LogPlace]) -> Iterator[File]:
    """Give logs that PHP writes in folders that are not its own: they are there from the start."""
    for one in logs:
        ours = one.kind in {"php", "application"}
        if ours and posixpath.dirname(one.path) in SYSTEM_FOLDERS:
            yield File(one.path, b"", 0o666)
