"""Give every placeholder of a bundle a value for the replica.

Takes the servers and placeholders of a bundle; gives `Filled`. Pure: values are derived from the
bundle alone, so that the same bundle has the same credentials everywhere and a golden database fits
the settings of every web server. Equal placeholders have equal values, others have others.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.bundle.reader import Bundle
from sandbox.errors import BundleInvalid
from sandbox.masking.dictionary import word_set
from sandbox.replica.servers.captured import (
    CapturedServer,
    PlaceholderEntry,
    read_placeholders,
)
from sandbox.replica.servers.database_settings import (
    DatabaseGroup,
    database_groups,
    is_database_group,
    name_parts,
)
from sandbox.replica.servers.web_server import DatabaseAccount

DATABASE_HOST = "database"  # by this name every server finds the replica's database
DATABASE_PORT = 3306
SINK_DOMAIN = "sink.example"  # hosts below it are answered by the sink
PLACEHOLDER = re.compile(
    rb"@secret:(?P<name>[A-Za-z0-9_.~-]{1,120}):(?P<kind>[a-z]{2,12})"
    rb":(?P<length>[0-9]{1,3}(?:-[0-9]{1,3}|\+))@"
)
SCRATCH = "/var/lib/sandbox"  # where paths lead that the bundle does not tell

_LONGEST_USER = 32  # MySQL takes no longer one
_LONGEST_LABEL = 50  # of a host; DNS takes 63
_LENGTHS = {"1-8": 8, "9-16": 16, "17-32": 24, "33-64": 48, "65-256": 96, "257+": 260}
_LETTERS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_DATABASE_NAME = re.compile(r"[^\0-\x1f\"'\\$`{};&|!~^()\x7f]{1,64}")
_OWN_NAME = re.compile(
    r"(?:^|[._-])(?:server|host|node|instance|machine)[._-]?(?:name|id)$", re.IGNORECASE
)
_SAID_BY_ALL = word_set("resources params param user username login account options config the")


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in the replica for the secrets of production.

    Attributes:
        values: Value by placeholder; of this bundle's replica only.
        kinds: How many placeholders of each kind were filled.
        database: Name of the database.
        accounts: Accounts of the database that settings name.
        differs: What could not be filled as production has it, in words for people.
    """

    values: Mapping[bytes, bytes] = field(repr=False)
    kinds: Mapping[str, int]
    database: str
    accounts: tuple[DatabaseAccount, ...] = ()
    differs: tuple[str, ...] = ()

    def value_of(self, placeholder: bytes) -> bytes:
        """Give the value of a placeholder, also of one that the bundle's list does not have."""
        known = self.values.get(placeholder)
        return _PLAIN if known is None else known

    def in_text(self, text: bytes) -> bytes:
        """Fill every placeholder in a text."""
        return PLACEHOLDER.sub(lambda found: self.value_of(found[0]), text)


_PLAIN = b"unknown"


def fill(bundle: Bundle, servers: Sequence[CapturedServer]) -> Filled:
    """Give every placeholder of a bundle its value.

    Args:
        bundle: The bundle.
        servers: Its web servers, from `read_servers`.

    Raises:
        BundleInvalid: The list of placeholders is not of the format, or the database has a name
            that cannot stand in settings.
    """
    database = bundle.manifest.source.database
    placeholders = read_placeholders(bundle)
    return fill_servers(servers, placeholders, database=database, seed=_seed(bundle))


def fill_servers(
    servers: Sequence[CapturedServer],
    placeholders: Iterable[PlaceholderEntry],
    *,
    database: str,
    seed: bytes,
) -> Filled:
    """Give every placeholder of servers its value; see `fill`."""
    if not _DATABASE_NAME.fullmatch(database):
        raise BundleInvalid("the source's database has a name that cannot stand in settings.")
    work = _Filling(servers, _all_of(servers, placeholders), database, seed)
    values = work.values()
    accounts, differs = _accounts(work, values)
    kinds = Counter(one.kind for one in work.entries.values())
    return Filled(values, dict(sorted(kinds.items())), database, accounts, differs)


