"""The golden database: a bundle's rows in an image, loaded once, started anew in a moment.

Takes a verified bundle and the image of a server, gives an image whose server holds the rows and
behaves as production's does, as far as it can; what it cannot is told. An image gets its name
only once everything in it was read back and its server was stopped in good order.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from docker.errors import ImageNotFound

from sandbox.bundle.manifest import SourceEntry
from sandbox.bundle.reader import Bundle
from sandbox.database.server import read_version
from sandbox.errors import StackBusy, StackError
from sandbox.model import Family, Progress
from sandbox.replica.containers import Container, ContainerSpec
from sandbox.replica.engine import Engine, translated
from sandbox.replica.golden_making import FIRST_QUERY, Made, make_database
from sandbox.replica.locks import hold
from sandbox.replica.recipes import PlannedImage, Wanted, versions_of
from sandbox.replica.servers.web_server import DatabaseAccount

GOLDEN = "prod-sandbox.golden"
_WAY = "3"  # of making an image: counts up when images made before must not be used any more
_REPOSITORY = "prod-sandbox/golden"
_DIGEST_LENGTH = 12
_WAIT_SECONDS, _PAUSE = 3600.0, 0.2
_READY_SECONDS = 60
_GAVE_UP = 9
# One command that tries until there is an answer: each command of its own costs more than a try.
_FIRST_ANSWER = """
client=$(command -v mariadb || command -v mysql)
end=$(($(date +%s) + $1))
until said=$("$client" --skip-column-names < "$0" 2>&1); do
    if [ "$(date +%s)" -gt "$end" ]; then printf '%s\\n' "$said"; exit 9; fi
    sleep 0.02
