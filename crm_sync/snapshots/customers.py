"""Customers as contacts and companies, with their tax numbers."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from crm_sync.models import CrmLink
from crm_sync.port import COMPANY, CONTACT, REQUISITE, Fields, Wanted
from crm_sync.snapshots.identity import desk_url, external_id, installation_id
from kernel.db import ReadSession
from payments.customers.models import PERSON, Customer


def read_customers(session: ReadSession, ids: Sequence[UUID]) -> list[Wanted]:
    """These customers as the CRM's contacts or companies."""
    us = installation_id(session)
    return [_person_or_company(us, customer) for customer in _customers(session, ids)]


def read_requisites(session: ReadSession, ids: Sequence[UUID]) -> list[Wanted]:
    """The tax numbers of those of these customers that have one, or had one that stands in the CRM."""
    us = installation_id(session)
    stand = select(CrmLink.local_id).where(CrmLink.kind == REQUISITE, CrmLink.local_id.in_(ids))
    known = set(session.scalars(stand))
    return [_requisite(us, customer) for customer in _customers(session, ids) if customer.inn or customer.id in known]


def kind_of(customer: Customer) -> str:
    """What this customer is in a CRM."""
    return CONTACT if customer.kind == PERSON else COMPANY


def _customers(session: ReadSession, ids: Sequence[UUID]) -> Sequence[Customer]:
    return session.scalars(select(Customer).where(Customer.id.in_(ids))).all()


def _person_or_company(us: str, customer: Customer) -> Wanted:
    return Wanted(
        kind_of(customer),
        customer.id,
        customer.id,
        external_id(us, customer.id),
        {
            "name": customer.name,
            "phone": customer.phone,
            "email": customer.email,
            "url": desk_url("customers", customer.id),
        },
        phone=customer.phone,
        email=customer.email,
        inn=customer.inn,
    )


def _requisite(us: str, customer: Customer) -> Wanted:
    owner = kind_of(customer)
    fields: Fields = {"name": customer.name, "inn": customer.inn, "kpp": customer.kpp, "owner_kind": owner}
    return Wanted(
        REQUISITE,
        customer.id,
        customer.id,
        external_id(us, customer.id),
        fields,
        {"owner": (owner, customer.id)},
        inn=customer.inn,
    )