def _seed(bundle: Bundle) -> bytes:
    """Digest what a bundle is, from what every version of the tool reads in it alike."""
    manifest = bundle.manifest
    digest = hashlib.sha256(f"{manifest.source.fingerprint}\0{manifest.created}".encode())
    for path, (_, sha256) in sorted(manifest.paths.items()):
        digest.update(f"\0{path}\0{sha256}".encode())
    return digest.digest()


def _all_of(
    servers: Sequence[CapturedServer], listed: Iterable[PlaceholderEntry]
) -> dict[bytes, PlaceholderEntry]:
    """Give every placeholder, also those that stand in settings and are not in the list."""
    entries = {one.placeholder.encode(): one for one in listed}
    for server in servers:
        for text in server.files.values():
            for found in PLACEHOLDER.finditer(text):
                if found[0] not in entries:
                    name, kind, length = (found[one].decode() for one in ("name", "kind", "length"))
                    entries[found[0]] = PlaceholderEntry(
                        placeholder=found[0].decode(), name=name, kind=kind, length=length
                    )
    return dict(sorted(entries.items()))


class _Filling:
    """The filling of one bundle's placeholders."""

    def __init__(
        self,
        servers: Sequence[CapturedServer],
        entries: dict[bytes, PlaceholderEntry],
        database: str,
        seed: bytes,
    ) -> None:
        self.entries = entries
        self.database = database
        self._seed = seed
        self._names = [server.name for server in servers]
        # What a placeholder is by the setting that it stands in, where that leads to the database.
        self.members: dict[bytes, str] = {}
        self.groups = [(server, group) for server in servers for group in _groups_of(server)]
        for _, group in self.groups:
            for member, value in group.values.items():
                if PLACEHOLDER.fullmatch(value):
                    self.members[value] = member
        self._add_listed()
        self._users: set[str] = set()

    def _add_listed(self) -> None:
        """Take settings of the list that stand in no file that can be read as settings here."""
        groups: dict[str, dict[bytes, str]] = {}
        for placeholder, entry in self.entries.items():
            parts = name_parts(_base(entry.name))
            if parts.member:
                groups.setdefault(parts.group, {})[placeholder] = parts.member
        for group, members in groups.items():
            if is_database_group(group, members.values()):
                self.members = members | self.members

    def values(self) -> dict[bytes, bytes]:
        return {one: self._value(one, entry).encode() for one, entry in self.entries.items()}

    def token(self, placeholder: bytes, length: int, letters: str = _LETTERS) -> str:
        """Derive a text from the bundle and a placeholder."""
        made: list[str] = []
        block = 0
        while len(made) < length:
            digest = hashlib.blake2b(
                placeholder, key=self._seed, salt=block.to_bytes(16, "big")
            ).digest()
            made += [letters[byte % len(letters)] for byte in digest]
            block += 1
        return "".join(made[:length])

    def _value(self, placeholder: bytes, entry: PlaceholderEntry) -> str:
        member = self.members.get(placeholder, "")
        if member == "url" and entry.scheme not in {"http", "https"}:
            return self._database_url(placeholder, entry)
        simple = {
            "host": DATABASE_HOST,
            "database": self.database,
            "port": str(DATABASE_PORT),
            "socket": "",
        }
        if member in simple:
            return simple[member]
        if member == "user":
            return self._user(entry)
        return self._by_kind(placeholder, entry, "password" if member == "password" else entry.kind)

    def _by_kind(self, placeholder: bytes, entry: PlaceholderEntry, kind: str) -> str:
        label = _label(entry.name)
        length = _LENGTHS.get(entry.length, 16)
        if kind == "number":
            return "1" + self.token(placeholder, max(6, min(length, 16) - 1), "0123456789")
        made = {
            "host": self._own_name(entry) or f"{label}.{SINK_DOMAIN}",
            "url": f"{entry.scheme or 'http'}://{label}.{SINK_DOMAIN}/",
            "mail": f"{label}@{SINK_DOMAIN}",
            "user": label[:_LONGEST_USER],
            "database": self.database,
            "path": f"{SCRATCH}/{label}",
        }
        return made.get(kind) or self.token(placeholder, length)

    def _own_name(self, entry: PlaceholderEntry) -> str:
        """Give the server's own name where the setting holds that: one value for each server."""
        base = _base(entry.name)
        if base == "server_name" or not _OWN_NAME.search(base):
            return ""
        servers = {place.partition(":")[0] for place in entry.places}
        same = [one for one in self.entries.values() if _base(one.name) == base]
        alone = len(self._names) == 1 and not base.lower().endswith("hostname")
        if len(servers) == 1 and (len(same) > 1 or alone):
            return next((name for name in self._names if name in servers), "")
        return ""

    def _user(self, entry: PlaceholderEntry) -> str:
        """Make the name of an account that people recognise, and that no other has."""
        words = [
            word
            for word in re.split(r"[^a-z0-9]+", entry.name.lower())
            if word and word not in _SAID_BY_ALL
        ]
        stem = "_".join(["sandbox", *words])[: _LONGEST_USER - 4].rstrip("_")
        name, number = stem, 1
        while name in self._users:
            number += 1
            name = f"{stem}_{number}"
        self._users.add(name)
        return name

    def _database_url(self, placeholder: bytes, entry: PlaceholderEntry) -> str:
        if re.search(r"dsn$", _base(entry.name), re.IGNORECASE):
            return f"mysql:host={DATABASE_HOST};dbname={self.database}"
        user = self._user(entry)
        account = f"{user}:{self.token(placeholder, 24)}"
        return f"mysql://{account}@{DATABASE_HOST}:{DATABASE_PORT}/{self.database}"


