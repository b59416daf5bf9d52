"""Contracts with their autopays, invoices and consents, as their owner may see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, exists, func, or_, select

from kernel.db import ReadSession, Session
from kernel.errors import NotFound
from payments.autopay.models import Autopay, Consent, PaymentMethod
from payments.autopay.own_shop import CARD_ELSEWHERE, SHOWN_STATUS
from payments.charging.models import LEFT_TO_PAY, LIVE, UNSENT, Payment
from payments.charging.stalled import PAUSE, Stall
from payments.contracts.models import Contract, Installment, PaymentPlan
from payments.contracts.periods import Period, Unit
from payments.invoicing.models import Invoice
from portal.notifications.pay_until import last_day_before
from portal.web.cabinet.method_titles import method_title
from portal.web.cabinet.queries.lines import LastPayment, last_payment


@dataclass(frozen=True, slots=True)
class Agreement:
    """A contract and how it is paid. `period` None means once; `unconfirmed`: its autopay waits for the customer's word.

    `card_elsewhere`: its autopay is told as suspended, because its card was saved in another shop.
    """

    id: UUID
    customer_id: UUID
    number: str
    title: str
    status: str
    kopecks: int
    period: Period | None
    anchor_on: date
    autopay_id: UUID | None
    autopay: str | None
    card_elsewhere: bool
    unconfirmed: bool
    consent_id: int | None
    method_id: UUID | None
    method_kind: str | None
    last4: str | None

    @property
    def method(self) -> str:
        """«Карта •• 4477»; empty when none is saved."""
        return method_title(self.method_kind, self.last4) if self.method_kind else ""

    @property
    def charges_itself(self) -> bool:
        """Whether a permission exists that has not been taken back."""
        return self.autopay is not None and self.autopay not in ("withdrawn", "ended")


@dataclass(frozen=True, slots=True)
class InvoicePage:
    """One invoice, with the newest unfinished payment of it.

    Of its `kopecks` so many are `left` to pay. `may_have_autopay`: its contract goes on, and can be charged by itself.
    `pay_until`: the last day of a purchase that was never paid. `stalled`: its charge is due, was not sent and waits for the end of a pause of all charging.
    `card_elsewhere`: as of its contract.
    """

    id: UUID
    customer_id: UUID
    number: str
    contract_id: UUID
    contract_number: str
    title: str
    is_draft: bool
    may_have_autopay: bool
    kopecks: int
    left: int
    due_on: date
    status: str
    paid_at: datetime | None
    autopay: str | None
    card_elsewhere: bool
    charge_at: datetime | None
    stalled: Stall | None
    pay_until: date | None
    live: LastPayment | None


@dataclass(frozen=True, slots=True)
class ConsentCopy:
    """The evidence of a consent as its giver may read it."""

    id: int
    contract_id: UUID
    contract_number: str
    title: str
    text: str
    version: str
    at: datetime
    max_kopecks: int | None


def read_agreements(session: Session | ReadSession, customer_ids: Sequence[UUID]) -> list[Agreement]:
    """Recurring contracts that run, and any whose permission still stands."""
    return [_agreement(row) for row in session.execute(_agreements(customer_ids).where(Contract.status != "draft"))]


def read_agreement(session: Session | ReadSession, contract_id: UUID, customer_ids: Sequence[UUID]) -> Agreement:
    """One contract.

    Raises:
        NotFound: no such contract of these customers.
    """
    row = session.execute(_agreements(customer_ids).where(Contract.id == contract_id)).first()
    if row is None:
        raise NotFound
    return _agreement(row)


def read_invoice(session: Session | ReadSession, invoice_id: UUID, customer_ids: Sequence[UUID]) -> InvoicePage:
    """One invoice.

    Raises:
        NotFound: no such invoice of these customers.
    """
    # An automatic charge that has not left gives way to whoever wants to pay now.
    gives_way = exists().where(Payment.invoice_id == Invoice.id, UNSENT).correlate(Invoice)
    due = and_(Autopay.status == "active", Installment.charge_at <= func.business_now())
    row = session.execute(
        select(
            Invoice.id,
            Invoice.customer_id,
            Invoice.number,
            Invoice.kopecks,
            LEFT_TO_PAY.label("left"),
            Invoice.due_on,
            Invoice.status,
            Invoice.paid_at,
            Invoice.lapses_at,
            Contract.id.label("contract_id"),
            Contract.number.label("contract_number"),
            Contract.title,
            Contract.status.label("contract_status"),
            PaymentPlan.period_unit,
            Installment.charge_at,
            SHOWN_STATUS.label("autopay"),
            CARD_ELSEWHERE.label("card_elsewhere"),
            case((or_(gives_way, due), PAUSE)).label("stalled"),
            Payment.number.label("payment_number"),
            Payment.status.label("payment_status"),
            Payment.initiator,
            Payment.kopecks.label("payment_kopecks"),
            Payment.reason,
            Payment.return_token,
        )
        .join(Contract, Contract.id == Invoice.contract_id)
        .join(PaymentPlan, PaymentPlan.contract_id == Contract.id)
        .join(Installment, Installment.id == Invoice.installment_id)
        .outerjoin(Autopay, Autopay.contract_id == Contract.id)
        .outerjoin(PaymentMethod, PaymentMethod.id == Autopay.method_id)
        .outerjoin(Payment, (Payment.invoice_id == Invoice.id) & Payment.status.in_(LIVE) & ~UNSENT)
        .where(Invoice.id == invoice_id, Invoice.customer_id.in_(customer_ids), Invoice.status != "draft")
    ).first()
    if row is None:
        raise NotFound
    return InvoicePage(
        id=row.id,
        customer_id=row.customer_id,
        number=row.number,
        contract_id=row.contract_id,
        contract_number=row.contract_number,
        title=row.title,
        is_draft=row.contract_status == "draft",
        may_have_autopay=row.period_unit is not None and row.contract_status in ("draft", "active"),
        kopecks=row.kopecks,
        left=row.left,
        due_on=row.due_on,
        status=row.status,
        paid_at=row.paid_at,
        autopay=row.autopay,
        card_elsewhere=row.card_elsewhere,
        charge_at=row.charge_at,
        stalled=row.stalled,
        pay_until=last_day_before(row.lapses_at) if row.lapses_at and row.contract_status == "draft" else None,
        live=last_payment(row),
    )


def read_consent(
    session: ReadSession, contract_id: UUID, consent_id: int | None, customer_ids: Sequence[UUID]
) -> ConsentCopy:
    """A consent given for a contract: the one of this id, else the newest.

    Raises:
        NotFound: none was given, or it is not theirs.
    """
    statement = (
        select(
            Consent.id,
            Consent.contract_id,
            Contract.number.label("contract_number"),
            Contract.title,
            Consent.text,
            Consent.text_version.label("version"),
            Consent.at,
            Consent.max_kopecks,
        )
        .join(Contract, Contract.id == Consent.contract_id)
        .where(
            Consent.contract_id == contract_id,
            Consent.customer_id.in_(customer_ids),
            Consent.kind == "recurring",
            Consent.action == "given",
        )
        .order_by(Consent.id.desc())
        .limit(1)
    )
    if consent_id is not None:
        statement = statement.where(Consent.id == consent_id)
    row = session.execute(statement).mappings().first()
    if row is None:
        raise NotFound
    return ConsentCopy(**row)


def _agreements(customer_ids: Sequence[UUID]) -> Any:
    return (
        select(
            Contract.id,
            Contract.customer_id,
            Contract.number,
            Contract.title,
            Contract.status,
            PaymentPlan.kopecks,
            PaymentPlan.period_unit,
            PaymentPlan.period_count,
            PaymentPlan.anchor_on,
            Autopay.id.label("autopay_id"),
            SHOWN_STATUS.label("autopay"),
            CARD_ELSEWHERE.label("card_elsewhere"),
            Autopay.unconfirmed_since.is_not(None).label("unconfirmed"),
            Autopay.consent_id,
            PaymentMethod.id.label("method_id"),
            PaymentMethod.kind.label("method_kind"),
            PaymentMethod.last4,
        )
        .join(PaymentPlan, PaymentPlan.contract_id == Contract.id)
        .outerjoin(Autopay, Autopay.contract_id == Contract.id)
        .outerjoin(PaymentMethod, PaymentMethod.id == Autopay.method_id)
        .where(Contract.customer_id.in_(customer_ids), PaymentPlan.kind == "recurring")
        .order_by(Contract.number)
    )


def _agreement(row: Any) -> Agreement:
    unit: Unit = row.period_unit
    return Agreement(
        id=row.id,
        customer_id=row.customer_id,
        number=row.number,
        title=row.title,
        status=row.status,
        kopecks=row.kopecks,
        period=Period(unit, row.period_count) if row.period_unit else None,
        anchor_on=row.anchor_on,
        autopay_id=row.autopay_id,
        autopay=row.autopay,
        card_elsewhere=row.card_elsewhere,
        unconfirmed=row.unconfirmed,
        consent_id=row.consent_id,
        method_id=row.method_id,
        method_kind=row.method_kind,
        last4=row.last4,
    )
