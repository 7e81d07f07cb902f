"""The door of the `sandbox` command. It is light: Ctrl-C has to be answered from the start.

Whatever is needed for a command takes most of a second to import. What is sent to the process
meanwhile waits, and is answered by `commands.run`, which knows how to say so.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import NoReturn

_ENDINGS = (signal.SIGINT, signal.SIGTERM)


class Terminated(BaseException):
    """The process was asked to end. No `Exception`, so that nothing swallows it on its way up."""


def main() -> NoReturn:
    """Run the command line of this process."""
    _let_signals_wait()
    signal.signal(signal.SIGTERM, _raise_terminated)
    from sandbox.cli.commands import run  # noqa: PLC0415 - takes its time

    code = run(sys.argv[1:])
    _let_signals_wait()  # all is said: nothing is left that could be interrupted
    sys.exit(code)


def let_signals_in() -> None:
    """Raise here what was sent to the process while it started, and from now on as it comes.

    Raises:
        KeyboardInterrupt: It was Ctrl-C.
        Terminated: It was SIGTERM.
    """
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)


def _let_signals_wait() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)


def _raise_terminated(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated
