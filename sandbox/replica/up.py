"""Bring a sandbox up: from a bundle and the application's code to running, sealed servers.

Reads in the order in which it happens. Nothing carries the sandbox's state before all of it runs
and is proved to be sealed; whatever goes wrong before, everything that was started is removed.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sandbox import __version__
from sandbox.bundle.reader import open_bundle
from sandbox.errors import EngineDiskFull, SandboxExists, StackError
from sandbox.model import Progress
from sandbox.replica.clone import refuse_busy
from sandbox.replica.containers import File
from sandbox.replica.engine import Engine
from sandbox.replica.gateway import open_doors, refuse_ports
from sandbox.replica.golden import Golden, have_golden
from sandbox.replica.images import ensure_images
from sandbox.replica.kept import keep_servers
from sandbox.replica.labels import labels_of
from sandbox.replica.locks import hold, sandbox_lock
from sandbox.replica.owned_images import disown_images, own_image
from sandbox.replica.prove import prove
from sandbox.replica.scratch import scratch_folder
from sandbox.replica.server_code import code_of_servers, settle_code
from sandbox.replica.server_files import pack_settings
from sandbox.replica.servers.code import Code
from sandbox.replica.servers.release import ANOTHER, AS_THERE
from sandbox.replica.stack import RunningServer, StackPlan, remove_parts, start_stack
from sandbox.replica.state import (
    STATE_FILE,
    DatabaseState,
    Difference,
    LogState,
    SandboxState,
    ServerState,
    look_for,
)
from sandbox.replica.up_plan import DEVELOPER, UpPlan, UpRequest, plan_up


@dataclass(frozen=True, slots=True)
class Up:
    """A sandbox that is up.

    Attributes:
        state: What it is.
        images: In words, the images that are not of production's version.
        seconds: How long it took.
    """

    state: SandboxState
    images: str
    seconds: float


def bring_up(engine: Engine, request: UpRequest, progress: Progress) -> Up:
    """Bring a sandbox up.

    Raises:
        BundleInvalid: The bundle is damaged.
        SandboxExists: There is one of that name, and it is not to be replaced.
        StackBusy: Another command works on it.
        NotSealed: Something of it could be reached, or could reach something; it was removed.
        StackError: Something could not be built or started; what was started is removed.
    """
    began = time.monotonic()
    name = request.name
    busy = f"another command works on the sandbox {name}."
    with hold(sandbox_lock(name), busy):
        plan = _check(engine, request, progress)
        with code_of_servers(request.apps, plan.captured) as codes:
            _warn_of_code(codes, progress)
            ensure_images(engine, plan.images, request.source, progress)
            golden = _have_golden(engine, request, plan, progress)
            _make_room(engine, request, progress)
            try:
                state = _start(engine, request, plan, golden, codes, progress)
            except BaseException as error:
                # Before anything is removed, which frees space.
                full = type(error) is StackError and engine.is_disk_full()
                _remove_rest(engine, name, progress)
                if full:
                    raise EngineDiskFull(
                        f"starting the sandbox {name}: no space left on the Docker engine's disk."
                    ) from None
                raise
            disown_images(engine, name, but=golden.image)
    return Up(state, _told_versions(plan, golden), time.monotonic() - began)


def rehearse_up(engine: Engine, request: UpRequest, progress: Progress) -> UpPlan:
    """Check everything that can be checked before anything is built or started.

    Raises:
        SandboxError: What `bring_up` would raise of bundle, name, ports and code.
    """
    plan = _check(engine, request, progress)
    with code_of_servers(request.apps, plan.captured) as codes:
        _warn_of_code(codes, progress)
    return plan


def _warn_of_code(codes: Mapping[str, Code], progress: Progress) -> None:
    """Say so where the code that was given is hardly that of production."""
    for code in codes.values():
        for text in code.told:
            if ANOTHER in text:
                progress.warn(f"{text}. Is {code.described} the right code?")


def _check(engine: Engine, request: UpRequest, progress: Progress) -> UpPlan:
    open_bundle(request.bundle)  # a path with a slip of the finger goes before a name that is taken
    _refuse_taken(engine, request)
    plan = plan_up(engine, request, progress)
    if request.fixed_ports:
        refuse_ports(engine, request.first_port, len(plan.servers), but=request.name)
    return plan


def _refuse_taken(engine: Engine, request: UpRequest) -> None:
    found = look_for(engine, request.name)
    if found is None:
        return
    if (found.state is not None or found.foreign) and not request.replace:
        whose = "" if found.state is not None else ", made by another version of sandbox"
        raise SandboxExists(f"the sandbox {request.name} is up already{whose}.")
    refuse_busy(found)


def _make_room(engine: Engine, request: UpRequest, progress: Progress) -> None:
    """Remove what is there under the name: to be replaced, or left by an `up` that was killed."""
    found = look_for(engine, request.name)
    if found is None:
        return
    refuse_busy(found)
    remove_parts(engine, request.name)
    was_whole = found.state is not None or found.foreign
    what = "replaced" if was_whole else "never finished: its parts are removed"
    progress.warn(f"the sandbox {request.name} was {what}.")


def _remove_rest(engine: Engine, name: str, progress: Progress) -> None:
    """Remove what was started; that this fails, too, must not hide what went wrong first."""
    try:
        remove_parts(engine, name)
        disown_images(engine, name)
    except StackError as error:
        progress.warn(
            f"not all of it could be removed: {error.message.rstrip('.')}. "
            f"Run: sandbox down --name {name}"
        )


def _have_golden(engine: Engine, request: UpRequest, plan: UpPlan, progress: Progress) -> Golden:
    family = plan.bundle.manifest.source.family.value
    golden = have_golden(
        engine,
        plan.bundle,
        plan.image(family),
        plan.accounts,
        labels_of(request.name, "loader"),
        progress,
    )
    own_image(engine, request.name, golden.image)
    return golden


@contextmanager
def _ready_servers(plan: UpPlan, codes: Mapping[str, Code]) -> Iterator[list[RunningServer]]:
    """Give the servers as they are to run, their settings and code as archives for the block."""
    captured = {one.name: one for one in plan.captured}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=scratch_folder())))
        servers = []
        for server in plan.servers:
            source = codes[server.name]
            code = stack.enter_context(settle_code(server, captured[server.name], source))
            settings = folder / f"{server.name}.tar"
            settings.write_bytes(pack_settings(server))
            servers.append(
                RunningServer(
                    name=server.name,
                    image=plan.image("php", server.php).reference,
                    port=server.port,
                    release=server.release,
                    settings=settings,
                    code=code.archive,
                    source=source.archive,
                )
            )
        yield servers


def _server_states(
    plan: UpPlan, codes: Mapping[str, Code], servers: Sequence[RunningServer]
) -> tuple[ServerState, ...]:
    logs = {one.name: one.logs for one in plan.servers}
    return tuple(
        ServerState(
            name=one.name,
            image=one.image,
            release=one.release,
            logs=tuple(LogState(path=log.path, kind=log.kind) for log in logs[one.name]),
            port=one.port,
            code=_describe(codes[one.name]),
        )
        for one in servers
    )


def _start(  # noqa: PLR0913, PLR0917 - what a sandbox is made of, named one by one
    engine: Engine,
    request: UpRequest,
    plan: UpPlan,
    golden: Golden,
    codes: Mapping[str, Code],
    progress: Progress,
) -> SandboxState:
    """Start everything, prove that it is sealed, and write down what it is."""
    sink, gateway = plan.image("sink").reference, plan.image("gateway").reference
    with _ready_servers(plan, codes) as servers:
        stack_plan = StackPlan(request.name, golden, tuple(servers), sink, request.replies)
        with progress.stage("start", total=2, unit="steps") as stage:
            stack = start_stack(engine, stack_plan)
            stage.advance(1, "gateway")
            doors = open_doors(
                engine, stack, gateway, request.first_port, fixed=request.fixed_ports
            )
            stage.done(" · ".join([*stack.servers, "database", "sink", "gateway"]))
        keep_servers(doors.gateway, servers)
    captured = {one.name: one for one in plan.captured}
    manifest = plan.bundle.manifest
    proved = prove(engine, stack, doors.gateway, captured, plan.servers, manifest, progress)
    state = SandboxState(
        name=request.name,
        created=datetime.now(UTC),
        tool=__version__,
        bundle=str(request.bundle.resolve()),
        manifest_sha256=plan.manifest_sha256,
        servers=_server_states(plan, codes, servers),
        database=_database_state(plan, golden),
        sink_image=sink,
        gateway_image=gateway,
        replies=request.replies.decode(),
        ports=doors.ports,
        blocked=proved.blocked,
        differences=(*proved.differences, *_told(plan, golden, codes)),
    )
    # Whoever finds this finds a sandbox that is whole: it comes last.
    doors.gateway.put([File(STATE_FILE, state.to_json(), 0o600)])
    return state


def _describe(code: Code) -> str:
    """Say what code a server runs, and what of it was left out as production has it not."""
    return "; ".join([code.described, *(text for text in code.told if AS_THERE in text)])


def _told(plan: UpPlan, golden: Golden, codes: Mapping[str, Code]) -> Iterator[Difference]:
    """Give what was known not to be as in production before anything ran."""
    for server in plan.servers:
        for text in (*server.differs, *codes[server.name].told):
            if AS_THERE not in text:
                yield Difference.told(server.name, text)
    for text in golden.differs:
        yield Difference.told("database", text)
    for text in plan.differs:
        yield Difference.told("settings", text)


def _database_state(plan: UpPlan, golden: Golden) -> DatabaseState:
    developer = next(one for one in plan.accounts if one.name == DEVELOPER)
    return DatabaseState(
        image=golden.image,
        name=golden.database,
        family=golden.family,
        version=golden.version,
        rows=golden.rows,
        tables=golden.tables,
        user=developer.name,
        password=developer.password,
    )


def _told_versions(plan: UpPlan, golden: Golden) -> str:
    """Say which versions run here, and production's where it is another one."""
    here = golden.version.partition("-")[0]
    there = plan.bundle.manifest.source.version.partition("-")[0]
    family = plan.bundle.manifest.source.family.value
    return f"{family} {here}" + ("" if here == there else f" (production {there})")
