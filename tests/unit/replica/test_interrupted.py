"""Ctrl-C in the middle of work on the engine: nothing goes on behind its back."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import cast

import pytest

from sandbox.replica.containers import Container
from sandbox.replica.interrupts import uninterrupted
from sandbox.replica.stack import _all_at_once


def test_interrupt_waits_for_a_call_that_goes_on_anyway() -> None:
    done = []

    def create() -> None:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            done.append("created")

    with pytest.raises(KeyboardInterrupt):
        create()
    assert done == ["created"]
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_interrupt_waits_where_another_thread_takes_the_signal() -> None:
    ends = threading.Event()
    # Threads that were started before do not know what is blocked here.
    other = threading.Thread(target=ends.wait)
    other.start()
    done = []

    def create() -> None:
        with uninterrupted():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)
            done.append("created")

    try:
        with pytest.raises(KeyboardInterrupt):
            create()
    finally:
        ends.set()
        other.join()
    assert done == ["created"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_interrupt_ends_all_jobs_before_it_comes_back() -> None:
    removed = threading.Event()
    ended: list[int] = []

    def job() -> Container:
        removed.wait(10)  # for its container to answer, or to be gone
        ended.append(1)
        return cast("Container", None)

    def interrupting() -> Container:
        os.kill(os.getpid(), signal.SIGINT)
        return job()

    with pytest.raises(KeyboardInterrupt):
        _all_at_once([job, job, interrupting, job], give_up=removed.set)
    assert removed.is_set()
    now = len(ended)  # one that has not begun may never do so
    assert now >= 2
    time.sleep(0.05)
    assert len(ended) == now


def test_first_error_is_told_when_all_jobs_have_ended() -> None:
    ended: list[int] = []

    def failing() -> Container:
        raise RuntimeError("it does not start")

    def job() -> Container:
        ended.append(1)
        return cast("Container", None)

    with pytest.raises(RuntimeError, match="it does not start"):
        _all_at_once([failing, job], give_up=lambda: ended.append(2))
    assert ended == [1]
