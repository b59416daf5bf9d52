"""The one sender of a process, and what it lets out."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import respx

from kernel.clock import elapsed
from kernel.db import Session
from payments.charging import sending
from payments.charging.permits import Permit, permit_scheduled
from payments.charging.sending import Sender, send_once, sender
from payments.gateway.port import NotExecuted, OutcomeUnknown
from payments.gateway.yookassa import YooKassa
from tests.support.standing import make_standing

MANY = 16
API = "http://gateway.test/v3"
SHOP = YooKassa(api_url=API, shop_id="100500", secret_key="test")


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


def _permit(body: str = "{}", *, granted: float | None = None) -> Permit:
    return Permit(uuid4(), body, uuid4(), elapsed() if granted is None else granted)


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


def test_whoever_finds_every_thread_busy_waits_no_longer_than_told() -> None:
    busy = sender()
    taken = busy.take_slots(1000, 0)

    assert busy.take_slots(1, 0.05) == 0

    busy.give_back(taken)
    assert busy.take_slots(1, 0.05) == 1
    busy.give_back(1)


def test_repeats_have_threads_of_their_own_however_many_first_sends_there_are() -> None:
    busy = sender()
    taken = busy.take_slots(1000, 0)

    repeats = [busy.take_repeat_slot(0.05) for _ in range(Sender.kept_for_repeats + 1)]

    assert repeats == [1] * Sender.kept_for_repeats + [0]
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(busy.take_repeat_slot, 60)
        busy.give_back(1)
        assert waiting.result(10) == 1
    busy.give_back(taken + Sender.kept_for_repeats)
    assert busy.wait_idle(0)


def test_a_permit_of_two_seconds_ago_is_not_used() -> None:
    with respx.mock(base_url=API) as gateway:
        result = send_once(SHOP, _permit(granted=elapsed() - 2.1))

    assert isinstance(result, NotExecuted)
    assert not gateway.calls


def test_a_permit_of_before_the_machines_sleep_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    permit, asleep = _permit(), 3 * 86400
    monkeypatch.setattr(sending, "elapsed", lambda: elapsed() + asleep)  # time.monotonic() has stood still
    with respx.mock(base_url=API) as gateway:
        result = send_once(SHOP, permit)

    assert isinstance(result, NotExecuted)
    assert not gateway.calls


def test_a_permit_is_as_old_as_the_question_for_it(session: Session) -> None:
    it = make_standing(session)
    before = elapsed()

    (permit,) = permit_scheduled(session, [it.due.payment_id], worker="test")

    assert before <= permit.granted <= elapsed()


def test_whatever_breaks_on_the_way_leaves_the_outcome_unknown() -> None:
    result = send_once(SHOP, _permit('{"description": "\ud800"}'))

    assert type(result) is OutcomeUnknown
    assert str(result) == "UnicodeEncodeError"
