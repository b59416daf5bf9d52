"""What somebody would agree to: the sums and dates of the consent page, and the exact words that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from kernel.clock import business_date
from kernel.db import ReadSession, Session
from kernel.errors import NotFound, Refused
from payments.autopay.consents import Wording
from payments.contracts.periods import Period
from payments.contracts.planning import notice_time
from payments.customers.contact import email_of
from portal.legal.editions import current
from portal.legal.wording import RECURRING, SLUG_OF, company_values, wording
from portal.web.cabinet.queries.contracts import Agreement, read_agreement
from portal.web.cabinet.queries.lines import Card, DueLine, read_due_lines
from portal.web.cabinet.queries.offers import Earlier, Offer, read_earlier, read_offer
from portal.web.cabinet.rhythm import notice_words, rhythm
from portal.web.kit.filters import date_text, money
from portal.web.kit.i18n import gettext as _
from portal.web.kit.i18n import use_language

_ENDED = ("suspended", "ended")


@dataclass(frozen=True, slots=True)
class Terms:
    """An autopay before it is agreed to.

    `first_kopecks` are paid today on the gateway's page; `kopecks` are charged from `next_on` on. `early` says that
    today's payment is for a period that is not due yet, which begins on `first_due_on`. `unpaid` further invoices
    stay to be paid by hand. Warnings go to `email`, None when it is not known. `earlier` are purchases of the same
    product. `wording` is the text to be agreed to, `effective_on` the date of its edition.
    """

    customer_id: UUID
    price_id: UUID | None
    contract_id: UUID | None
    contract_number: str | None
    title: str
    kopecks: int
    period: Period
    anchor_on: date
    first_kopecks: int
    first_due_on: date
    early: bool
    next_on: date
    unpaid: int
    unpaid_kopecks: int
    notice: timedelta
    email: str | None
    card: Card | None
    wording: Wording
    effective_on: date
    earlier: tuple[Earlier, ...] = ()


@dataclass(frozen=True, slots=True)
class _Course:
    """Where a contract stands: the line to be paid now, the date of the next charge, the other open lines."""

    line: DueLine
    next_on: date
    others: tuple[DueLine, ...]


def terms_of_price(
    session: Session | ReadSession, price_id: UUID, customer_ids: Sequence[UUID], *, now: datetime
) -> Terms:
    """The terms on which a recurring price is bought.

    Raises:
        NotFound: no such price on sale, or it is paid once.
    """
    offer = read_offer(session, price_id)
    if offer.period is None or not customer_ids:
        raise NotFound
    today = business_date(now)
    notice = notice_time(session)
    next_on = max(offer.period.nth(today, 1), business_date(now + notice))
    text = _wording(session, _contract_to_be(offer), offer.kopecks, rhythm_of(offer.period, today), next_on, notice)
    return Terms(
        customer_id=customer_ids[0],
        price_id=price_id,
        contract_id=None,
        contract_number=None,
        title=offer.product,
        kopecks=offer.kopecks,
        period=offer.period,
        anchor_on=today,
        first_kopecks=offer.kopecks,
        first_due_on=today,
        early=False,
        next_on=next_on,
        unpaid=0,
        unpaid_kopecks=0,
        notice=notice,
        email=email_of(session, customer_ids[0]),
        card=None,
        wording=text,
        effective_on=current(SLUG_OF[RECURRING]).effective_on,
        earlier=tuple(read_earlier(session, price_id, customer_ids)),
    )


def terms_of_contract(
    session: Session | ReadSession, contract_id: UUID, customer_ids: Sequence[UUID], *, now: datetime
) -> Terms:
    """The terms on which a contract's autopay is switched on, or moved to another card.

    Raises:
        NotFound: no such recurring contract of these customers.
        Refused: it has ended, the company holds its autopay or it waits for the customer's word, or nothing of it can be
            paid now.
    """
    agreement = read_agreement(session, contract_id, customer_ids)
    period = agreement.period
    if period is None or agreement.status in _ENDED:
        raise Refused(_("Договор не действует, автоплатёж по нему не включить"))
    if agreement.unconfirmed:
        raise Refused(_("Автоплатёж ждёт вашего подтверждения: сначала оставьте его или отключите"))
    if agreement.autopay == "paused":
        raise Refused(_("Автоплатёж приостановила компания. Включить его заново можно, когда она его возобновит"))
    lines = read_due_lines(session, customer_ids, now=now, contract_id=contract_id)
    course = _course(agreement, period, lines, now)
    notice = course.line.notice
    text = _wording(
        session,
        f"№ {agreement.number} «{agreement.title}»",
        agreement.kopecks,
        rhythm_of(period, agreement.anchor_on),
        course.next_on,
        notice,
    )
    return Terms(
        customer_id=agreement.customer_id,
        price_id=None,
        contract_id=contract_id,
        contract_number=agreement.number,
        title=agreement.title,
        kopecks=agreement.kopecks,
        period=period,
        anchor_on=agreement.anchor_on,
        first_kopecks=course.line.kopecks,
        first_due_on=course.line.due_on,
        early=course.line.status == "planned",
        next_on=course.next_on,
        unpaid=len(course.others),
        unpaid_kopecks=sum(line.kopecks for line in course.others),
        notice=notice,
        email=email_of(session, agreement.customer_id),
        card=course.line.card if agreement.autopay == "active" else None,
        wording=text,
        effective_on=current(SLUG_OF[RECURRING]).effective_on,
    )


def line_to_pay(lines: Sequence[DueLine]) -> DueLine:
    """The line of one contract that a customer pays next: its oldest open invoice, else the planned one, early.

    Raises:
        Refused: there is neither.
    """
    in_order = sorted(lines, key=lambda line: line.number)
    for status in ("invoiced", "planned"):
        for line in in_order:
            if line.status == status:
                return line
    raise Refused(_("По этому договору сейчас нечего оплачивать"))


def rhythm_of(period: Period, anchor_on: date) -> str:
    """«каждый месяц, 5-го числа» in the language of the legal text."""
    with use_language("ru"):
        return rhythm(period, anchor_on)


def _course(agreement: Agreement, period: Period, lines: Sequence[DueLine], now: datetime) -> _Course:
    line = line_to_pay(lines)
    planned = [other.due_on for other in lines if other.status == "planned" and other.number != line.number]
    last = max(other.number for other in lines)
    due = min(planned) if planned else period.nth(agreement.anchor_on, last)
    others = tuple(other for other in lines if other.status == "invoiced" and other.number != line.number)
    return _Course(line, max(due, business_date(now + line.notice)), others)


def _contract_to_be(offer: Offer) -> str:
    return f"«{offer.product}», который заключается этой оплатой"


def _wording(
    session: Session | ReadSession, contract: str, kopecks: int, how_often: str, next_on: date, notice: timedelta
) -> Wording:
    # The text that is agreed to is Russian in every interface: Federal Law 168-ФЗ.
    with use_language("ru"):
        values = {
            "contract": contract,
            "amount": money(kopecks),
            "amount_rule": "сумма постоянная",
            "period": how_often,
            "next_date": date_text(next_on),
            "notice": notice_words(notice),
        }
    return wording(RECURRING, {**company_values(session), **values})
