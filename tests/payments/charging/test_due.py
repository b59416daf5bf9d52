"""The catch-up rule: what is late is announced again, and a contract is charged for one period a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from kernel.clock import business_now, refresh, set_shift, start_of
from kernel.db import Session, begin, read
from kernel.outbox import OutboxMessage
from payments.autopay.models import Notice
from payments.autopay.notices import announce, mark_notice_sent
from payments.charging.applying import apply
from payments.charging.checkout import prepare_checkout
from payments.charging.due import TO_CHARGE, create_due_payments
from payments.charging.models import Payment
from payments.contracts.models import BY_CALENDAR, ON_PAYMENT, Installment
from payments.contracts.periods import Period
from payments.events import InvoiceIssued
from payments.installation.pausing import pause_charging, resume_charging
from payments.invoicing.issue import issue_due, issue_now
from portal.web.cabinet.queries.lines import read_due_lines
from tests.portal.web.staff.conftest import staff_member
from tests.portal.web.staff.played import agreement, answer, at_noon, customer_of, pay_first, play_day
from tests.support.another_shop import Move
from tests.support.business import Agreement, agree, open_company, payments_of
from tests.support.gateway_objects import CARD, says

pytestmark = pytest.mark.committed

FIRST = date(2027, 3, 1)
WEEK = timedelta(days=7)


@pytest.fixture
def company(committed: str) -> None:
    with begin() as session:
        open_company(session)


def subscribed(advance: str = ON_PAYMENT) -> Agreement:
    """A weekly contract with an autopay, first paid on the first of March."""
    at_noon(FIRST)
    with begin() as session:
        it = agreement(session, customer_of(session, "Анна"), period=Period("week"), advance=advance)
        pay_first(session, it)
    return it


def announced(*, letters_leave: bool = True) -> None:
    """What is to be issued by now is issued, and its letter leaves, unless the mail is down."""
    with begin() as session:
        while issue_due(session, now=business_now(session)):
            pass
    if letters_leave:
        letters_left()


def letters_left() -> None:
    with begin() as session:
        for notice_id in session.scalars(select(Notice.id).where(Notice.sent_at.is_(None))).all():
            mark_notice_sent(session, notice_id, now=business_now(session))


def after_noon(day: date) -> None:
    """A little later than what was sent at noon some days ago."""
    at_noon(day)
    with begin() as session:
        set_shift(session, refresh() + timedelta(minutes=5))


def charger_runs() -> None:
    with begin() as session:
        create_due_payments(session, now=business_now(session))


def charges(it: Agreement) -> list[Payment]:
    """The scheduled payments of the contract."""
    with read() as session:
        return [payment for payment in payments_of(session, it.contract_id) if payment.initiator == "schedule"]


def notices() -> list[tuple[date, datetime | None]]:
    with read() as session:
        rows = session.execute(select(Notice.charge_on, Notice.sent_at).order_by(Notice.id)).all()
        return [(row.charge_on, row.sent_at) for row in rows]


def lines(session: Session, it: Agreement) -> list[Installment]:
    found = select(Installment).where(Installment.contract_id == it.contract_id).order_by(Installment.number)
    return list(session.scalars(found))


def test_three_days_late_is_charged_and_a_minute_more_is_announced_again(company: None) -> None:
    it = subscribed()
    at_noon(FIRST + timedelta(days=4))
    announced()
    with begin() as session:
        create_due_payments(session, now=start_of(FIRST + WEEK) - timedelta(minutes=1))
    assert charges(it) == [], "not before 00:00 of its day"

    at_noon(FIRST + WEEK + timedelta(days=10))
    with begin() as session:
        create_due_payments(session, now=start_of(FIRST + WEEK + timedelta(days=3)) + timedelta(minutes=1))

    assert charges(it) == []
    assert [charge_on for charge_on, _ in notices()] == [FIRST + WEEK, FIRST + timedelta(days=13)]
    with begin() as session:
        assert lines(session, it)[1].charge_at is None, "it waits for the letter"


def test_a_late_line_of_a_former_shops_card_is_not_announced_again_and_its_refused_charge_tells_why(
    company: None, move: Move
) -> None:
    it = subscribed()
    at_noon(FIRST + timedelta(days=4))
    announced()
    with begin() as session:
        move.here(session)
    at_noon(FIRST + WEEK + timedelta(days=10))

    with begin() as session:
        create_due_payments(session, now=business_now(session))

    assert len(charges(it)) == 1
    assert [charge_on for charge_on, _ in notices()] == [FIRST + WEEK]


def test_exactly_three_days_late_is_not_late_yet(company: None) -> None:
    it = subscribed()
    at_noon(FIRST + timedelta(days=4))
    announced()
    at_noon(FIRST + WEEK + timedelta(days=3))
    with begin() as session:
        create_due_payments(session, now=start_of(FIRST + WEEK + timedelta(days=3)))

    assert len(charges(it)) == 1
    assert len(notices()) == 1


def test_what_was_announced_again_is_charged_on_the_day_that_the_letter_names(company: None) -> None:
    it = subscribed()
    at_noon(FIRST + timedelta(days=4))
    announced()
    at_noon(FIRST + timedelta(days=20))
    charger_runs()
    letters_left()
    for day in (21, 22):
        at_noon(FIRST + timedelta(days=day))
        charger_runs()
        assert charges(it) == []

    at_noon(FIRST + timedelta(days=24))
    charger_runs()

    assert [payment.status for payment in charges(it)] == ["created"]


def test_a_line_that_arises_after_its_day_waits_for_its_own_notice(company: None) -> None:
    it = subscribed()
    at_noon(FIRST + timedelta(days=30))
    announced()
    charger_runs()

    assert charges(it) == []
    assert [charge_on for charge_on, _ in notices()] == [FIRST + timedelta(days=33)]


def test_a_pause_makes_late_what_fell_due_under_it(company: None) -> None:
    it = subscribed()
    at_noon(FIRST + timedelta(days=4))
    announced()
    owner = staff_member("owner")
    with begin() as session:
        pause_charging(session, "сверка", now=business_now(session), by=owner)
    at_noon(FIRST + timedelta(days=12))
    charger_runs()
    assert charges(it) == []
    assert len(notices()) == 1, "nothing is promised while nothing is charged"

    with begin() as session:
        resume_charging(session, now=business_now(session), by=owner)
    charger_runs()

    assert charges(it) == []
    assert len(notices()) == 2


def test_of_many_late_periods_of_a_contract_one_goes_a_day_the_oldest_first(company: None) -> None:
    it = subscribed(BY_CALENDAR)
    at_noon(FIRST + timedelta(days=20))  # the mail was down: two weeks are late, one falls due tomorrow
    announced()
    sent = []
    for day in (23, 24, 25, 26):
        after_noon(FIRST + timedelta(days=day))
        charger_runs()
        charger_runs()
        with begin() as session:
            created = session.scalars(select(Payment).where(Payment.status == "created")).all()
            sent.append(len(created))
            answer(session, [(payment, None) for payment in created])

    assert sent == [1, 1, 1, 0]
    with read() as session:
        by_day = [line.due_on for line in lines(session, it) if line.status == "paid"]
    assert by_day == [FIRST, FIRST + WEEK, FIRST + 2 * WEEK, FIRST + 3 * WEEK]


def test_a_declined_period_keeps_the_others_of_its_day_waiting(company: None) -> None:
    it = subscribed(BY_CALENDAR)
    at_noon(FIRST + timedelta(days=20))
    announced()
    at_noon(FIRST + timedelta(days=24))

    play_day(lambda _payment: "internal_timeout")
    charger_runs()

    assert len(charges(it)) == 1


def test_what_is_left_of_a_partly_paid_invoice_is_asked_for_and_never_charged_by_itself(company: None) -> None:
    it = subscribed()
    at_noon(FIRST + timedelta(days=4))
    announced()
    after_noon(FIRST + WEEK)
    charger_runs()

    paid_by_hand(it, line=2, short=100)
    with read() as session:
        assert lines(session, it)[1].charge_at is None
        asked = session.scalars(select(OutboxMessage.payload).where(OutboxMessage.topic == InvoiceIssued.topic)).all()
        invoice_id = payments_of(session, it.contract_id)[-1].invoice_id
    assert [payload["invoice_id"] for payload in asked][-1] == str(invoice_id)

    for day in (8, 9, 15):
        at_noon(FIRST + timedelta(days=day))
        announced()
        charger_runs()
    assert [payment.reason for payment in charges(it)] == ["paid_by_hand"]
    with read() as session:
        rest = read_due_lines(session, [it.customer_id], now=business_now(session))[0]
    assert (rest.number, rest.to_pay, rest.charge_on) == (2, True, None)


def test_less_than_a_ruble_that_is_left_is_not_asked_for(company: None) -> None:
    it = subscribed()
    with begin() as session:
        seen = session.execute(select(func.count()).where(OutboxMessage.topic == InvoiceIssued.topic)).scalar_one()
    paid_by_hand(it, line=2, short=1)
    with read() as session:
        asked = session.execute(select(func.count()).where(OutboxMessage.topic == InvoiceIssued.topic)).scalar_one()
    assert asked == seen


def test_a_warning_that_leaves_after_a_part_was_paid_arms_no_charge(company: None) -> None:
    it = subscribed()
    at_noon(FIRST + timedelta(days=4))
    announced(letters_leave=False)
    paid_by_hand(it, line=2, short=100)
    letters_left()

    with begin() as session:
        line = lines(session, it)[1]
        assert line.charge_at is None
        assert announce(session, [line.id], now=business_now(session)) == set()


def paid_by_hand(it: Agreement, *, line: int, short: int) -> None:
    """The customer pays this line on the gateway's page, and so many kopecks less than were asked for come in."""
    with begin() as session:
        now = business_now(session)
        invoice = issue_now(session, lines(session, it)[line - 1].id, now=now)
        checkout = prepare_checkout(session, invoice.id, customer_id=it.customer_id, consent_id=None, now=now)
        payment = session.get_one(Payment, checkout.payment_id)
        came = says(session, payment, "succeeded", kopecks=payment.kopecks - short, method=None)
        apply(session, [came], source="webhook", now=now)


