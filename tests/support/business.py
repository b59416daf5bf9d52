"""A small company with customers and contracts, made with the production verbs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import httpx
from sqlalchemy import select

from kernel.clock import business_date, business_now
from kernel.db import Session, begin
from kernel.settings import get_settings
from payments.autopay.consents import Evidence, Wording, record_consent
from payments.charging.checkout import prepare_checkout, send_checkout
from payments.charging.models import Payment
from payments.contracts.models import ON_PAYMENT, Installment
from payments.contracts.opening import Terms, open_contract
from payments.contracts.periods import Period
from payments.customers.registration import CustomerData, create_customer
from payments.installation.models import LegalEntity, Shop
from payments.installation.setup import Company, name_company
from payments.invoicing.issue import issue_now
from tests.support.web import WEB

COMPANY = Company(brand="Тёплый контур", legal_name="ООО «Тёплый контур»", inn="5000123456")
GOOD_CARD = "5555555555554444"


@dataclass(frozen=True)
class Agreement:
    """A customer with one contract and its first due line."""

    customer_id: UUID
    contract_id: UUID
    line_id: UUID


def open_company(session: Session) -> tuple[LegalEntity, Shop]:
    """The company, its legal entity and its shop at the gateway."""
    return name_company(session, COMPANY, get_settings())


def make_agreement(
    session: Session,
    *,
    email: str = "anna@example.com",
    kopecks: int = 300_000,
    in_days: int = 0,
    advance: str = ON_PAYMENT,
    draft: bool = False,
) -> Agreement:
    """A monthly contract of a new customer whose first line falls due in so many days."""
    entity, shop = open_company(session)
    now = business_now(session)
    customer = create_customer(session, CustomerData(name="Анна Ковалёва", email=email))
    contract = open_contract(
        session,
        Terms(
            customer_id=customer.id,
            legal_entity_id=entity.id,
            shop_id=shop.id,
            title="Абонемент",
            kopecks=kopecks,
            first_due_on=business_date(now) + timedelta(days=in_days),
            period=Period("month"),
            advance=advance,
        ),
        now=now,
        draft=draft,
    )
    line_id = session.execute(select(Installment.id).where(Installment.contract_id == contract.id)).scalar_one()
    return Agreement(customer.id, contract.id, line_id)


def agree(session: Session, it: Agreement, *, now: datetime, max_kopecks: int = 300_000) -> int:
    """The customer's consent to automatic charges; its id."""
    return record_consent(
        session,
        customer_id=it.customer_id,
        contract_id=it.contract_id,
        kind="recurring",
        action="given",
        wording=Wording("Согласен на автоматические списания", "test"),
        evidence=Evidence(),
        now=now,
        max_kopecks=max_kopecks,
    ).id


def pay_with_consent(it: Agreement, *, card: str = GOOD_CARD) -> UUID:
    """The customer agrees, pays the first line on the gateway's page, and comes back; the payment's id."""
    with begin() as session:
        now = business_now(session)
        invoice = issue_now(session, it.line_id, now=now)
        consent_id = agree(session, it, now=now)
        checkout = prepare_checkout(session, invoice.id, customer_id=it.customer_id, consent_id=consent_id, now=now)
    url = send_checkout(checkout.payment_id)
    assert url is not None
    enter_card(url, card)
    return checkout.payment_id


def enter_card(url: str, card: str) -> httpx.Response:
    """What a payer does on the hosted page; 3-D Secure is confirmed."""
    answer = WEB.post(url, data={"number": card, "expiry": "12/30", "csc": "123"})
    if answer.headers.get("location", "").endswith("/3ds"):
        bank = str(httpx.URL(url).join(answer.headers["location"]))
        answer = WEB.post(bank, data={"answer": "confirm"})
    assert answer.status_code == 303, answer.text
    return answer


def payments_of(session: Session, contract_id: UUID) -> list[Payment]:
    """A contract's payments, oldest first."""
    return list(session.scalars(select(Payment).where(Payment.contract_id == contract_id).order_by(Payment.number)))
