"""Tell `scripts/setup.sh` whether a Docker engine answers, as `sandbox` itself would ask it.

Ends with 0 where one does, 1 where none does, 3 where one does that cannot be used as it is; then
its reason and cure are on standard error, unless --quiet.
"""

from __future__ import annotations

import sys

from sandbox.errors import EngineUnreachable, SandboxError
from sandbox.model import State
from sandbox.replica.doctor import check_bridge
from sandbox.replica.engine import connect_engine
from sandbox.settings import load_settings

_SECONDS = 10


def main() -> int:
    """Ask once and give the process's exit code."""
    try:
        with connect_engine(load_settings().engine.host or None, _SECONDS) as engine:
            checks = check_bridge(engine.facts())
    except SandboxError as error:
        _say(error.message, error.hint)
        return 1 if isinstance(error, EngineUnreachable) else 3
    lacking = [check for check in checks if check.state is State.MISSING]
    for check in lacking:
        _say(check.found, check.cure)
    return 3 if lacking else 0


def _say(what: str, cure: str) -> None:
    if "--quiet" not in sys.argv[1:]:
        sys.stderr.write(f"error: {what}\nhint: {cure}\n")


if __name__ == "__main__":
    sys.exit(main())