done
"""


@dataclass(frozen=True, slots=True)
class Golden:
    """A database that was loaded and kept.

    Attributes:
        image: Reference of the image that holds it.
        image_id: The engine's id of it.
        family: Family of its server.
        version: Version of its server, as that says it.
        database: The database's name.
        rows: Rows in all tables.
        tables: Its tables.
        new: Whether it had to be loaded now.
        differs: What is not as in production, in words for people.
    """

    image: str
    image_id: str
    family: Family
    version: str
    database: str
    rows: int
    tables: int
    new: bool
    differs: tuple[str, ...] = ()


def server_image_for(source: SourceEntry) -> Wanted:
    """Choose the server image for a bundle: the same version, else the next newer, else the newest.

    >>> source = SourceEntry(
    ...     fingerprint="f", family=Family.MARIADB, version="10.6.12-MariaDB", database="shop",
    ...     charset="utf8mb4", collation="utf8mb4_bin",
    ... )
    >>> str(server_image_for(source))
    'mariadb 10.11'
    """
    role = source.family.value
    wanted = read_version(source.version).numbers[:2]
    versions = sorted(versions_of(role), key=_numbers)
    newer = [one for one in versions if _numbers(one) >= wanted]
    return Wanted(role, newer[0] if newer else versions[-1])


def have_golden(  # noqa: PLR0913, PLR0917 - what an image is made of, and for whom, named one by one
    engine: Engine,
    bundle: Bundle,
    server_image: PlannedImage | str,
    accounts: Sequence[DatabaseAccount],
    labels: Mapping[str, str],
    progress: Progress,
) -> Golden:
    """Have the golden database of a bundle: reuse it where it is, else load it.

    Where another process loads the same one, it is waited for.

    Args:
        engine: The engine to have it in.
        bundle: The bundle.
        server_image: The image of the server, which is there.
        accounts: Who may log in over TCP; each may do everything in the database.
        labels: What the container and the network that it is loaded in are labelled with.
        progress: Shows how far it is.

    Raises:
        BundleInvalid: The bundle is damaged; no image was made.
        StackError: The server does not start, or the engine failed; no image was made.
        LoadFailed: The rows do not come to be there as they are; no image was made.
        EngineDiskFull: The engine's disk ran full; no image was made.
    """
    reference, server_id = _names(engine, bundle, server_image, accounts)
    deadline = time.monotonic() + _WAIT_SECONDS
    waits = False
    while True:
        found = read_golden(engine, reference)
        if found is not None:
            return found
        try:
            with hold(reference, "another process loads this golden database."):
                return read_golden(engine, reference) or _make(
                    engine, bundle, server_id, accounts, labels, progress, reference
                )
        except StackBusy:
            if time.monotonic() > deadline:
                raise
            if not waits:
                progress.warn("another process loads the same golden database: waiting for it.")
            waits = True
            time.sleep(_PAUSE)


def golden_reference(
    engine: Engine,
    bundle: Bundle,
    server_image: PlannedImage | str,
    accounts: Sequence[DatabaseAccount],
) -> str:
    """Give the name that the golden database has, or would get.

    Raises:
        StackError: The server's image is not there.
    """
    return _names(engine, bundle, server_image, accounts)[0]


def read_golden(engine: Engine, reference: str) -> Golden | None:
    """Give the golden database in an image; None where there is no such image, or none of ours."""
    with translated(f"looking for the image {reference}"):
        try:
            image = engine.client.images.get(reference)
        except ImageNotFound:
            return None
    facts = _unpacked(str(image.labels.get(GOLDEN, "")))
    if facts is None:
        return None
    return Golden(image=reference, image_id=str(image.id), new=False, **facts)


def database_spec(
    golden: Golden,
    *,
    name: str,
    network: str,
    labels: Mapping[str, str],
    aliases: tuple[str, ...] = ("database",),
) -> ContainerSpec:
    """Describe a container that runs on a copy of a golden database."""
    return ContainerSpec(
        name=name, image=golden.image_id, network=network, aliases=aliases, labels=labels
    )


def wait_for_database(container: Container, *, seconds: int = _READY_SECONDS) -> None:
    """Wait until a container of `database_spec` has answered a query on its rows.

    Raises:
        StackError: It took too long or the container ended; carries its last lines.
    """
    ran = container.run(["sh", "-c", _FIRST_ANSWER, FIRST_QUERY, str(seconds)])
    if ran.exit_code != 0:
        # The engine may take the container for running a moment longer than its commands do.
        gave_up = ran.exit_code == _GAVE_UP
        state = f"did not come within {seconds} s" if gave_up else "the container ended"
        raise StackError(
            f"waiting for the database in {container.name}: {state}.",
            hint=f"See all of its output: docker logs {container.name}",
            findings=(*ran.output.splitlines()[-2:], *container.log(10)),
        )


def _make(  # noqa: PLR0913, PLR0917 - see have_golden
    engine: Engine,
    bundle: Bundle,
    server_id: str,
    accounts: Sequence[DatabaseAccount],
    labels: Mapping[str, str],
    progress: Progress,
    reference: str,
) -> Golden:
    name = f"prod-sandbox-load-{reference.rpartition(':')[2]}"
    with make_database(engine, name, server_id, bundle, accounts, labels, progress) as made:
        facts = _facts(bundle, made)
        # A label cannot be taken away again: what stays of the loader's own is empty.
        kept = {**dict.fromkeys(labels, ""), GOLDEN: _packed(facts)}
        with progress.stage("commit") as stage:
            image_id = made.container.commit(reference, kept, keep_command=True)
            stage.done(reference)
    return Golden(image=reference, image_id=image_id, new=True, **facts)


def _names(
    engine: Engine,
    bundle: Bundle,
    server_image: PlannedImage | str,
    accounts: Sequence[DatabaseAccount],
) -> tuple[str, str]:
    """Give the golden image's reference, which tells what it is made of, and the server's id."""
    named = server_image if isinstance(server_image, str) else server_image.reference
    server_id = engine.image_id(named)
    if server_id is None:
        raise StackError(f"the image {named} is not there.", hint="Have it built: sandbox images")
    digest = hashlib.sha256(f"{_WAY}\0{server_id}\0".encode())
    digest.update(bundle.manifest.to_json())
    people = sorted((one.name, one.password) for one in accounts)
    digest.update(json.dumps(people).encode())
    return f"{_REPOSITORY}:{digest.hexdigest()[:_DIGEST_LENGTH]}", server_id


def _facts(bundle: Bundle, made: Made) -> dict[str, Any]:
    return {
        "family": bundle.manifest.source.family,
        "version": made.version,
        "database": bundle.manifest.source.database,
        "rows": bundle.manifest.rows,
        "tables": len(bundle.manifest.tables),
        "differs": made.differs,
    }


def _packed(facts: Mapping[str, Any]) -> str:
    # No quote, no space, no dollar sign: it goes into a line of a recipe.
    return base64.urlsafe_b64encode(json.dumps(facts).encode()).decode()


def _unpacked(label: str) -> dict[str, Any] | None:
    try:
        facts = json.loads(base64.urlsafe_b64decode(label))
        facts["family"] = Family(facts["family"])
        facts["differs"] = tuple(facts["differs"])
    except (ValueError, KeyError, TypeError, binascii.Error):
        return None
    return dict(facts)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(one) for one in version.split("."))
