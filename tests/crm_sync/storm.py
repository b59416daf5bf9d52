"""A company in a hurry: many customers whose data, contracts and invoices change while their mirror is under attack."""

from __future__ import annotations

import random
from dataclasses import dataclass

from sqlalchemy import func, select

from crm_sync.bitrix24.fields import item_fields
from crm_sync.bitrix24.schema import schema_of
from crm_sync.models import CrmLink
from crm_sync.port import CONTACT, DEAL, INVOICE
from crm_sync.snapshots.reading import read_wanted
from kernel import outbox
from kernel.clock import business_now
from kernel.db import begin, read
from kernel.settings import get_settings
from payments.autopay.ending import suspend_contract
from payments.contracts.models import Contract
from payments.customers.models import Customer
from payments.customers.registration import CustomerData, change_customer
from payments.events import InvoiceIssued
from payments.invoicing.issue import issue_now
from payments.invoicing.models import Invoice
from tests.crm_sync.conftest import Portal
from tests.support.business import Agreement, make_agreement


@dataclass
class Company:
    """Customers and how they change: five changes each."""

    agreements: list[Agreement]

    def change_everything(self, seed: int) -> int:
        """Four changes for each customer, in random order; how many changes there were in all."""
        changes = [(it, step) for step in range(4) for it in self.agreements]
        random.Random(seed).shuffle(changes)
        for it, step in changes:
            self.change(it, step)
        return len(self.agreements) * 5

    def change(self, it: Agreement, step: int) -> None:
        """One change of one customer."""
        with begin() as session:
            now = business_now(session)
            if step == 0:
                outbox.record(session, InvoiceIssued(issue_now(session, it.line_id, now=now).id))
            elif step == 1:
                suspend_contract(session, it.contract_id, now=now, source="staff")
            else:
                customer = session.get_one(Customer, it.customer_id)
                name = f"{customer.name.split(' +')[0]} +{step}"
                change_customer(session, it.customer_id, CustomerData(name, email=customer.email, phone=customer.phone))


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


def differences(portal: Portal) -> list[str]:
    """How what stands there differs from what is here: missing, twice, or with other fields."""
    found: list[str] = []
    schema = schema_of(get_settings().bitrix24_url)
    with read() as session:
        for kind, owner in ((CONTACT, Customer), (DEAL, Contract), (INVOICE, Invoice)):
            ids = session.scalars(select(owner.id)).all()
            wanted = read_wanted(session, [(kind, key) for key in ids])
            there: dict[str, list[dict[str, object]]] = {}
            for item in portal.items(kind):
                there.setdefault(str(item.get("originId") or item.get("xmlId")), []).append(item)
            if len(portal.items(kind)) != len(ids):
                found.append(f"{kind}: {len(portal.items(kind))} there, {len(ids)} here")
            links = dict(session.execute(select(CrmLink.local_id, CrmLink.remote_id).where(CrmLink.kind == kind)).all())
            for (_, key), ours in wanted.items():
                copies = there.get(ours.external_id, [])
                if len(copies) != 1 or links.get(key) != copies[0]["id"]:
                    found.append(f"{kind} {key}: {len(copies)} copies")
                    continue
                for name, value in item_fields(schema, kind, ours.fields).items():
                    if not _same(copies[0].get(name), value):
                        found.append(f"{kind} {key}: {name} is {copies[0].get(name)!r}, not {value!r}")
    return found


def linked() -> int:
    """How many objects of ours are known to stand there."""
    with read() as session:
        return session.execute(select(func.count()).select_from(CrmLink)).scalar_one()


def _same(there: object, here: object) -> bool:
    if isinstance(there, str) and isinstance(here, str) and "T" in there and len(here) == len("2026-01-31"):
        return there[:10] == here
    if isinstance(there, (int, float)) and not isinstance(there, bool):
        return float(there) == float(str(here))
    return (there or None) == (here or None)
