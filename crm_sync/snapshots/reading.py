"""Reads the objects of jobs, kind by kind, one query for all of a kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from crm_sync.port import COMMENT, COMPANY, CONTACT, DEAL, INVOICE, LOG, PAYMENT, REQUISITE, Wanted
from crm_sync.snapshots.contracts import read_contracts
from crm_sync.snapshots.customers import read_customers, read_requisites
from crm_sync.snapshots.entries import read_entries
from crm_sync.snapshots.money import read_invoices, read_payments
from kernel.db import ReadSession

_READERS: dict[str, Callable[[ReadSession, Sequence[UUID]], list[Wanted]]] = {
    CONTACT: read_customers,
    COMPANY: read_customers,
    REQUISITE: read_requisites,
    DEAL: read_contracts,
    INVOICE: read_invoices,
    PAYMENT: read_payments,
    COMMENT: read_entries,
    LOG: read_entries,
}


def read_wanted(session: ReadSession, objects: Sequence[tuple[str, UUID]]) -> dict[tuple[str, UUID], Wanted]:
    """The objects by kind and id; one that is no more, or has nothing to show, is left out."""
    found: dict[tuple[str, UUID], Wanted] = {}
    for kind in sorted({kind for kind, _ in objects}):
        ids = [local_id for other, local_id in objects if other == kind]
        found |= {(kind, item.local_id): item for item in _READERS[kind](session, ids) if item.kind == kind}
    return found
