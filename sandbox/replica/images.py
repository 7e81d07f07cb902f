"""Have the images: look, then pull or build what is missing, two at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from sandbox.model import Progress, Stage
from sandbox.replica.base import BaseSource, make_base
from sandbox.replica.engine import Engine
from sandbox.replica.recipes import PlannedImage, recipes_folder

_AT_ONCE = 2
Advance = Callable[[int, str], None]


@dataclass(frozen=True, slots=True)
class HadImage:
    """An image that is in the engine now.

    Attributes:
        image: What was planned.
        image_id: The engine's id of it.
        how: ``present``, ``pulled`` or ``built``.
        seconds: Time it took.
    """

    image: PlannedImage
    image_id: str
    how: str
    seconds: float


def missing_images(engine: Engine, plan: Sequence[PlannedImage]) -> tuple[PlannedImage, ...]:
    """Give the planned images that the engine has not."""
    return tuple(image for image in plan if engine.image_id(image.reference) is None)


def ensure_images(
    engine: Engine,
    plan: Sequence[PlannedImage],
    source: BaseSource,
    progress: Progress,
    *,
    rebuild: bool = False,
) -> tuple[HadImage, ...]:
    """Have every planned image in the engine.

    When one fails, or the process is interrupted, those that are being made are given up: a build
    stops at the next line it prints, and nothing unfinished gets a name.

    Args:
        engine: The engine to have them in.
        plan: From `plan_images`: whatever an image is built from stands before it.
        source: Where base images come from.
        progress: Hears of every image.
        rebuild: Build again what is there, every step, for the packages' newest versions.

    Raises:
        StackError: An image could not be had; those finished before stay.
    """
    with progress.stage("images", total=len(plan), unit="images") as stage:
        had = _have_all(engine, plan, source, stage, rebuild=rebuild)
        new = [one for one in had if one.how != "present"]
        stage.done(f"{len(had)} images, {len(new) or 'none'} new")
    return had


def _have_all(
    engine: Engine,
    plan: Sequence[PlannedImage],
    source: BaseSource,
    stage: Stage,
    *,
    rebuild: bool,
) -> tuple[HadImage, ...]:
    tasks: dict[str, Future[HadImage]] = {}
    ended = threading.Event()

    def advance(steps: int, doing: str) -> None:
        # A running build asks here with every line it prints, and so stops when the others do.
        if ended.is_set():
            raise _Ended
        stage.advance(steps, doing)

    def have(image: PlannedImage) -> HadImage:
        # In plan order a worker waits only for tasks that were handed out before its own.
        for _, needed in image.needs:
            tasks[needed].result()
        one = _have(engine, image, source, advance, rebuild=rebuild)
        advance(1, f"{image} {one.how}")
        return one

    with ThreadPoolExecutor(_AT_ONCE) as workers:
        for image in plan:
            tasks[image.reference] = workers.submit(have, image)
        try:
            return tuple(task.result() for task in tasks.values())
        except BaseException:  # an error of ours, Ctrl-C, or the request to end
            ended.set()
            workers.shutdown(wait=False, cancel_futures=True)
            raise


class _Ended(Exception):
    """Another image failed, or all of it was interrupted: this one is given up."""


def _have(
    engine: Engine, image: PlannedImage, source: BaseSource, advance: Advance, *, rebuild: bool
) -> HadImage:
    began = time.monotonic()
    present = engine.image_id(image.reference)
    if present and not (rebuild and image.built):
        return HadImage(image, present, "present", time.monotonic() - began)
    image_id = _make(engine, image, source, advance, fresh=rebuild)
    how = "built" if image.built else "pulled"
    return HadImage(image, image_id, how, time.monotonic() - began)


def _make(
    engine: Engine, image: PlannedImage, source: BaseSource, advance: Advance, *, fresh: bool
) -> str:
    def heard(line: str) -> None:
        advance(0, f"{image}: {line}")

    if not image.built:
        return engine.pull(image.reference, heard)
    folder = recipes_folder() / image.role
    if image.role == "base":
        return make_base(engine, image, source, folder, heard, fresh=fresh)
    return engine.build(
        folder,
        dockerfile=image.dockerfile,
        tags=(image.reference, image.moving_reference),
        arguments={**dict(image.needs), "VERSION": image.version},
        heard=heard,
        fresh=fresh,
    )
