"""The machine: what may happen, in any order that hypothesis likes, and what must be true after each step."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kernel.db import begin
from payments.webhooks.intake import take_in
from tests.crash.simulation.people import People
from tests.crash.simulation.scene import Scene
from tests.crash.simulation.stops import EVERYTHING, HELD, SUSPENDED, UNLINKED, WITHDRAWN, Stops
from tests.crash.simulation.till import ANSWERS, TROUBLES, Till, answering, notification

# None: until the next thing that anything waits for.
MINUTES = (None, None, None, 1, 4, 90, 21 * 60, 25 * 60)

which = st.integers(0, 5)
contract = st.integers(0, 1)
trouble = st.one_of(st.none(), st.sampled_from(TROUBLES))
bank = st.sampled_from([*ANSWERS])


class Simulation(RuleBasedStateMachine):
    """One run. Each step is a rule with what was drawn for it; what has just happened decides which rules there are."""

    scene: ClassVar[Scene]

    def __init__(self) -> None:
        super().__init__()
        self.step = 0
        self.objections: list[str] = []
        self.stops = Stops()
        self.till = Till(self._overhear)
        self.house = self.scene.set(self.till)
        self.people = People(self.house, self.stops, self.scene.agreements)
        self._until_the_end = ExitStack()
        self._until_the_end.enter_context(answering(self.till))
        self._until_the_end.enter_context(_witnessing(self.objections))

    @initialize(hinted=st.booleans())
    def charges_wait_to_be_sent(self, *, hinted: bool) -> None:
        if hinted:
            self.house.scheduler_passes()

    # The product at work.

    @rule(which=which, trouble=trouble, bank=bank)
    def product_goes_on(self, which: int, trouble: str | None, bank: str) -> None:
        if self.house.sender.answers:
            self.answers_are_recorded(1 + which)
        elif self.house.sender.held:
            self.call_leaves(which, trouble, bank)
        elif self.house.jobs.waiting:
            self.worker_takes_a_message(which, again=False, trouble=trouble)
        else:
            self.scheduler_passes()

    @rule()
    def scheduler_passes(self) -> None:
        self._have("scheduler", self.house.scheduler_passes)

    @precondition(lambda self: self.house.jobs.waiting)
    @rule(which=which, again=st.booleans(), trouble=trouble)
    def worker_takes_a_message(self, which: int, *, again: bool, trouble: str | None) -> None:
        waiting = self.house.jobs.waiting
        self._have("worker", lambda: self.house.work(which % len(waiting), again=again), trouble)

    @precondition(lambda self: self.house.sender.held)
    @rule(which=which, trouble=trouble, bank=bank)
    def call_leaves(self, which: int, trouble: str | None, bank: str) -> None:
        self.till.bank = bank
        held = self.house.sender.held
        self._have("worker", lambda: self.house.sender.call(which % len(held)), trouble)
        self.till.bank = "yes"

    @precondition(lambda self: self.house.sender.answers)
    @rule(count=st.integers(1, 3))
    def answers_are_recorded(self, count: int) -> None:
        self._have("worker", lambda: self.house.sender.record(count))

    @precondition(lambda self: self.house.jobs.waiting)
    @rule()
    def redis_is_emptied(self) -> None:
        self.house.jobs.waiting.clear()

    # The gateway.

    @precondition(lambda self: self.till.notifications)
    @rule(which=which, again=st.booleans())
    def notification_comes(self, which: int, *, again: bool) -> None:
        waiting = self.till.notifications
        body = waiting[which % len(waiting)] if again else waiting.pop(which % len(waiting))
        self._have("web", lambda: self._take_in(body))

    @rule(which=which, status=st.sampled_from(["succeeded", "canceled"]), known=st.booleans())
    def somebody_forges_a_notification(self, which: int, status: str, *, known: bool) -> None:
        ids = [*self.till.payments]
        object_id = ids[-1 - which % len(ids)] if known else f"made-up-{which}"
        forged = notification(f"payment.{status}", {"id": object_id, "status": status})
        self._have("web", lambda: self._take_in(forged))

    @precondition(lambda self: self.till.waiting(hosted=False))
    @rule(which=which, bank=st.sampled_from(["yes", "no_money"]))
    def bank_decides_at_last(self, which: int, bank: str) -> None:
        waiting = self.till.waiting(hosted=False)
        self.till.decide(waiting[which % len(waiting)], bank)

    @precondition(lambda self: self.till.on_the_way)
    @rule()
    def late_call_arrives(self) -> None:
        self.till.let_arrive()

    # People.

    @rule(contract=contract, consent=st.booleans(), trouble=trouble)
    def customer_goes_to_pay(self, contract: int, *, consent: bool, trouble: str | None) -> None:
        it = self.people.agreements[contract]
        self._have("web", lambda: self.people.pay(it, self.step, consent=consent), trouble)

    @precondition(lambda self: self.till.waiting(hosted=True))
    @rule(which=which, bank=st.sampled_from(["yes", "no_money"]), last4=st.sampled_from(["4444", "1026"]))
    def customer_pays_on_the_page(self, which: int, bank: str, last4: str) -> None:
        waiting = self.till.waiting(hosted=True)
        self.till.decide(waiting[which % len(waiting)], bank, last4=last4)

    @precondition(lambda self: self.till.waiting(hosted=True))
    @rule()
    def customer_comes_back(self) -> None:
        self._have("web", self.people.come_back)

    @rule(contract=contract, kind=st.sampled_from([WITHDRAWN, UNLINKED, HELD, SUSPENDED, EVERYTHING]))
    def somebody_stops(self, contract: int, kind: str) -> None:
        self.step += 1
        self.people.stop(self.people.agreements[contract], kind, self.step)

    @precondition(lambda self: any(stop.named is None for stop in self.stops.stops))
    @rule()
    def stops_are_answered(self) -> None:
        self.people.answer_stops()

    @precondition(lambda self: self.stops.stops or self.stops.paused)
    @rule(contract=contract, kind=st.sampled_from([HELD, SUSPENDED, EVERYTHING]))
    def employee_lets_it_go_on(self, contract: int, kind: str) -> None:
        self.step += 1
        self.people.go_on(self.people.agreements[contract], kind, self.step)

    # Time and death.

    @rule(minutes=st.sampled_from(MINUTES), letters=st.booleans())
    def time_passes(self, minutes: int | None, *, letters: bool) -> None:
        span = self.house.until_next() if minutes is None else timedelta(minutes=minutes)
        self._pass_time(span)
        if letters:
            self.house.letters_leave()

    @rule(of_calls=st.booleans())
    def leases_end(self, *, of_calls: bool) -> None:
        self.people.answer_stops()
        self.house.end_leases(of_calls=of_calls)

    @rule(fault_points=st.integers(1, 4))
    def death_waits(self, fault_points: int) -> None:
        self.house.dies_at = fault_points

    # What must be true.

    @invariant()
    def nothing_is_wrong(self) -> None:
        wrong = [*self.objections, *self.scene.books.wrong_now(self.till)]
        assert not wrong, "\n".join(wrong)

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:  # a run that has failed is not asked for more
                self._come_to_rest()
        finally:
            self.house.close()
            self._until_the_end.close()

    def _come_to_rest(self) -> None:
        self.house.all_die()
        self.till.let_arrive()
        self.people.go_on(self.people.agreements[0], EVERYTHING, self.step)
        wrong: list[str] = []
        for hours in (0, 2, 25, 25, 80):
            self._pass_time(timedelta(hours=hours))
            for gateway_id in self.till.waiting(hosted=False):
                self.till.decide(gateway_id, "yes")
            self.house.end_leases(of_calls=True)
            rested = self.house.settle()
            assert not (never := self.scene.books.wrong_now(self.till)), "\n".join(never)
            wrong = [*self.objections, *self.scene.books.wrong_at_rest(self.till)]
            if rested and not wrong:
                return
        raise AssertionError("\n".join([f"does not come to rest, due are {sorted(self.house.look().due)}", *wrong]))

    def _have(self, process: str, act: Callable[[], object], trouble: str | None = None) -> None:
        self.step += 1
        self.house.sender.step = self.step
        self.till.trouble = trouble
        died = self.house.have(process, act)
        if trouble and self.till.trouble is None:
            self.scene.seen[trouble] += 1
        if died:
            self.scene.seen[died] += 1
        self.till.trouble = None

    def _pass_time(self, span: timedelta) -> None:
        self.step += 1
        self.people.answer_stops()
        self.till.let_arrive()
        self.house.pass_time(span)
        self.till.expire()

    def _take_in(self, body: dict[str, Any]) -> None:
        with begin() as session:
            take_in(session, body, ip="127.0.0.1")

    def _overhear(self, body: dict[str, Any]) -> None:
        if "payment_method_id" not in body:
            return
        calling = self.house.sender.calling
        assert calling is not None
        paid = [item for item in self.till.payments.values() if item["status"] == "succeeded"]
        if why := self.stops.objection(body, permitted=calling.step, paid=paid):
            self.objections.append(why)


class _Witness(logging.Handler):
    """Our code goes on after an error that it did not expect; here none is expected."""

    def __init__(self, heard: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        event = record.msg if isinstance(record.msg, dict) else {"event": record.getMessage()}
        if "exception" in event:
            self._heard.append(f"{event['event']}: {event['exception']}")


@contextmanager
def _witnessing(heard: list[str]) -> Iterator[None]:
    witness = _Witness(heard)
    logging.getLogger().addHandler(witness)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(witness)
