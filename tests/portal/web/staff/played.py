"""Days of a company, played with the production verbs; only the gateway's word is given by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4

from sqlalchemy import exists, select

from kernel.clock import business_date, business_now, instants, set_shift
from kernel.db import Session, begin
from kernel.settings import get_settings
from payments.autopay.models import Notice
from payments.autopay.notices import mark_notice_sent
from payments.charging.applying import apply
from payments.charging.checkout import prepare_checkout
from payments.charging.due import TO_CHARGE, create_due_payments
from payments.charging.models import CREATED, TO_SEND, Payment
from payments.contracts.models import ON_PAYMENT, TO_ISSUE, Contract, Installment
from payments.contracts.opening import Terms, open_contract
from payments.contracts.periods import Period
from payments.customers.registration import CustomerData, create_customer
from payments.gateway.port import GatewayMethod, GatewayPayment
from payments.invoicing.issue import issue_due, issue_now
from tests.support.business import Agreement, agree, open_company

# What the bank says to a charge: None for a success, else the reason of the refusal.
Bank = Callable[[Payment], str | None]
_DAY = timedelta(days=1, minutes=1)


def always_pays(_payment: Payment) -> None:
    """A bank that never declines."""


def customer_of(session: Session, name: str, **known: str) -> UUID:
    """A customer by name, with whatever else is known; their id."""
    return create_customer(session, CustomerData(name=name, **known)).id


def agreement(
    session: Session,
    customer_id: UUID,
    *,
    title: str = "Абонемент",
    kopecks: int = 300_000,
    in_days: int = 0,
    period: Period | None = Period("month"),  # noqa: B008  frozen
    advance: str = ON_PAYMENT,
) -> Agreement:
    """An active contract whose first line falls due in so many days."""
    entity, shop = open_company(session)
    now = business_now(session)
    terms = Terms(
        customer_id=customer_id,
        legal_entity_id=entity.id,
        shop_id=shop.id,
        title=title,
        kopecks=kopecks,
        first_due_on=business_date(now) + timedelta(days=in_days),
        period=period,
        advance=advance,
    )
    contract = open_contract(session, terms, now=now)
    line_id = session.execute(select(Installment.id).where(Installment.contract_id == contract.id)).scalar_one()
    return Agreement(customer_id, contract.id, line_id)


def announce_the_second_line(on: date) -> None:
    """A customer paid a first line; the next is announced in time on this day, and nobody charges it."""
    with begin() as session:
        pay_first(session, agreement(session, customer_of(session, "Анна")))
    at_noon(on)
    with begin() as session:
        now = business_now(session)
        assert issue_due(session, now=now) == 1
        mark_notice_sent(session, session.scalars(select(Notice.id)).one(), now=now)


def pay_first(session: Session, it: Agreement, *, last4: str = "4477", saves: bool = True) -> UUID:
    """The first line is paid on the gateway's page, with a consent that saves the card or without; the payment's id."""
    now = business_now(session)
    invoice = issue_now(session, it.line_id, now=now)
    kopecks = invoice.kopecks
    consent_id = agree(session, it, now=now, max_kopecks=2 * kopecks) if saves else None
    checkout = prepare_checkout(session, invoice.id, customer_id=it.customer_id, consent_id=consent_id, now=now)
    payment = session.get_one(Payment, checkout.payment_id)
    method = GatewayMethod(f"m-{it.contract_id}", "bank_card", saves, f"Bank card *{last4}", last4, "Mir", 2030, 12)
    apply(session, [replace(succeeded(payment), method=method)], source="answer", now=now)
    return payment.id


def play(until: date, bank: Bank = always_pays) -> None:
    """Days pass, each with what the scheduler, the mail and the gateway would do, this one and the last included."""
    play_day(bank)
    with begin() as session:
        now = business_now(session)
    while business_date(now) < until:
        waited_for = _next_instant() or datetime.max.replace(tzinfo=UTC)
        # A minute later each day: what waits 72 hours for its letter is due when its day is played.
        now += _DAY
        while now < waited_for and business_date(now) < until:
            now += _DAY
        _go_to(now)
        play_day(bank)


def _next_instant() -> datetime | None:
    """What the days to come wait for first; days on which nothing is due are not played."""
    with begin() as session:
        if session.scalar(select(exists().where(Notice.sent_at.is_(None)))):
            return business_now(session)
        return min(instants(session, (TO_ISSUE, TO_CHARGE, TO_SEND)).values(), default=None)


def play_day(bank: Bank = always_pays) -> None:
    """What is due now happens: invoices, letters of notices, charges and the bank's answers."""
    with begin() as session:
        while issue_due(session, now=business_now(session)):
            pass
    with begin() as session:
        now = business_now(session)
        for notice_id in session.scalars(select(Notice.id).where(Notice.sent_at.is_(None))).all():
            mark_notice_sent(session, notice_id, now=now)
    with begin() as session:
        create_due_payments(session, now=business_now(session))
    with begin() as session:
        created = session.scalars(
            select(Payment).where(Payment.status == CREATED, Payment.initiator == "schedule")
        ).all()
        answer(session, [(payment, bank(payment)) for payment in created])


def answer(session: Session, said: list[tuple[Payment, str | None]]) -> None:
    """The gateway's word about payments: paid, or declined with a reason."""
    now = business_now(session)
    objects = [declined(payment, reason) if reason else succeeded(payment) for payment, reason in said]
    apply(session, objects, source="answer", now=now)


def succeeded(payment: Payment) -> GatewayPayment:
    """The gateway's object of a payment that went through."""
    return GatewayPayment(
        gateway_id=payment.gateway_id or str(uuid4()),
        status="succeeded",
        kopecks=payment.kopecks,
        currency="RUB",
        account_id=get_settings().yookassa_shop_id,
        test=True,
        payment_id=payment.id,
        income_kopecks=payment.kopecks * 97 // 100,
    )


def declined(payment: Payment, reason: str) -> GatewayPayment:
    """The gateway's object of a payment that the bank refused."""
    refused = replace(succeeded(payment), status="canceled", income_kopecks=None)
    return replace(refused, party="payment_network", reason=reason)


def at_noon(day: date) -> None:
    """Put business time at 9 UTC (noon in Moscow) of a day."""
    _go_to(datetime.combine(day, time(9), tzinfo=UTC))


def _go_to(moment: datetime) -> None:
    with begin() as session:
        set_shift(session, moment - datetime.now(UTC))


def contract_number(session: Session, it: Agreement) -> str:
    """How people call the contract."""
    return session.get_one(Contract, it.contract_id).number
