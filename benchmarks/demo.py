"""How long is `make demo` once its images exist?

Tells the demo's story from first to last, on ports and under names of its own, and removes what it
started; a demo that runs is left alone. Run it with `make bench` on an idle machine. The cold time,
from a machine without images, is that of the first `time make demo`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "docker/demo"))

from demo_production.story import Plan, clean_up, have_images, tell
from sandbox.replica.engine import connect_engine
from sandbox.report.progress import TerminalProgress
from sandbox.report.terminal import console_for

_PLAN = Plan(name="prod-sandbox-bench-demo")


def main() -> None:
    """Have the images, then time the story; the stages are on standard error."""
    progress = TerminalProgress(console_for("stderr"))
    with connect_engine(timeout=600) as engine:
        have_images(engine, _PLAN, progress)
        began = time.monotonic()
        try:
            tell(engine, _PLAN, progress)
            print(f"warm demo                           {time.monotonic() - began:6.1f} s")
        finally:
            clean_up(engine, _PLAN.name)


if __name__ == "__main__":
    main()
