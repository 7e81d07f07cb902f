"""`python -m demo_production up|down`: run the demo, or remove what it started.

Uses `sandbox.toml` of the working directory where there is one: images, mirror, engine.
"""

from __future__ import annotations

import argparse
import signal
import sys
from dataclasses import replace
from types import FrameType
from typing import NoReturn

from demo_production import WORK_FOLDER
from demo_production.handover import hand_over
from demo_production.incident import Incident, investigate, remove_incident
from demo_production.release import DemoBroken
from demo_production.requests import FAILING, TABLE
from demo_production.stack import Stack
from demo_production.story import Plan, Told, clean_up, tell
from demo_production.table import broken, lay_out
from sandbox.errors import PortTaken, SandboxError
from sandbox.replica.base import BaseSource
from sandbox.replica.containers import find_container
from sandbox.replica.engine import Engine, connect_engine
from sandbox.report.progress import TerminalProgress
from sandbox.report.terminal import console_for, print_error
from sandbox.settings import load_settings

_INCIDENT = "{}-incident"  # what the developer's sandbox is called
_LOAD_SECONDS = 600  # one call of the engine loads all rows
_FIXED_PORTS = Plan(
    production_ports=(
        ("balancer", 8080),
        ("web1", 8081),
        ("web2", 8082),
        ("db", 33060),
        ("sink", 8025),
    ),
    qa_ports=(("web", 8090), ("db", 33061), ("sink", 8026)),
)


def main() -> int:
    """Run the demo and give the process's exit code."""
    parser = argparse.ArgumentParser(prog="demo_production", description=__doc__)
    parser.add_argument("do", choices=("up", "down"))
    parser.add_argument("--any-ports", action="store_true", help="let Docker choose free ports")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    errors = console_for("stderr")
    try:
        settings = load_settings()
        plan = replace(
            Plan() if given.any_ports else _FIXED_PORTS,
            roles=tuple(settings.images.roles.items()),
            source=BaseSource(
                settings.images.registry, settings.images.base, settings.images.mirror
            ),
        )
        timeout = max(settings.engine.timeout, _LOAD_SECONDS)
        with connect_engine(settings.engine.host or None, timeout) as engine:
            if given.do == "down":
                remove_incident(_INCIDENT.format(plan.name))
                print(f"removed {clean_up(engine, plan.name)} containers of the demo; images stay")
                return 0
            progress = TerminalProgress(errors)
            told = tell(engine, plan, progress)
            show(told)
            if not is_as_told(told):
                return 3
            operations = WORK_FOLDER / f"{plan.name}-operations"
            handed = hand_over(engine, told.production, operations, progress)
            incident = investigate(handed.bundle, told.repository, _INCIDENT.format(plan.name))
            show_incident(told, incident)
            show_what_runs(engine, told, incident)
            return 0 if incident.reproduced == len(FAILING) else 3
    except DemoBroken as error:
        errors.print(f"error: the demo's files do not fit together: {error}", markup=False)
        return 1
    except SandboxError as error:
        if isinstance(error, PortTaken):
            error.hint = "Stop what listens there, or let Docker choose: make demo PORTS=any"
        print_error(errors, error)
        return int(error.exit_code)
    except KeyboardInterrupt:
        errors.print("interrupted: what the demo had started is removed")
        return 130


def show(told: Told) -> None:
    """Print the table."""
    console = console_for("stdout")
    console.print()
    console.print(lay_out(TABLE, told.columns))
    before, web1, web2, at_qa = told.columns
    console.print(
        f"\n{len(set(broken(TABLE, before, web1)) | set(broken(TABLE, before, web2)))} requests "
        f"broke on production with the push; {len(broken(TABLE, before, at_qa))} on QA."
    )


def show_incident(told: Told, incident: Incident) -> None:
    """Print what each broken request does in production, on QA and in the sandbox."""
    _, web1, web2, at_qa = told.columns
    console = console_for("stdout")
    console.print()
    console.print(lay_out(FAILING, (at_qa, web1, web2, *incident.columns)))
    console.print(
        f"\n{incident.reproduced} of {len(FAILING)} broken requests fail in the sandbox as in "
        "production; the right patch fixes one, the hunch has no effect."
    )


def show_what_runs(engine: Engine, told: Told, incident: Incident) -> None:
    """Print where to look next."""
    console = console_for("stdout")
    console.print()
    for title, where in (
        ("production", told.production.address("balancer")),
        ("  web1", told.production.address("web1")),
        ("  web2", told.production.address("web2")),
        *_databases(engine, told.production),
        ("  mail and payments", f"http://127.0.0.1:{told.production.sink.port(8025)}"),
        ("qa", told.qa.address("web")),
        *_databases(engine, told.qa),
        ("builds", f"git -C {told.repository} log 1.4..1.5 --oneline"),
    ):
        print(f"{title:<21}{where}")
    print(f"sandbox              sandbox status --name {incident.sandbox}")
    console.print("\nAll of them run on. What is broken and why: docker/demo/README.md")
    console.print("Remove them: make demo-down")


def _databases(engine: Engine, stack: Stack) -> tuple[tuple[str, str], ...]:
    """Say where a stack's database is, and how its administrator comes in."""
    database = find_container(engine, f"{stack.ground.network}-db")
    if database is None:
        return ()
    return (
        ("  database", f"127.0.0.1:{database.port(3306)}, its name is shop"),
        ("    administrator", f"docker exec -it {database.name} mariadb shop"),
    )


def is_as_told(told: Told) -> bool:
    """Tell whether exactly the requests that should break broke, and none on QA."""
    before, web1, web2, at_qa = told.columns
    on_either = set(broken(TABLE, before, web1)) | set(broken(TABLE, before, web2))
    return on_either == set(FAILING) and not broken(TABLE, before, at_qa)


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
