"""Ctrl-C and SIGTERM around calls that go on whatever becomes of whoever made them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_ENDINGS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait until a call of the engine has ended, which goes on anyway.

    Else something could come to be after whoever was interrupted has removed all that is there.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
    came: list[int] = []
    # Where another thread takes the signal, Python still has it answered here, whatever we block.
    answers = _answered_by(lambda number, _: came.append(number))
    try:
        yield
    finally:
        for number, answer in answers.items():
            signal.signal(number, answer)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if came:
            signal.raise_signal(came[0])


def _answered_by(answer: Callable[[int, object], None]) -> dict[signal.Signals, Any]:
    """Have the signals that end a program answered otherwise; give what answered them before."""
    if threading.current_thread() is not threading.main_thread():
        return {}  # no signal is answered in other threads
    found = {number: signal.getsignal(number) for number in _ENDINGS}
    known = {number: before for number, before in found.items() if before is not None}
    for number in known:
        signal.signal(number, answer)
    return known
