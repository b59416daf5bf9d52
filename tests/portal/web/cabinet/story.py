"""What customers do in the cabinet, one call each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

from fastapi import FastAPI
from httpx2 import Response
from sqlalchemy import select
from starlette.testclient import TestClient

from kernel.clock import real_now
from kernel.db import begin
from payments.autopay.models import Autopay, Consent, PaymentMethod
from payments.catalogue.models import Price, Product
from payments.charging.models import Payment
from payments.customers.registration import CustomerData, create_customer
from portal.accounts.models import Membership, User
from portal.accounts.sessions import CUSTOMER, start_session
from portal.accounts.visitor import Visitor as Knock
from tests.support.business import enter_card, open_company
from tests.support.world import World

GOOD_CARD = "5555555555554444"
MONTHLY = 236_550
ONCE = 350_000


@dataclass
class Visitor:
    """A signed-in browser and whose it is."""

    client: TestClient
    customer_id: UUID
    email: str

    def get(self, path: str, **headers: str) -> Response:
        """Open a page."""
        return self.client.get(path, headers=headers)

    def page(self, path: str) -> str:
        """Open a page that must be there; its text without line breaks and no-break spaces."""
        answer = self.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:400]}"
        return readable(answer.text)

    def post(self, path: str, **fields: object) -> Response:
        """Send a form."""
        return self.client.post(path, data={name: str(value) for name, value in fields.items()})

    def agree(self, **what: UUID) -> Response:
        """Read the terms of a price or a contract, tick the box and press the button."""
        return self.post("/autopay/new", **what, text=self.digest_of_terms(**what), agree="y")

    def digest_of_terms(self, **what: UUID) -> str:
        """What the page of these terms sends along, to say which text was read."""
        (name, value), *_ = what.items()
        page = self.get(f"/autopay/new?{name}={value}").text
        found = re.search(r'name="text" value="(\w+)"', page)
        assert found, page[:400]
        return found[1]

    def gateway_page(self, answer: Response) -> str:
        """The address of the gateway's page that a started payment leads to."""
        assert answer.status_code == 303, answer.text
        found = re.search(r'url=(http[^"]+)"', self.get(answer.headers["location"]).text)
        assert found, answer.headers["location"]
        return found[1]

    def pay(self, answer: Response, card: str = GOOD_CARD) -> str:
        """Enter a card on the gateway's page; the path of the return page."""
        enter_card(self.gateway_page(answer), card)
        return str(answer.headers["location"]).removesuffix("/go") + "/return"


@dataclass
class Cabinet:
    """The application, what it sells, and the world around it."""

    app: FastAPI
    world: World
    monthly: UUID
    once: UUID
    stack: ExitStack

    def visitor(self, name: str, email: str) -> Visitor:
        """A customer with a confirmed address, signed in."""
        with begin() as session:
            user = User(email=email, name=name, password_hash="-", email_confirmed_at=real_now())
            session.add(user)
            customer = create_customer(session, CustomerData(name=name, email=email))
            session.flush()
            session.add(Membership(user_id=user.id, customer_id=customer.id))
            token = start_session(session, user.id, CUSTOMER, Knock(), now=real_now())
        headers = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html", "User-Agent": "Chrome"}
        client = TestClient(self.app, "http://localhost:8000", headers=headers, follow_redirects=False)
        client.cookies.set("kabinet", token)
        return Visitor(self.stack.enter_context(client), customer.id, email)

    def subscribe(self, visitor: Visitor, card: str = GOOD_CARD) -> UUID:
        """The visitor buys the monthly price with autopay and pays; the contract's id."""
        visitor.pay(visitor.agree(price=self.monthly), card)
        self.world.play(advance="PT10M")
        return self.autopay_of(visitor).contract_id

    def autopay_of(self, visitor: Visitor) -> Autopay:
        """The visitor's newest autopay."""
        with begin() as session:
            return (
                session.scalars(
                    select(Autopay).where(Autopay.customer_id == visitor.customer_id).order_by(Autopay.id.desc())
                ).first()
                or _missing()
            )

    def method_of(self, visitor: Visitor) -> PaymentMethod:
        """The visitor's newest saved method."""
        with begin() as session:
            return (
                session.scalars(
                    select(PaymentMethod)
                    .where(PaymentMethod.customer_id == visitor.customer_id)
                    .order_by(PaymentMethod.id.desc())
                ).first()
                or _missing()
            )

    def payments_of(self, visitor: Visitor) -> list[Payment]:
        """The visitor's payments, the oldest first."""
        with begin() as session:
            found = select(Payment).where(Payment.customer_id == visitor.customer_id).order_by(Payment.number)
            return list(session.scalars(found))

    def consents_of(self, visitor: Visitor) -> list[Consent]:
        """The visitor's consents to automatic charges, the oldest first."""
        with begin() as session:
            found = select(Consent).where(Consent.customer_id == visitor.customer_id).order_by(Consent.id)
            return list(session.scalars(found))


@contextmanager
def open_cabinet(app: FastAPI, world: World) -> Iterator[Cabinet]:
    """The company and its prices; browsers are closed at the end."""
    with begin() as session:
        entity, shop = open_company(session)
        product = Product(
            legal_entity_id=entity.id, shop_id=shop.id, name="Обслуживание котла", description="Осмотр и чистка."
        )
        session.add(product)
        session.flush()
        monthly = Price(product_id=product.id, kind="recurring", kopecks=MONTHLY, period_unit="month", period_count=1)
        once = Price(product_id=product.id, kind="one_off", kopecks=ONCE)
        session.add_all([monthly, once])
        session.flush()
        ids = monthly.id, once.id
    with ExitStack() as stack:
        yield Cabinet(app, world, *ids, stack)


def readable(html: str) -> str:
    """The page on one line, with ordinary spaces."""
    return re.sub(r"\s+", " ", html.replace("\u00a0", " "))


def _missing() -> NoReturn:
    raise AssertionError("no such row")
