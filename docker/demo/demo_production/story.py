"""What the demo tells, in order: a push that breaks production while QA is fine.

Each stage is a function that takes what stands and gives what comes next. Export and up join as
further stages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from demo_production import LABEL, WORK_FOLDER
from demo_production.database import have_production, have_qa
from demo_production.release import NEW, OLD, make_repository, pack_build
from demo_production.requests import TABLE, ask
from demo_production.stack import Images, Site, Stack, renew_database, roll_out, start_stack
from demo_production.table import Column
from demo_production.traffic import drive
from sandbox.model import Progress
from sandbox.replica.base import BaseSource
from sandbox.replica.containers import remove_labelled
from sandbox.replica.engine import Engine
from sandbox.replica.images import ensure_images
from sandbox.replica.recipes import Wanted, plan_images

# The roll-out of 1.5 to web2 broke off before this file.
LOST_ON_WEB2 = ("application/configs/reports/daily.php",)
_WANTED = (Wanted("mariadb"), Wanted("php"), Wanted("gateway"), Wanted("sink"))


@dataclass(frozen=True, slots=True)
class Plan:
    """How a demo is run.

    Attributes:
        name: Prefix of everything it starts.
        production_ports: Port on 127.0.0.1 by what it leads to; engine's choice where absent.
        qa_ports: Likewise.
        scale: Size of production's data; 1.0 is the whole.
        traffic: Requests of a usual day before the push, and again after it.
        roles: ``[images]`` of the settings: role to version or image, where one is set.
        source: Where base images come from.
    """

    name: str = "shop"
    production_ports: tuple[tuple[str, int], ...] = ()
    qa_ports: tuple[tuple[str, int], ...] = ()
    scale: float = 1.0
    traffic: int = 150
    roles: tuple[tuple[str, str], ...] = ()
    source: BaseSource = field(default_factory=BaseSource)


@dataclass(frozen=True, slots=True)
class Told:
    """How the story ended.

    Attributes:
        columns: What every environment answered: production before the push first.
        production: Production, still running.
        qa: QA, still running.
        repository: The shop's repository with both builds.
    """

    columns: tuple[Column, ...]
    production: Stack
    qa: Stack
    repository: Path


def tell(engine: Engine, plan: Plan, progress: Progress) -> Told:
    """Tell the whole story on an engine; production and QA run on when it ends.

    Raises:
        StackError: Something could not be built or started.
        DemoBroken: The demo's own files do not fit together.
    """
    clean_up(engine, plan.name)
    repository = make_repository(WORK_FOLDER / plan.name)
    production_images, qa_images = have_images(engine, plan, progress)
    try:
        production, qa = start_both(engine, plan, production_images, qa_images, progress)
        before = run_old_build(engine, production, repository, plan, progress)
        after = push_new_build(engine, production, repository, plan, progress)
        at_qa = run_on_qa(qa, repository, progress)
    except BaseException:
        clean_up(engine, plan.name)
        raise
    return Told((before, *after, at_qa), production, qa, repository)


def have_images(engine: Engine, plan: Plan, progress: Progress) -> tuple[Images, Images]:
    """Have all images: servers, and both databases with their rows in them."""
    planned = plan_images(_WANTED, dict(plan.roles))
    ensure_images(engine, planned, plan.source, progress)
    reference = {image.role: image.reference for image in planned}
    with progress.stage("databases", total=2, unit="databases") as stage:
        stage.advance(0, "production: 330,000 rows")
        production = have_production(engine, reference["mariadb"], scale=plan.scale)
        stage.advance(1, "qa: the rows somebody wrote by hand")
        qa = have_qa(engine, reference["mariadb"])
        stage.advance(1)
        new = sum(one.new for one in (production, qa))
        stage.done(f"production and qa, {new or 'none'} newly loaded")
    servers = reference["php"], reference["gateway"], reference["sink"]
    return Images(*servers, production.image), Images(*servers, qa.image)


def start_both(
    engine: Engine, plan: Plan, production: Images, qa: Images, progress: Progress
) -> tuple[Stack, Stack]:
    """Start production with its two servers, and QA with its one."""
    with progress.stage("start", total=2, unit="environments") as stage:
        production_site = Site("production", ("web1", "web2"), dict(plan.production_ports))
        running = start_stack(engine, plan.name, production_site, production)
        stage.advance(1)
        qa_running = start_stack(engine, plan.name, Site("qa", ("web",), dict(plan.qa_ports)), qa)
        stage.advance(1)
        stage.done("production: balancer, web1, web2, database, sink · qa: web, database, sink")
    return running, qa_running


def run_old_build(
    engine: Engine, production: Stack, repository: Path, plan: Plan, progress: Progress
) -> Column:
    """Run the build before the push on production: everything works."""
    with progress.stage(f"build {OLD}", total=3) as stage:
        archive = pack_build(repository, OLD)
        for server in production.servers:
            roll_out(production, server, OLD, archive)
        stage.advance(1, "a usual day")
        statuses = drive(production.address("balancer"), plan.traffic, seed=1)
        stage.advance(1, "the table's requests")
        column = _ask_all(production, "web1", f"production {OLD}")
        stage.advance(1)
        stage.done(f"on web1 and web2 · a usual day: {_counted(statuses)}")
    # What the old build wrote goes: the new one has to meet the very same rows.
    renew_database(engine, production.ground)
    return column


def push_new_build(
    engine: Engine, production: Stack, repository: Path, plan: Plan, progress: Progress
) -> tuple[Column, Column]:
    """Push the new build to production; the roll-out to web2 loses a file."""
    with progress.stage(f"push {NEW}", total=3) as stage:
        roll_out(production, "web1", NEW, pack_build(repository, NEW))
        roll_out(production, "web2", NEW, pack_build(repository, NEW, without=LOST_ON_WEB2))
        stage.advance(1, "the table's requests")
        first = _ask_all(production, "web1", f"production {NEW} web1")
        renew_database(engine, production.ground)
        second = _ask_all(production, "web2", f"production {NEW} web2")
        renew_database(engine, production.ground)
        stage.advance(1, "a day after the push")
        statuses = drive(production.address("balancer"), plan.traffic, seed=2, failing=True)
        stage.advance(1)
        stage.done(f"on web1 and web2 · the day after: {_counted(statuses)}")
    return first, second


def run_on_qa(qa: Stack, repository: Path, progress: Progress) -> Column:
    """Run the new build on QA: everything works."""
    with progress.stage("qa") as stage:
        roll_out(qa, "web", NEW, pack_build(repository, NEW))
        column = _ask_all(qa, "web", f"QA {NEW}")
        stage.done(f"build {NEW} on QA")
    return column


def clean_up(engine: Engine, name: str) -> int:
    """Remove everything that a demo of this name started; images stay."""
    return remove_labelled(engine, f"{LABEL}={name}")


def _ask_all(stack: Stack, server: str, title: str) -> Column:
    address, container = stack.address(server), stack.servers[server]
    return Column(title, {request: ask(address, request, container) for request in TABLE})


def _counted(statuses: dict[int, int]) -> str:
    return ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
