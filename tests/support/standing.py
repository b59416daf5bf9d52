"""A customer whose autopay is on, with a charge that is due, without a gateway: what it would say is applied."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import Session
from kernel.outbox import OutboxMessage
from kernel.settings import get_settings
from payments.autopay.models import Autopay
from payments.charging.applying import apply
from payments.charging.checkout import prepare_checkout
from payments.charging.models import Payment
from payments.contracts.models import Contract
from payments.installation.setup import ensure_installation
from payments.invoicing.issue import issue_now
from tests.support.business import Agreement, agree, make_agreement
from tests.support.charging import DueCharge, make_due
from tests.support.gateway_objects import says


def causes_told(session: Session) -> list[str]:
    """Why autopays stopped or began, as the outbox tells it, oldest first."""
    topics = ("payments.autopay_stopped.v1", "payments.autopay_activated.v1")
    found = select(OutboxMessage).where(OutboxMessage.topic.in_(topics)).order_by(OutboxMessage.id)
    return [message.payload["cause"] for message in session.scalars(found)]


@dataclass(frozen=True)
class Standing:
    """A contract that charges itself, and the payment that waits to be sent."""

    agreement: Agreement
    due: DueCharge

    @property
    def contract_id(self) -> UUID:
        return self.agreement.contract_id

    def contract(self, session: Session) -> Contract:
        """The contract as it is now."""
        return session.get_one(Contract, self.contract_id, populate_existing=True)

    def autopay(self, session: Session) -> Autopay:
        """Its autopay as it is now."""
        mine = select(Autopay).where(Autopay.contract_id == self.contract_id)
        return session.scalars(mine.execution_options(populate_existing=True)).one()

    def payment(self, session: Session) -> Payment:
        """The payment that waited to be sent, as it is now."""
        return session.get_one(Payment, self.due.payment_id, populate_existing=True)


def begin_first_payment(
    session: Session, *, draft: bool = True, email: str = "anna@example.com"
) -> tuple[Agreement, Payment]:
    """A new customer has agreed and stands on the gateway's page; a contract that is no draft was there before."""
    ensure_installation(session, get_settings())
    it = make_agreement(session, draft=draft, email=email)
    now = business_now(session)
    invoice = issue_now(session, it.line_id, now=now)
    consent_id = agree(session, it, now=now)
    checkout = prepare_checkout(session, invoice.id, customer_id=it.customer_id, consent_id=consent_id, now=now)
    return it, session.get_one(Payment, checkout.payment_id)


def pay_first(session: Session, payment: Payment, *, short: int = 0) -> None:
    """The gateway says that the first payment succeeded, with so many kopecks less than were asked for."""
    came = says(session, payment, "succeeded", kopecks=payment.kopecks - short)
    apply(session, [came], source="webhook", now=business_now(session))


def make_standing(session: Session, *, email: str = "anna@example.com") -> Standing:
    """The first payment came in and the next charge is due."""
    it, payment = begin_first_payment(session, email=email)
    pay_first(session, payment)
    (due,) = make_due(session, [it])
    return Standing(it, due)