def autopay_moves_to(it: Agreement, *, line: int, token: str) -> None:
    """The customer agrees anew and pays this line with a card of this token."""
    with begin() as session:
        now = business_now(session)
        invoice = issue_now(session, lines(session, it)[line - 1].id, now=now)
        consent_id = agree(session, it, now=now, max_kopecks=2 * invoice.kopecks)
        checkout = prepare_checkout(session, invoice.id, customer_id=it.customer_id, consent_id=consent_id, now=now)
        payment = session.get_one(Payment, checkout.payment_id)
        card = replace(CARD, gateway_id=token)
        apply(session, [says(session, payment, "succeeded", method=card)], source="answer", now=now)


@pytest.mark.parametrize("same_card", [False, True])
def test_what_was_announced_before_the_autopay_moved_is_left_to_be_paid_by_hand(
    company: None, *, same_card: bool
) -> None:
    it = subscribed(BY_CALENDAR)
    at_noon(FIRST + timedelta(days=11))
    announced()
    at_noon(FIRST + timedelta(days=12))

    autopay_moves_to(it, line=2, token=f"m-{it.contract_id}" if same_card else "pm-new")

    for day in (14, 15, 20):
        at_noon(FIRST + timedelta(days=day))
        charger_runs()
        assert charges(it) == []
    with read() as session:
        assert session.scalars(select(Installment).where(TO_CHARGE.due())).all() == []
        third = read_due_lines(session, [it.customer_id], now=business_now(session))[0]
    assert (third.number, third.to_pay, third.charge_on) == (3, True, None)


def test_what_falls_due_after_the_autopay_moved_is_announced_and_charged_as_before(company: None) -> None:
    it = subscribed(BY_CALENDAR)
    at_noon(FIRST + timedelta(days=4))
    announced()
    autopay_moves_to(it, line=2, token="pm-new")
    at_noon(FIRST + timedelta(days=11))
    announced()

    after_noon(FIRST + timedelta(days=14))
    charger_runs()

    assert [payment.status for payment in charges(it)] == ["created"]
