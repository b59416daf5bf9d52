"""Customers come into being and change. Phones are E.164, ИНН is checked by its digits before it gets here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import select

from kernel import outbox
from kernel.db import Session
from kernel.errors import NotFound
from payments.customers.models import PERSON, Customer
from payments.events import CustomerChanged, CustomerCreated


@dataclass(frozen=True, slots=True)
class CustomerData:
    """What is known of a customer."""

    name: str
    kind: str = PERSON
    email: str | None = None
    phone: str | None = None
    inn: str | None = None
    kpp: str | None = None


def create_customer(session: Session, data: CustomerData, *, external_id: str | None = None) -> Customer:
    """A new customer, announced to whoever mirrors customers elsewhere."""
    return create_customers(session, [(data, external_id)])[0]


def create_customers(session: Session, known: Sequence[tuple[CustomerData, str | None]]) -> list[Customer]:
    """New customers in one batch, each with its external id or None, in the order given."""
    customers = [Customer(**asdict(data), external_id=external_id) for data, external_id in known]
    session.add_all(customers)
    session.flush()  # the events and the caller need the ids
    outbox.record(session, *(CustomerCreated(customer.id) for customer in customers))
    return customers


def change_customer(session: Session, customer_id: UUID, data: CustomerData) -> bool:
    """Store changed data and say whether anything was different.

    Raises:
        NotFound: no such customer.
    """
    return bool(change_customers(session, {customer_id: data}))


def change_customers(session: Session, changes: Mapping[UUID, CustomerData]) -> list[UUID]:
    """Store changed data of many customers; answers the ids of those that were different.

    Raises:
        NotFound: one of them does not exist.
    """
    # Locked in the order of their ids, so that two batches never wait for each other.
    found = session.scalars(
        select(Customer)
        .where(Customer.id.in_(changes))
        .order_by(Customer.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if len(found) < len(changes):
        raise NotFound
    changed = [customer.id for customer in found if _overwrite(customer, changes[customer.id])]
    session.flush()
    outbox.record(session, *(CustomerChanged(customer_id) for customer_id in changed))
    return changed


def _overwrite(customer: Customer, data: CustomerData) -> bool:
    different = {field: value for field, value in asdict(data).items() if getattr(customer, field) != value}
    for field, value in different.items():
        setattr(customer, field, value)
    return bool(different)
