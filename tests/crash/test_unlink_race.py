"""Stopping, or an employee's pause, races a running charge: after the answer nothing leaves but the calls that the answer named as under way."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text

from kernel.clock import business_now
from kernel.db import begin, read
from payments.autopay.consents import Evidence
from payments.autopay.holding import pause_autopay
from payments.autopay.models import PaymentMethod
from payments.autopay.stopping import unlink, wait_for_calls, withdraw
from payments.charging import permits
from payments.charging.charging import charge, resend
from payments.charging.models import SENDING, UNKNOWN, Payment
from payments.charging.sending import sender
from tests.support.business import Agreement, make_agreement, pay_with_consent
from tests.support.charging import DueCharge, activate_again, make_due, next_day
from tests.support.world import World

CUSTOMERS = 50
# 50 races a round: 200 in `make test`, a thousand in `make soak`.
ROUNDS = int(os.environ.get("KABINET_TEST_RACE_ROUNDS", "4"))
_PEOPLE = 8
WAYS = ("unlink", "withdraw", "pause")
_EMPLOYEE = uuid4()
_POLLERS = 4
# The locks that make a permit and a stop take turns, as the permit's statement spells them.
_LOCKS = "FOR SHARE OF autopays, m SKIP LOCKED"
_WEAK_LOCKS = "FOR KEY SHARE OF autopays, m SKIP LOCKED"
_NO_LOCKS = ""


class Stop:
    """One stop of one customer's charges: when it was answered, and which calls the answer named as under way."""

    def __init__(self, due: DueCharge, customer_id: UUID, *, way: str, delay: float = 0.0) -> None:
        self.due, self._customer_id, self._way, self._delay = due, customer_id, way, delay
        self.answered_at = datetime.min.replace(tzinfo=UTC)
        self.calling: set[UUID] = set()

    def run(self) -> None:
        time.sleep(self._delay)
        owner = self.due.contract_id
        with begin() as session:
            now = business_now(session)
            if self._way == "unlink":
                # The card's newest token, which rests in nobody's autopay: the barrier holds for all of the card's.
                mine = select(PaymentMethod.id).where(PaymentMethod.customer_id == self._customer_id)
                owner = session.scalars(mine.order_by(PaymentMethod.id.desc()).limit(1)).one()
                assert owner != self.due.method_id
                unlink(session, owner, customer_id=self._customer_id, evidence=Evidence(), now=now)
            elif self._way == "withdraw":
                withdraw(session, owner, evidence=Evidence(), now=now)
            else:
                pause_autopay(session, owner, by=_EMPLOYEE, now=now)
        # A payment that is named as unknown is only looked up from now on: it must not be sent again.
        self.calling = {item.payment_id for item in wait_for_calls(owner) if item.status == SENDING}
        self.answered_at = datetime.now(UTC)


@dataclass(frozen=True)
class Race:
    """One charge and one stop that ran at once: whether the charge was a repeat, and its calls after the start."""

    stop: Stop
    again: bool
    calls: tuple[datetime, ...]

    @property
    def got_through(self) -> bool:
        """Whether the charge left after the stop's answer, which did not name it."""
        late = any(at > self.stop.answered_at for at in self.calls)
        return late and self.stop.due.payment_id not in self.stop.calling


@pytest.mark.timeout(400)
def test_races_between_a_stop_and_a_charge_let_nothing_through(world: World) -> None:
    agreements = _customers(world, CUSTOMERS)
    half = CUSTOMERS // 2
    races = [race for number in range(ROUNDS) for race in _round(world, agreements, random.Random(number), first=half)]
    assert len(races) == CUSTOMERS * ROUNDS
    assert [race.stop.due for race in races if race.got_through] == []
    for again in (False, True):
        kind = [race for race in races if race.again == again]
        left = len([race for race in kind if race.calls])
        print(f"{'repeats' if again else 'first sends'}: {len(kind)} races, {left} left, {len(kind) - left} never did")
        assert 0 < left < len(kind)


