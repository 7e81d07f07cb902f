"""A web server of the replica as it will run: the captured one, with sandbox values filled in."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.replica.containers import File


@dataclass(frozen=True, slots=True)
class LogPlace:
    """A log that the server writes.

    Attributes:
        path: Where, on the server.
        kind: ``nginx-access``, ``nginx-error``, ``php``, ``application`` or ``given``, as the
            capture calls it.
    """

    path: str
    kind: str


@dataclass(frozen=True, slots=True)
class WebServer:
    """One web server of the replica.

    Attributes:
        name: What ops call it; also its host name.
        php: Version of PHP as its image has it: ``8.2``.
        files: Its settings, placeholders filled, by the path they have on the server.
        removed: Paths that the image brings and the captured server has not: settings of a pool or
            site that would be read as well.
        release: Folder that the application's code lies in.
        links: Links to make, as path and target: ``/srv/shop/current`` to the release.
        folders: Folders that the application and PHP write to; they belong to its user.
        logs: Its logs.
        user: The account that PHP runs as.
        time_zone: Of the system: ``Europe/Berlin``.
        locale: Of the system: ``de_DE.UTF-8``; empty where the capture has none.
        locale_charset: What it writes in there: ``UTF-8``; that of C where production names a
            locale that it has not installed; empty where the capture does not tell.
        port: The port that its web server listens on, without TLS.
        differs: What could not be taken over from production, in words for people.
    """

    name: str
    php: str
    files: tuple[File, ...]
    removed: tuple[str, ...]
    release: str
    links: tuple[tuple[str, str], ...]
    folders: tuple[str, ...]
    logs: tuple[LogPlace, ...]
    user: str
    time_zone: str
    locale: str
    port: int
    locale_charset: str = ""
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DatabaseAccount:
    """An account that the application's settings name, as the replica has it.

    Attributes:
        name: Its name here.
        password: Its password here; derived from the bundle, so that a golden database fits it.
        setting: The setting that names it: ``resources.db.params.username``.
    """

    name: str
    password: str
    setting: str

    def __repr__(self) -> str:
        return f"DatabaseAccount({self.name!r}, {self.setting!r})"
