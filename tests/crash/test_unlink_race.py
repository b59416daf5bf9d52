"""Unlinking a card races a running charge: after its answer nothing leaves but what the answer named."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import begin
from payments.autopay.consents import Evidence
from payments.autopay.models import PaymentMethod
from payments.autopay.stopping import unlink, wait_for_calls, withdraw
from payments.charging.charging import charge
from payments.charging.models import Payment
from payments.charging.sending import sender
from tests.support.business import Agreement, make_agreement, pay_with_consent
from tests.support.charging import DueCharge, activate_again, make_due, next_day
from tests.support.world import World

CUSTOMERS = 50
ROUNDS = 20


class Stop:
    """One customer's stop: when it was answered, and which payments the answer named."""

    def __init__(self, due: DueCharge, customer_id: UUID, *, by_card: bool) -> None:
        self.due, self._customer_id, self._by_card = due, customer_id, by_card
        self.answered_at = datetime.min.replace(tzinfo=UTC)
        self.named: set[UUID] = set()

    def run(self) -> None:
        with begin() as session:
            now = business_now(session)
            if self._by_card:
                unlink(session, self.due.method_id, customer_id=self._customer_id, evidence=Evidence(), now=now)
                owner = self.due.method_id
            else:
                withdraw(session, self.due.contract_id, evidence=Evidence(), now=now)
                owner = self.due.contract_id
        self.named = {item.payment_id for item in wait_for_calls(owner)}
        self.answered_at = datetime.now(UTC)


@pytest.mark.timeout(400)
def test_a_thousand_races_between_a_stop_and_a_charge_let_nothing_through(world: World) -> None:
    agreements = _customers(world)
    world.fail(system="yookassa", match={"method": "POST"}, kind="slow", rate=0.5, seed=7, seconds=0.1)
    raced = sent = refused = 0
    for number in range(ROUNDS):
        next_day()
        with begin() as session:
            activate_again(session)
            due = make_due(session, agreements)
        assert len(due) == CUSTOMERS
        since = world.journal()[-1]["n"]
        stops = _race(due, agreements, random.Random(number))
        assert sender().wait_idle(60)
        calls = _calls_by_payment(world, since)
        for stop in stops:
            late = [at for at in calls.get(stop.due.payment_id, []) if at > stop.answered_at]
            assert not late or stop.due.payment_id in stop.named, stop.due
        raced += len(stops)
        sent += len(calls)
        refused += len(due) - len(calls)
    print(f"{raced} races, {sent} charges had left, {refused} never left")
    assert raced == CUSTOMERS * ROUNDS
    assert sent
    assert refused


def _customers(world: World) -> list[Agreement]:
    agreements = []
    for number in range(CUSTOMERS):
        with begin() as session:
            it = make_agreement(session, email=f"race{number}@example.com", draft=True)
        pay_with_consent(it)
        agreements.append(it)
    world.play(advance="PT20M")
    with begin() as session:
        assert len(session.scalars(select(PaymentMethod.id)).all()) == CUSTOMERS
    return agreements


def _race(due: list[DueCharge], agreements: list[Agreement], chance: random.Random) -> list[Stop]:
    customers = {it.contract_id: it.customer_id for it in agreements}
    stops = [Stop(item, customers[item.contract_id], by_card=chance.random() < 0.5) for item in due]
    order = chance.sample(stops, len(stops))
    ids = [str(item.payment_id) for item in due]
    start = threading.Barrier(2)

    def charge_all() -> None:
        start.wait()
        charge(ids)

    charging = threading.Thread(target=charge_all)
    charging.start()
    with ThreadPoolExecutor(8) as people:
        start.wait()
        for done in [people.submit(stop.run) for stop in order]:
            done.result()
    charging.join()
    return stops


def _calls_by_payment(world: World, since: int) -> dict[UUID, list[datetime]]:
    calls: dict[UUID, list[datetime]] = {}
    for entry in world.journal(system="yookassa", since=since):
        if entry["method"] == "POST" and entry["payment_method_id"]:
            payment_id = UUID(entry["request"]["metadata"]["payment_id"])
            calls.setdefault(payment_id, []).append(datetime.fromisoformat(entry["real_at"]))
    return calls


def test_a_stop_during_the_call_names_the_payment_under_way(world: World) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    pay_with_consent(it)
    world.play(advance="PT20M")
    next_day()
    with begin() as session:
        (due,) = make_due(session, [it])
    world.fail(system="yookassa", match={"method": "POST"}, kind="hang", times=1)
    charge([str(due.payment_id)])
    with begin() as session:
        status = session.get_one(Payment, due.payment_id).status
    stop = Stop(due, it.customer_id, by_card=True)
    stop.run()
    assert status == "sending"
    assert stop.named == {due.payment_id}
