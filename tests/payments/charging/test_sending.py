"""The one sender of a process, and what it lets out."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from payments.charging import sending
from payments.charging.sending import Sender, sender

MANY = 16


@pytest.fixture(autouse=True)
def _no_sender_yet() -> Iterator[None]:
    sending.dispose(1)
    yield
    sending.dispose(1)


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty")
def test_threads_that_begin_at_once_share_one_sender() -> None:
    together = threading.Barrier(MANY)

    def ask() -> Sender:
        together.wait()
        return sender()

    with ThreadPoolExecutor(MANY) as threads:
        found = [asked.result() for asked in [threads.submit(ask) for _ in range(MANY)]]

    assert len(set(map(id, found))) == 1


def test_a_sender_that_closes_gives_no_slot_any_more_and_lets_nobody_wait_for_one() -> None:
    closing = sender()
    taken = closing.take_slots(1000, 0)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(closing.take_slots, 1, 60)
        closing.close()
        assert waiting.result(10) == 0
    closing.give_back(taken)

    assert closing.take_slots(1, 0) == 0
    assert closing.wait_idle(0)


@pytest.mark.usefixtures("hasty")
def test_whoever_waits_for_slots_gets_some_however_many_were_faster() -> None:
    shared, called = sender(), threading.Event()

    def work() -> list[int]:
        taken: list[int] = []
        for _ in range(20):
            taken.append(shared.take_slots(5, 60))
            called.wait(0.008)
            shared.give_back(taken[-1])
        return taken

    with ThreadPoolExecutor(MANY) as threads:
        found = [slots for asked in [threads.submit(work) for _ in range(MANY)] for slots in asked.result()]

    assert min(found) > 0
    assert shared.wait_idle(0)