@pytest.mark.soak
def test_the_race_names_a_permit_that_does_not_take_turns_with_a_stop(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreements = _customers(world, 2 * _POLLERS)
    leaks = {}
    for locks in (_LOCKS, _WEAK_LOCKS, _NO_LOCKS):
        with monkeypatch.context() as change:
            _slow_permit(change, locks)
            races = _round(world, agreements, random.Random(1), first=0, head_start=0.4)
        assert any(race.calls for race in races)
        leaks[locks] = any(race.got_through for race in races)
    assert leaks == {_LOCKS: False, _WEAK_LOCKS: True, _NO_LOCKS: True}


def test_a_stop_during_the_call_names_the_payment_under_way(world: World) -> None:
    (it,) = _customers(world, 1)
    next_day()
    with begin() as session:
        (due,) = make_due(session, [it])
    world.fail(system="yookassa", match={"method": "POST"}, kind="hang", times=1)
    charge([str(due.payment_id)])
    with read() as session:
        status = session.get_one(Payment, due.payment_id).status
    stop = Stop(due, it.customer_id, way="unlink")
    stop.run()
    assert status == SENDING
    assert stop.calling == {due.payment_id}


def _slow_permit(monkeypatch: pytest.MonkeyPatch, locks: str) -> None:
    # With these locks, and a second long: that second holds the gap which a fast permit would rarely show.
    spelled = str(permits._PERMIT_SCHEDULED.text)
    assert spelled.count(_LOCKS) == spelled.count("RETURNING p.id") == 1
    other = spelled.replace(_LOCKS, locks).replace("RETURNING p.id", "RETURNING pg_sleep(1), p.id")
    monkeypatch.setattr(permits, "_PERMIT_SCHEDULED", text(other).bindparams(*permits._IDS))


def _customers(world: World, count: int) -> list[Agreement]:
    agreements = []
    for number in range(count):
        with begin() as session:
            it = make_agreement(session, email=f"race{number}@example.com", draft=True)
        pay_with_consent(it)
        agreements.append(it)
    world.play(advance="PT20M")
    with begin() as session:
        tokens = session.scalars(select(PaymentMethod)).all()
        assert len(tokens) == count
        session.add_all(_second_token(token) for token in tokens)
    return agreements


def _second_token(it: PaymentMethod) -> PaymentMethod:
    return PaymentMethod(
        customer_id=it.customer_id,
        shop_id=it.shop_id,
        gateway_id=f"{it.gateway_id}-2",
        kind=it.kind,
        title=it.title,
        last4=it.last4,
        card_type=it.card_type,
        expiry_year=it.expiry_year,
        expiry_month=it.expiry_month,
    )


def _round(
    world: World, agreements: list[Agreement], chance: random.Random, *, first: int, head_start: float = 0.0
) -> list[Race]:
    """Race a stop against each charge: so many are sent for the first time, the others again, their outcome unknown.

    Each stop begins up to `head_start` seconds late.
    """
    next_day()
    with begin() as session:
        activate_again(session)
        due = make_due(session, agreements)
    assert len(due) == len(agreements)
    fresh, again = due[:first], due[first:]
    _lose_answers(world, again, chance.choice(["error_500_before", "error_500_after"]))
    world.mend()
    world.fail(system="yookassa", match={"method": "POST"}, kind="slow", rate=0.5, seed=7, seconds=0.1)
    since = world.journal()[-1]["n"]
    customers = {it.contract_id: it.customer_id for it in agreements}
    stops = [
        Stop(item, customers[item.contract_id], way=chance.choice(WAYS), delay=head_start * chance.random())
        for item in due
    ]
    _run_at_once(chance.sample(stops, len(stops)), fresh, again)
    assert sender().wait_idle(60)
    calls = _calls_by_payment(world, since)
    repeats = {item.payment_id for item in again}
    return [Race(stop, stop.due.payment_id in repeats, tuple(calls.get(stop.due.payment_id, ()))) for stop in stops]


def _lose_answers(world: World, due: Sequence[DueCharge], kind: str) -> None:
    world.mend()
    world.fail(system="yookassa", match={"method": "POST"}, kind=kind)
    charge([str(item.payment_id) for item in due])
    assert sender().wait_idle(60)
    ids = [item.payment_id for item in due]
    with read() as session:
        assert set(session.scalars(select(Payment.status).where(Payment.id.in_(ids)))) == {UNKNOWN}


def _run_at_once(stops: Sequence[Stop], fresh: Sequence[DueCharge], again: Sequence[DueCharge]) -> None:
    start = threading.Event()

    def begin_with(work: Callable[[], object]) -> None:
        start.wait()
        work()

    with ThreadPoolExecutor(1 + _POLLERS) as workers, ThreadPoolExecutor(_PEOPLE) as people:
        doing = [workers.submit(begin_with, lambda: charge([str(item.payment_id) for item in fresh]))]
        for part in range(_POLLERS):
            mine = [item.payment_id for item in again[part::_POLLERS]]
            doing.append(workers.submit(begin_with, lambda mine=mine: [resend(key) for key in mine]))  # type: ignore[misc]
        doing += [people.submit(begin_with, stop.run) for stop in stops]
        start.set()
        for done in doing:
            done.result()


def _calls_by_payment(world: World, since: int) -> dict[UUID, list[datetime]]:
    calls: dict[UUID, list[datetime]] = {}
    for entry in world.journal(system="yookassa", since=since):
        if entry["method"] == "POST" and entry["payment_method_id"]:
            payment_id = UUID(entry["request"]["metadata"]["payment_id"])
            calls.setdefault(payment_id, []).append(datetime.fromisoformat(entry["real_at"]))
    return calls
