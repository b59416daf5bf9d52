"""Customers come into being and change. Phones are E.164, ИНН is checked by its digits before it gets here."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

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
    customer = Customer(
        name=data.name,
        kind=data.kind,
        email=data.email,
        phone=data.phone,
        inn=data.inn,
        kpp=data.kpp,
        external_id=external_id,
    )
    session.add(customer)
    session.flush()  # the event and the caller need the id
    outbox.record(session, CustomerCreated(customer.id))
    return customer


def change_customer(session: Session, customer_id: UUID, data: CustomerData) -> bool:
    """Store changed data and say whether anything was different.

    Raises:
        NotFound: no such customer.
    """
    customer = session.get(Customer, customer_id, with_for_update=True)
    if customer is None:
        raise NotFound
    fields = ("name", "kind", "email", "phone", "inn", "kpp")
    changed = [field for field in fields if getattr(customer, field) != getattr(data, field)]
    for field in changed:
        setattr(customer, field, getattr(data, field))
    if changed:
        outbox.record(session, CustomerChanged(customer_id))
    return bool(changed)
