"""A customer with a monthly autopay, made with the product's own verbs, and what may happen to it next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from pydantic import TypeAdapter
from sqlalchemy import select

from kernel.clock import business_date, business_now
from kernel.db import Session
from kernel.ids import uuid7
from kernel.outbox import HINT_TOPIC, OutboxMessage
from kernel.settings import get_settings
from payments.autopay.consents import Evidence, Wording, record_consent
from payments.autopay.models import Autopay, Notice
from payments.autopay.notices import announce
from payments.charging.applying import apply
from payments.charging.checkout import prepare_checkout
from payments.charging.models import Payment
from payments.contracts.models import Contract, Installment
from payments.contracts.opening import Terms, open_contract
from payments.contracts.periods import Period
from payments.customers.models import Customer
from payments.customers.registration import CustomerData, create_customer
from payments.gateway.port import GatewayMethod, GatewayPayment
from payments.installation.setup import Company, name_company
from payments.invoicing.issue import issue_now
from payments.invoicing.models import Invoice
from portal.notifications.handlers import HANDLERS
from portal.notifications.models import Message

KOPECKS = 120_000
# The same as letters write it.
SUM = "1\u00a0200,00\u00a0₽"
COMPANY = Company("Полюс", "ООО «Полюс»", "7700000016", phone="+74951234567", email="help@example.com")
BY_HAND = Evidence(ip="127.0.0.1")


@dataclass
class Story:
    """Whose contract it is, and its autopay once there is one."""

    session: Session
    customer: Customer
    contract: Contract

    @property
    def now(self) -> datetime:
        return business_now(self.session)

    @property
    def autopay(self) -> Autopay:
        return self.session.scalars(select(Autopay).where(Autopay.contract_id == self.contract.id)).one()

    def next_line(self) -> Installment:
        return self.session.scalars(
            select(Installment)
            .where(Installment.contract_id == self.contract.id, Installment.status.in_(("planned", "invoiced")))
            .order_by(Installment.due_on)
        ).first()  # type: ignore[return-value]  # an open contract always has one

    def invoice(self) -> Invoice:
        return issue_now(self.session, self.next_line().id, now=self.now)

    def announce(self) -> Notice:
        line = self.next_line()
        issue_now(self.session, line.id, now=self.now)
        announce(self.session, [line.id], now=self.now)
        return self.session.scalars(
            select(Notice).where(Notice.installment_id == line.id).order_by(Notice.id.desc())
        ).first()  # type: ignore[return-value]  # just announced

    def pay_by_hand(self) -> UUID:
        """The customer leaves for the gateway's page; nothing is decided yet."""
        invoice = self.invoice()
        consent = record_consent(
            self.session,
            customer_id=self.customer.id,
            contract_id=self.contract.id,
            kind="recurring",
            action="given",
            wording=Wording("Согласен на автоматические списания", "1"),
            evidence=BY_HAND,
            now=self.now,
            max_kopecks=KOPECKS,
        )
        return prepare_checkout(
            self.session, invoice.id, customer_id=self.customer.id, consent_id=consent.id, now=self.now
        ).payment_id

    def charge_by_schedule(self) -> UUID:
        """A charge of the saved card has left; nothing is decided yet."""
        notice, autopay, invoice = self.announce(), self.autopay, self.invoice()
        payment = Payment(
            id=uuid7(),
            invoice_id=invoice.id,
            customer_id=self.customer.id,
            contract_id=self.contract.id,
            shop_id=self.contract.shop_id,
            autopay_id=autopay.id,
            method_id=autopay.method_id,
            consent_id=autopay.consent_id,
            notice_id=notice.id,
            initiator="schedule",
            kopecks=invoice.kopecks,
            status="sending",
            body="{}",
        )
        self.session.add(payment)
        self.session.flush()
        return payment.id

    def decide(self, payment_id: UUID, status: str, reason: str | None = None, *, kopecks: int = KOPECKS) -> None:
        """The gateway says how a payment ended, and how much came."""
        method = GatewayMethod(f"pm-{self.customer.id}", "bank_card", saved=True, title="Bank card *4477", last4="4477")
        item = GatewayPayment(
            gateway_id=str(uuid4()),
            status=status,
            kopecks=kopecks,
            currency="RUB",
            account_id=get_settings().yookassa_shop_id,
            test=True,
            payment_id=payment_id,
            method=method,
            party="payment_network" if reason else None,
            reason=reason,
        )
        apply(self.session, [item], source="answer", now=self.now)

    def letters(self) -> list[Message]:
        """Hand every event written so far to its handler; all letters of the customer, oldest first."""
        hand_over_events(self.session)
        return list(
            self.session.scalars(
                select(Message).where(Message.customer_id == self.customer.id).order_by(Message.id)
            ).all()
        )

    def letter(self, kind: str) -> Message:
        """The one letter of this kind."""
        found = [letter for letter in self.letters() if letter.kind == kind]
        assert len(found) == 1, [letter.kind for letter in self.letters()]
        return found[0]


def begin_story(session: Session, *, email: str | None = "anna@example.com", title: str = "Аренда студии") -> Story:
    """A customer with a contract whose first monthly payment is due today."""
    entity, shop = name_company(session, COMPANY, get_settings())
    customer = create_customer(session, CustomerData("Анна Ковалёва", email=email))
    now = business_now(session)
    terms = Terms(customer.id, entity.id, shop.id, title, KOPECKS, business_date(now), Period("month"))
    return Story(session, customer, open_contract(session, terms, now=now, draft=True))


def story_with_autopay(
    session: Session, *, email: str | None = "anna@example.com", title: str = "Аренда студии"
) -> Story:
    """The same, the first payment made and its card saved."""
    story = begin_story(session, email=email, title=title)
    story.decide(story.pay_by_hand(), "succeeded")
    return story


def hand_over_events(session: Session) -> None:
    """What the relay and the inbox do, within this session, until no event is left."""
    waiting = (
        select(OutboxMessage)
        .where(OutboxMessage.dispatched_at.is_(None), OutboxMessage.topic != HINT_TOPIC)
        .order_by(OutboxMessage.id)
    )
    while messages := session.scalars(waiting).all():
        for message in messages:
            for handler in HANDLERS:
                if handler.event.topic == message.topic:
                    event = TypeAdapter(handler.event).validate_python(message.payload)
                    handler.handle(session, [event], business_now(session))
            message.dispatched_at = business_now(session)
        session.flush()
