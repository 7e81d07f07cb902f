"""An export of a replica waits while that falls behind its primary."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from database_servers import NOWHERE, ROOT, DatabaseServer
from sandbox.database.connect import open_catalogue
from sandbox.errors import SourceOverloaded
from sandbox.export.load import Gauge
from sandbox.export.watch import LoadLimits, Watch
from servers import ImageOf, answers, eventually, port_of, running

pytestmark = [
    pytest.mark.docker,
    pytest.mark.heavy,  # each starts a second server
    pytest.mark.parametrize(
        "database_server",
        [("mariadb", "10.11"), ("mysql", "9.7")],
        ids=["mariadb", "mysql"],
        indirect=True,
    ),
]

DELAY = 20


@pytest.fixture
def replica(database_server: DatabaseServer, image_of: ImageOf) -> Iterator[DatabaseServer]:
    """Give a server that follows another, as late as it is told."""
    with running(
        image_of(database_server.family, database_server.version),
        ports=(3306,),
        environment={"MYSQL_ROOT_PASSWORD": ROOT},
        command=["--server-id=8", "--skip-log-bin"],
    ) as container:
        eventually(lambda: answers(container))
        server = DatabaseServer(
            database_server.family, database_server.version, container, port_of(container, 3306)
        )
        follow(server, database_server)
        yield server


def follow(replica: DatabaseServer, primary: DatabaseServer) -> None:
    name = primary.make_account("REPLICATION SLAVE ON *.*")
    primary.container.get_wrapped_container().reload()
    networks = primary.container.get_wrapped_container().attrs["NetworkSettings"]["Networks"]
    host = next(iter(networks.values()))["IPAddress"]
    if primary.is_mariadb:
        ((file, position, *_),) = primary.ask("SHOW MASTER STATUS")
        replica.run(
            f"CHANGE MASTER TO MASTER_HOST='{host}', MASTER_USER='{name}', "
            f"MASTER_PASSWORD='{name}-secret', MASTER_DELAY={DELAY}, "
            f"MASTER_LOG_FILE='{file.decode()}', MASTER_LOG_POS={position}",
            "START SLAVE",
        )
        return
    ((file, position, *_),) = primary.ask("SHOW BINARY LOG STATUS")
    replica.run(
        f"CHANGE REPLICATION SOURCE TO SOURCE_HOST='{host}', SOURCE_USER='{name}', "
        f"SOURCE_PASSWORD='{name}-secret', SOURCE_DELAY={DELAY}, GET_SOURCE_PUBLIC_KEY=1, "
        f"SOURCE_LOG_FILE='{file.decode()}', SOURCE_LOG_POS={position}",
        "START REPLICA",
    )


def test_a_replica_that_falls_behind_is_waited_for(
    database_server: DatabaseServer, replica: DatabaseServer
) -> None:
    right = "SLAVE MONITOR" if replica.is_mariadb else "REPLICATION CLIENT"
    account = replica.make_account(f"{right} ON *.*")
    endpoint = replica.endpoint("", account)
    with open_catalogue(endpoint, NOWHERE) as catalogue:
        gauge = Gauge(catalogue, is_replica=True, history=False)
        eventually(lambda: gauge.read().lag == 0)
        said: list[str] = []
        watch = Watch(gauge, LoadLimits(threads=0, lag=2, wait=1.0), said.append)
        assert not watch.must_wait()
        database_server.make_database()
        eventually(lambda: (gauge.read().lag or 0) > 2)
        with pytest.raises(SourceOverloaded, match=r"\d+ s behind its primary, limit 2"):
            watch.turn(lambda: None)
        assert said[0].startswith("waiting: ")
        eventually(lambda: gauge.read().lag == 0)
        assert (watch.seen.most.lag or 0) > 2