def _groups_of(server: CapturedServer) -> Iterator[DatabaseGroup]:
    for text in server.of_role("application", "php", "fpm").values():
        yield from database_groups(text)


def _base(name: str) -> str:
    return re.sub(r"~[0-9]+$", "", name)


def _label(name: str) -> str:
    """Make a host's label, also one of a file, of a setting's name, so that people know it."""
    label = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "value"
    if len(label) <= _LONGEST_LABEL and "~" not in name:
        return label
    digest = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{label[: _LONGEST_LABEL - 7].strip('-')}-{digest}"


_URL = re.compile(rb"mysql://([^:@/]+):([^@/]+)@")


def _accounts(
    work: _Filling, values: Mapping[bytes, bytes]
) -> tuple[tuple[DatabaseAccount, ...], tuple[str, ...]]:
    """Give the accounts, each with the password that most servers have for it."""
    passwords: dict[bytes, Counter[bytes]] = {}
    settings: dict[bytes, str] = {}
    of_server: dict[tuple[bytes, bytes], set[str]] = {}
    for server, group in work.groups:
        named = group.values.get("user", b"")
        user, password = values.get(named, named), group.values.get("password", b"")
        if not PLACEHOLDER.fullmatch(named):
            continue
        password = values.get(password, password)
        passwords.setdefault(user, Counter())[password] += 1
        settings.setdefault(user, group.names["user"])
        of_server.setdefault((user, password), set()).add(server.name)
    for placeholder, value in values.items():
        if found := _URL.match(value):
            passwords.setdefault(found[1], Counter())[found[2]] += 1
            settings.setdefault(found[1], work.entries[placeholder].name)
    for placeholder, member in work.members.items():
        if member == "user" and values[placeholder] not in passwords:
            entry = work.entries[placeholder]
            partner = _partner(entry, work)
            passwords[values[placeholder]] = Counter([values.get(partner, b"")])
            settings[values[placeholder]] = _base(entry.name)
    accounts, differs = [], []
    for user, counted in passwords.items():
        ((chosen, _), *others) = counted.most_common()
        accounts.append(DatabaseAccount(user.decode(), chosen.decode("latin-1"), settings[user]))
        for password, _ in others:
            names = ", ".join(sorted(of_server.get((user, password), ())))
            differs.append(
                f"{names}: the password beside {settings[user]} is another one than elsewhere; "
                "here it is a wrong one"
            )
    return tuple(accounts), tuple(differs)


def _partner(entry: PlaceholderEntry, work: _Filling) -> bytes:
    """Give the placeholder of the password that belongs to a user's."""
    group = name_parts(_base(entry.name)).group
    return next(
        (
            placeholder
            for placeholder, member in work.members.items()
            if member == "password"
            and name_parts(_base(work.entries[placeholder].name)).group == group
        ),
        b"",
    )
