"""A company in a hurry: many customers whose data, contracts and payments change while their mirror is under attack."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import Session, begin
from payments.autopay.ending import suspend_contract
from payments.charging.applying import apply
from payments.charging.checkout import prepare_checkout
from payments.charging.models import Payment
from payments.customers.models import Customer
from payments.customers.registration import CustomerData, change_customer
from payments.invoicing.issue import issue_now
from tests.support.business import Agreement, agree, make_agreement
from tests.support.gateway_objects import CARD, says


@dataclass
class Company:
    """Customers and how they change: each appears, is renamed, goes to pay, pays, and stops."""

    agreements: list[Agreement]

    def change_everything(self, seed: int) -> int:
        """Four changes of each customer, their steps in order and the customers in any; how many with their creation."""
        turns = [it for it in self.agreements for _ in _STEPS]
        random.Random(seed).shuffle(turns)
        done: Counter[Agreement] = Counter()
        for it in turns:
            with begin() as session:
                _STEPS[done[it]](session, it)
            done[it] += 1
        return len(self.agreements) + done.total()


def open_for_business(customers: int) -> Company:
    """So many customers, each with a contract."""
    agreements = []
    for number in range(customers):
        with begin() as session:
            it = make_agreement(session, email=f"storm{number}@example.com", in_days=5, advance="by_calendar")
            customer = session.get_one(Customer, it.customer_id)
            customer.name, customer.phone = f"Клиент {number}", f"+7900{number:07d}"
            agreements.append(it)
    return Company(agreements)


def _rename(session: Session, it: Agreement) -> None:
    customer = session.get_one(Customer, it.customer_id)
    data = CustomerData(f"{customer.name} Иванович", email=f"new-{customer.email}", phone=customer.phone)
    change_customer(session, it.customer_id, data)


def _go_to_pay(session: Session, it: Agreement) -> None:
    now = business_now(session)
    invoice = issue_now(session, it.line_id, now=now)
    consent_id = agree(session, it, now=now)
    checkout = prepare_checkout(session, invoice.id, customer_id=it.customer_id, consent_id=consent_id, now=now)
    _hear(session, session.get_one(Payment, checkout.payment_id), "pending")


def _pay_or_be_declined(session: Session, it: Agreement) -> None:
    payment = session.scalars(select(Payment).where(Payment.contract_id == it.contract_id)).one()
    _hear(session, payment, "canceled" if it.line_id.int % 4 == 0 else "succeeded")


def _stop(session: Session, it: Agreement) -> None:
    suspend_contract(session, it.contract_id, now=business_now(session), source="staff")


def _hear(session: Session, payment: Payment, status: str) -> None:
    """What the gateway says is applied; only a success names the card, each customer's own."""
    method = replace(CARD, gateway_id=f"pm-{payment.id}") if status == "succeeded" else None
    reason = {"party": "yoo_money", "reason": "insufficient_funds"} if status == "canceled" else {}
    item = says(session, payment, status, method=method, **reason)
    apply(session, [item], source="webhook", now=business_now(session))


_STEPS: tuple[Callable[[Session, Agreement], None], ...] = (_rename, _go_to_pay, _pay_or_be_declined, _stop)
