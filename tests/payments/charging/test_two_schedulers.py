"""The scheduler's lock is for economy: several at once issue, announce and charge each line once."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from kernel.broker import Jobs
from kernel.clock import business_now
from kernel.db import Session, begin, read
from kernel.settings import get_settings
from payments.autopay.models import Notice
from payments.autopay.notices import mark_notice_sent
from payments.charging import due
from payments.charging.applying import apply
from payments.charging.checkout import prepare_checkout
from payments.charging.models import Payment
from payments.contracts.models import BY_CALENDAR, ON_PAYMENT, Installment
from payments.installation.setup import ensure_installation
from payments.invoicing.issue import issue_due, issue_now
from payments.invoicing.models import Invoice
from portal.public import Duty
from portal.scheduler import run_duties
from portal.wiring import DUTIES, Wiring
from tests.support.business import agree, make_agreement
from tests.support.gateway_objects import says

CUSTOMERS = 40
SCHEDULERS = 4
EVERYTHING = [wait.name for wait in Wiring().waits]


class DeafJobs(Jobs):
    """Redis has lost every hint: only the schedulers are at work."""

    def send(self, name: str, ids: Sequence[UUID | int]) -> None:
        """Nobody hears it."""


def test_several_schedulers_at_once_do_each_thing_once(committed: str) -> None:
    for number in range(CUSTOMERS):
        _subscribe(f"customer{number}@example.com")

    with begin() as session:
        planned = Installment.status == "planned"
        session.execute(update(Installment).where(planned).values(issue_at=business_now(session)))
    _all_schedulers_at_once()
    assert _each_once(Invoice.installment_id, Invoice.status == "open")
    assert _each_once(Notice.installment_id)

    _announce_in_time()
    _all_schedulers_at_once()
    assert _each_once(Payment.invoice_id, Payment.initiator == "schedule")


def test_a_contract_is_charged_for_one_period_though_two_schedulers_share_its_lines(
    committed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "SCAN", 1)
    _subscribe("anna@example.com", advance=BY_CALENDAR)
    with begin() as session:
        first, _ = issued = [_issue_next(session), _issue_next(session)]
    _announce_in_time()

    with begin() as one, begin() as other:
        assert due.create_due_payments(one, now=business_now(one)) == 1
        assert due.create_due_payments(other, now=business_now(other)) == 0
    with begin() as session:
        assert due.create_due_payments(session, now=business_now(session)) == 1, "it waits for a day of its own"

    with read() as session:
        charged = select(Invoice.installment_id).join(Payment).where(Payment.initiator == "schedule")
        assert list(session.scalars(charged)) == [first]
        waiting = select(Installment.id).where(
            Installment.id.in_(issued), Installment.charge_at > business_now(session)
        )
        assert list(session.scalars(waiting)) == issued[1:]


def _issue_next(session: Session) -> UUID:
    line = session.scalars(select(Installment).where(Installment.status == "planned")).one()
    line.issue_at = business_now(session)
    session.flush()
    assert issue_due(session, now=business_now(session)) == 1
    return line.id


def _subscribe(email: str, *, advance: str = ON_PAYMENT) -> None:
    with begin() as session:
        ensure_installation(session, get_settings())
        it = make_agreement(session, email=email, draft=True, advance=advance)
        # A day earlier: a contract is charged for one period a day at most.
        now = business_now(session) - timedelta(days=1)
        invoice = issue_now(session, it.line_id, now=now)
        consent_id = agree(session, it, now=now)
        checkout = prepare_checkout(session, invoice.id, customer_id=it.customer_id, consent_id=consent_id, now=now)
        payment = session.get_one(Payment, checkout.payment_id)
        apply(session, [says(session, payment, "succeeded")], source="webhook", now=now)


def _announce_in_time() -> None:
    with begin() as session:
        before = business_now(session) - timedelta(hours=73)
        for notice in session.scalars(select(Notice.id)):
            mark_notice_sent(session, notice, now=before)
        session.execute(
            update(Installment).where(Installment.charge_at.is_not(None)).values(charge_at=func.business_now())
        )
        session.execute(update(Notice).values(charge_on=func.business_date(func.business_now())))


def _all_schedulers_at_once() -> None:
    def work(_number: int) -> None:
        while run_duties(DUTIES, DeafJobs([]), due=EVERYTHING, broken=_stop):
            pass

    with ThreadPoolExecutor(SCHEDULERS) as threads:
        list(threads.map(work, range(SCHEDULERS)))


def _stop(_duty: Duty, error: Exception) -> None:
    raise error


def _each_once(key: InstrumentedAttribute[UUID], *conditions: ColumnElement[bool]) -> bool:
    with read() as session:
        counts = session.execute(select(func.count(key)).where(*conditions).group_by(key)).scalars().all()
    return list(counts) == [1] * CUSTOMERS
