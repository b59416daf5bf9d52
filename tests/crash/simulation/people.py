"""The customer and the company's staff: what they do, by the product's own verbs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import Session, begin, read
from kernel.errors import Refused
from payments.autopay.consents import Evidence
from payments.autopay.ending import resume_contract, suspend_contract
from payments.autopay.holding import pause_autopay, resume_autopay
from payments.autopay.models import Autopay, PaymentMethod
from payments.autopay.stopping import charges_under_way, unlink, withdraw
from payments.charging.checkout import prepare_checkout, send_checkout
from payments.charging.looking import look_soon
from payments.charging.models import SENDING, Payment
from payments.contracts.models import Contract, Installment
from payments.installation.pausing import pause_charging, resume_charging
from payments.invoicing.issue import issue_now
from tests.crash.simulation.house import House
from tests.crash.simulation.stops import EVERYTHING, HELD, SUSPENDED, UNLINKED, WITHDRAWN, Stop, Stops
from tests.support.business import Agreement, agree

KOPECKS = 300_000
EMPLOYEE = UUID(int=7)


class People:
    """Who acts, on which agreements, and what is remembered of who has stopped what."""

    def __init__(self, house: House, stops: Stops, agreements: list[Agreement]) -> None:
        self._house = house
        self._stops = stops
        self.agreements = agreements

    def pay(self, it: Agreement, step: int, *, consent: bool) -> None:
        """The customer goes to pay the oldest line that is open, or the next one early, and agrees or does not."""
        try:
            with begin() as session:
                payment_id = self._prepare(session, it, step, consent=consent)
        except Refused:
            return
        if payment_id:
            send_checkout(payment_id)

    def come_back(self) -> None:
        """The customer reloads the page of the newest payment."""
        with begin() as session:
            mine = select(Payment.id).where(Payment.initiator == "customer").order_by(Payment.number.desc())
            look_soon(session, session.scalars(mine.limit(1)).one())

    def stop(self, it: Agreement, kind: str, step: int) -> None:
        """Somebody stops charges; the answer to whoever did it comes later."""
        if kind == EVERYTHING:
            with begin() as session:
                pause_charging(session, "staff", now=business_now(session), by=EMPLOYEE)
            self._stops.pause(step)
            return
        try:
            with begin() as session:
                contracts, tokens = _STOPS[kind](session, it)
                known = session.scalars(
                    select(Payment.id).where(Payment.contract_id.in_(contracts), Payment.initiator == "schedule")
                ).all()
        except Refused:
            return
        self._stops.stops.append(Stop(kind, step, _texts(contracts), _texts(known), tokens))

    def answer_stops(self) -> None:
        """Whoever stopped is answered: at once when nothing is being called, else after five seconds."""
        for stop in self._stops.stops:
            if stop.named is not None:
                continue
            with read() as session:
                found = [item for key in stop.contracts for item in charges_under_way(session, UUID(key))]
            if any(item.status == SENDING for item in found):
                self._house.sender.let_time_pass()
            stop.named = _texts([item.payment_id for item in found])

    def go_on(self, it: Agreement, kind: str, step: int) -> None:
        """An employee undoes a stop of his own."""
        try:
            with begin() as session:
                _GOES_ON[kind](session, it)
        except Refused:
            return
        if kind == EVERYTHING:
            self._stops.resume(step)
        else:
            self._stops.undo(kind, str(it.contract_id), step)

    def _prepare(self, session: Session, it: Agreement, step: int, *, consent: bool) -> UUID | None:
        contract = session.get_one(Contract, it.contract_id)
        payable = ("planned", "invoiced") if contract.status in ("draft", "active") else ("invoiced",)
        line = session.scalars(
            select(Installment.id)
            .where(Installment.contract_id == it.contract_id, Installment.status.in_(payable))
            .order_by(Installment.number)
            .limit(1)
        ).first()
        if line is None:
            return None
        now = business_now(session)
        invoice = issue_now(session, line, now=now)
        consent_id = agree(session, it, now=now, max_kopecks=KOPECKS) if consent else None
        checkout = prepare_checkout(session, invoice.id, customer_id=it.customer_id, consent_id=consent_id, now=now)
        if consent:
            self._stops.consented.setdefault(str(checkout.payment_id), step)
        return checkout.payment_id


def _withdraw(session: Session, it: Agreement) -> tuple[list[UUID], frozenset[str]]:
    withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))
    return [it.contract_id], frozenset()


def _unlink(session: Session, it: Agreement) -> tuple[list[UUID], frozenset[str]]:
    method_id = session.scalars(select(Autopay.method_id).where(Autopay.contract_id == it.contract_id)).one_or_none()
    if method_id is None:
        raise Refused("no card")
    now = business_now(session)
    contracts = unlink(session, method_id, customer_id=it.customer_id, evidence=Evidence(), now=now)
    gone = session.scalars(select(PaymentMethod.gateway_id).where(PaymentMethod.unlinked_at.is_not(None))).all()
    return contracts, frozenset(gone)


def _hold(session: Session, it: Agreement) -> tuple[list[UUID], frozenset[str]]:
    pause_autopay(session, it.contract_id, by=EMPLOYEE, now=business_now(session))
    return [it.contract_id], frozenset()


def _suspend(session: Session, it: Agreement) -> tuple[list[UUID], frozenset[str]]:
    suspend_contract(session, it.contract_id, now=business_now(session), source="staff")
    return [it.contract_id], frozenset()


def _release(session: Session, it: Agreement) -> None:
    resume_autopay(session, it.contract_id, by=EMPLOYEE, now=business_now(session))


def _resume(session: Session, it: Agreement) -> None:
    resume_contract(session, it.contract_id, now=business_now(session), source="staff")


def _resume_everything(session: Session, it: Agreement) -> None:
    del it
    resume_charging(session, now=business_now(session), by=EMPLOYEE)


_STOPS: dict[str, Callable[[Session, Agreement], tuple[list[UUID], frozenset[str]]]] = {
    WITHDRAWN: _withdraw,
    UNLINKED: _unlink,
    HELD: _hold,
    SUSPENDED: _suspend,
}
_GOES_ON: dict[str, Callable[[Session, Agreement], None]] = {
    HELD: _release,
    SUSPENDED: _resume,
    EVERYTHING: _resume_everything,
}


def _texts(ids: Iterable[UUID]) -> frozenset[str]:
    return frozenset(str(item) for item in ids)
