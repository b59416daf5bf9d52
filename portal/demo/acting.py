"""What the demo's people do, through the same verbs and the same payment page as everybody else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import httpx
from sqlalchemy import select

from kernel.clock import business_date, business_now, real_now
from kernel.db import Session, begin
from kernel.settings import get_settings
from payments.autopay.consents import Evidence, record_consent
from payments.autopay.models import PaymentMethod
from payments.autopay.stopping import unlink, withdraw
from payments.catalogue.buying import buy
from payments.catalogue.models import ONE_OFF, RECURRING, Price, Product
from payments.charging.checkout import Checkout, prepare_checkout, send_checkout
from payments.charging.models import Payment
from payments.contracts.models import Contract, Installment
from payments.contracts.opening import Terms, open_contract
from payments.customers.models import COMPANY as LEGAL
from payments.customers.models import PERSON, Customer
from payments.customers.registration import CustomerData, create_customer
from payments.installation.models import LegalEntity, Shop
from payments.installation.setup import name_company
from payments.invoicing.issue import issue_now
from payments.invoicing.models import Invoice
from portal.accounts.models import Membership, User
from portal.accounts.passwords import hash_password
from portal.demo.cast import COMPANY, MONTH, PRODUCTS, Role
from portal.legal.wording import OFFER, PERSONAL_DATA, company_values, wording
from portal.web.cabinet.starting import agree_and_prepare
from portal.web.cabinet.terms import terms_of_contract, terms_of_price


def open_shop(session: Session) -> None:
    """The company, its shop at the gateway, and its products."""
    entity, shop = name_company(session, COMPANY, get_settings())
    for position, ware in enumerate(PRODUCTS):
        product = Product(
            legal_entity_id=entity.id, shop_id=shop.id, name=ware.name, description=ware.description, position=position
        )
        session.add(product)
        session.flush()  # prices need the id
        if ware.monthly:
            period = ware.period
            session.add(
                Price(
                    product_id=product.id,
                    kind=RECURRING,
                    kopecks=ware.monthly,
                    period_unit=period.unit,
                    period_count=period.count,
                )
            )
        if ware.once:
            session.add(Price(product_id=product.id, kind=ONE_OFF, kopecks=ware.once))


def add_login(session: Session, *, email: str, name: str, password: str, staff_role: str | None = None) -> User:
    """A login whose address counts as confirmed."""
    user = User(
        email=email,
        name=name,
        password_hash=hash_password(password),
        staff_role=staff_role,
        email_confirmed_at=real_now(),
    )
    session.add(user)
    session.flush()  # memberships need the id
    return user


def join(role: Role) -> UUID:
    """The customer appears, agrees to the offer and to the use of personal data; an earlier one is found again."""
    with begin() as session:
        known = session.execute(select(Customer.id).where(Customer.email == role.email)).scalar_one_or_none()
        if known:
            return known
        kind = LEGAL if role.company else PERSON
        customer = create_customer(session, CustomerData(role.name, kind, role.email, role.phone))
        values, now = company_values(session), business_now(session)
        for consent in (OFFER, PERSONAL_DATA):
            record_consent(
                session,
                customer_id=customer.id,
                kind=consent,
                action="given",
                wording=wording(consent, values),
                evidence=Evidence(),
                now=now,
            )
        return customer.id


def give_cabinet(session: Session, user: User, customer_id: UUID) -> None:
    """Let a login act for a customer."""
    session.add(Membership(user_id=user.id, customer_id=customer_id))
    customer = session.get_one(Customer, customer_id)
    user.phone = customer.phone


def sign_up(role: Role, customer_id: UUID) -> UUID | None:
    """Take out the contract and pay its first line; returns the contract, None when nothing was paid."""
    with begin() as session:
        now = business_now(session)
        checkout = _self_service(session, role, customer_id, now) if role.ware is not None else None
        if checkout is None:
            checkout = _by_staff(session, role, customer_id, now)
    return _pay(checkout, role.card)


def pay_open_invoice(contract_id: UUID, card: str) -> None:
    """Pay the oldest open invoice of a contract by hand, without saving the card."""
    with begin() as session:
        invoice = session.scalars(
            select(Invoice)
            .where(Invoice.contract_id == contract_id, Invoice.status == "open")
            .order_by(Invoice.due_on)
            .limit(1)
        ).first()
        if invoice is None:
            return
        now = business_now(session)
        checkout = prepare_checkout(session, invoice.id, customer_id=invoice.customer_id, consent_id=None, now=now)
    _pay(checkout, card)


def unlink_card(contract_id: UUID) -> None:
    """The customer takes the card of a contract away."""
    with begin() as session:
        contract = session.get_one(Contract, contract_id)
        for method_id in _methods(session, contract.customer_id):
            unlink(session, method_id, customer_id=contract.customer_id, evidence=Evidence(), now=business_now(session))


def withdraw_consent(contract_id: UUID) -> None:
    """The customer switches automatic payments off."""
    with begin() as session:
        withdraw(session, contract_id, evidence=Evidence(), now=business_now(session))


def tokens_of(contract_id: UUID) -> Sequence[str]:
    """The gateway's names of the contract's saved methods, for scripting what the bank says next."""
    with begin() as session:
        contract = session.get_one(Contract, contract_id)
        return session.scalars(
            select(PaymentMethod.gateway_id).where(
                PaymentMethod.customer_id == contract.customer_id, PaymentMethod.unlinked_at.is_(None)
            )
        ).all()


def _methods(session: Session, customer_id: UUID) -> Sequence[UUID]:
    return session.scalars(
        select(PaymentMethod.id).where(PaymentMethod.customer_id == customer_id, PaymentMethod.unlinked_at.is_(None))
    ).all()


def _self_service(session: Session, role: Role, customer_id: UUID, now: datetime) -> Checkout:
    name = PRODUCTS[role.ware or 0].name
    price_id = session.execute(
        select(Price.id).join(Product).where(Product.name == name, Price.kind == RECURRING)
    ).scalar_one()
    terms = terms_of_price(session, price_id, [customer_id], now=now)
    if role.autopay:
        return agree_and_prepare(session, terms, evidence=Evidence(), now=now)
    invoice = buy(session, price_id, customer_id=customer_id, now=now)
    return prepare_checkout(session, invoice.id, customer_id=customer_id, consent_id=None, now=now)


def _by_staff(session: Session, role: Role, customer_id: UUID, now: datetime) -> Checkout:
    shop = session.scalars(select(Shop)).one()
    contract = open_contract(
        session,
        Terms(
            customer_id=customer_id,
            legal_entity_id=session.scalars(select(LegalEntity.id)).one(),
            shop_id=shop.id,
            title=role.title,
            kopecks=role.kopecks,
            first_due_on=business_date(now),
            period=MONTH,
            advance=role.advance,
        ),
        now=now,
    )
    line_id = session.execute(select(Installment.id).where(Installment.contract_id == contract.id)).scalar_one()
    if role.autopay:
        terms = terms_of_contract(session, contract.id, [customer_id], now=now)
        return agree_and_prepare(session, terms, evidence=Evidence(), now=now)
    invoice = issue_now(session, line_id, now=now)
    return prepare_checkout(session, invoice.id, customer_id=customer_id, consent_id=None, now=now)


def _pay(checkout: Checkout, card: str) -> UUID | None:
    url = send_checkout(checkout.payment_id)
    if url is None:
        return None
    _enter_card(url, card)
    with begin() as session:
        return session.get_one(Payment, checkout.payment_id).contract_id


def _enter_card(url: str, card: str) -> None:
    answer = _browser().post(url, data={"number": card, "expiry": "12/30", "csc": "123"})
    location = answer.headers.get("location", "")
    if location.endswith("/3ds"):
        _browser().post(str(httpx.URL(url).join(location)), data={"answer": "confirm"})


@lru_cache(maxsize=1)
def _browser() -> httpx.Client:
    return httpx.Client(trust_env=False, timeout=30)
