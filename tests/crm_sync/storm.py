"""A company in a hurry: many customers who change, pay and are declined while their mirror is under attack."""

from __future__ import annotations

import random
from dataclasses import dataclass

from sqlalchemy import func, select, text

from kernel import outbox
from kernel.clock import business_now
from kernel.db import begin, read
from payments.autopay.ending import suspend_contract
from payments.charging.models import LIVE, Payment
from payments.customers.models import COMPANY, Customer
from payments.customers.registration import CustomerData, change_customer
from payments.events import InvoiceIssued
from payments.invoicing.issue import issue_now
from tests.support.business import Agreement, make_agreement, pay_with_consent

EMPTY_CARD = "5555555555554600"
# Longer than a round takes in the sandbox, so short that those of the dead are not waited for long.
_LEASE = "20 seconds"


@dataclass(frozen=True)
class Client:
    """A customer of the storm, and what kind of person it is."""

    number: int
    it: Agreement

    @property
    def card(self) -> str | None:
        """The card that this one pays with, if it pays: one in four does, one in four has no money."""
        return {0: "5555555555554444", 1: EMPTY_CARD}.get(self.number % 4)


def open_for_business(customers: int) -> list[Client]:
    """So many customers, each with a contract; one in five is a company, one in eight shares a phone with another."""
    return [_open(number) for number in range(customers)]


def _open(number: int) -> Client:
    with begin() as session:
        it = make_agreement(session, email=f"storm{number}@example.com", in_days=5, advance="by_calendar")
        customer = session.get_one(Customer, it.customer_id)
        customer.name, customer.phone = f"Клиент {number}", f"+7900{number - (number % 8 == 7):07d}"
        if number % 5 == 0:
            customer.kind, customer.inn = COMPANY, f"50{number:08d}"
    return Client(number, it)


def change_everything(clients: list[Client], seed: int) -> int:
    """Four changes for each customer, in random order; how many changes there were in all."""
    changes = [(client, step) for step in range(4) for client in clients]
    random.Random(seed).shuffle(changes)
    for client, step in changes:
        _change(client, step)
    return len(clients) * 5


def _change(client: Client, step: int) -> None:
    it = client.it
    if step == 0 and client.card:
        pay_with_consent(it, card=client.card)
        return
    with begin() as session:
        now = business_now(session)
        if step == 0:
            outbox.record(session, InvoiceIssued(issue_now(session, it.line_id, now=now).id))
        elif step == 1 and not client.card:
            suspend_contract(session, it.contract_id, now=now, source="staff")
        else:
            customer = session.get_one(Customer, it.customer_id)
            name = f"{customer.name.split(' +')[0]} +{step}"
            data = CustomerData(name, customer.kind, customer.email, customer.phone, customer.inn)
            change_customer(session, it.customer_id, data)


def shorten_leases() -> None:
    """Leases of this database end sooner than they ask for."""
    with begin() as session:
        session.execute(
            text(f"""
                CREATE FUNCTION shorten_lease() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    NEW.lease_until := least(NEW.lease_until, clock_timestamp() + interval '{_LEASE}');
                    RETURN NEW;
                END $$
            """)
        )
        session.execute(
            text("""
                CREATE TRIGGER shorten_lease BEFORE UPDATE ON sync_jobs FOR EACH ROW
                WHEN (NEW.lease_until IS NOT NULL) EXECUTE FUNCTION shorten_lease()
            """)
        )


def undecided() -> int:
    """How many payments wait for their outcome."""
    with read() as session:
        return session.execute(select(func.count()).where(Payment.status.in_(LIVE))).scalar_one()
