"""What comes up while a server's settings are planned: its logs and folders, and what differs."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field

from sandbox.masking.dictionary import word_set
from sandbox.replica.servers.web_server import LogPlace

# Folders of the system: whoever may write to them is not ours to change.
SYSTEM_FOLDERS = word_set(
    "/ /dev /dev/shm /etc /home /opt /proc /root /run /srv /tmp /usr /var /var/lib /var/log "
    "/var/run /var/tmp /var/www"
)
_SPECIAL = ("/dev/", "/proc/", "/sys/")


@dataclass(slots=True)
class Notes:
    """What is noted of one server."""

    said: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    logs: list[LogPlace] = field(default_factory=list)

    def differs(self, words: str) -> None:
        """Note what could not be taken over; once."""
        if words not in self.said:
            self.said.append(words)

    def folder(self, path: str) -> None:
        """Note a folder that has to be there and be writable."""
        plain = posixpath.normpath(path)
        if not plain.startswith("/") or plain.startswith((*_SPECIAL, "//")):
            return
        if plain not in SYSTEM_FOLDERS and plain not in self.folders:
            self.folders.append(plain)

    def log(self, path: str, kind: str) -> None:
        """Note a log, and its folder."""
        if not path.startswith("/") or path.startswith(_SPECIAL):
            return
        plain = posixpath.normpath(path)
        if all(one.path != plain for one in self.logs):
            self.logs.append(LogPlace(plain, kind))
        self.folder(posixpath.dirname(plain))
