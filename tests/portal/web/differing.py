"""Differences with the gateway, of each sort that the desk does something about."""

from __future__ import annotations

from uuid import UUID

from kernel.clock import business_now
from kernel.db import Session
from kernel.ids import uuid7
from payments.invoicing.models import Invoice
from payments.reconciliation.models import FOREIGN, IMPORT, MISSING_HERE, REFUND, Difference, SeenPayment

NOBODYS = ("gw-lost", "gw-lost-too", "gw-foreign")
KOPECKS = 30_000


def plant_differences(
    session: Session, shop_id: UUID, invoice_id: UUID, gateway_ids: tuple[str, ...] = NOBODYS
) -> dict[str, object]:
    """Two payments of this invoice that we lost, a foreign one and a refund; their ids by parameter.

    `gateway_ids` are those of three payments of 300 rubles: real ones, where the gateway is going to be asked.
    """
    lost, also_lost, foreign = gateway_ids
    for gateway_id in (lost, also_lost):
        _see(session, shop_id, gateway_id, invoice_id)
    return {
        "lost_id": _differ(session, shop_id, MISSING_HERE, lost, invoice_id, IMPORT),
        "also_lost_id": _differ(session, shop_id, MISSING_HERE, also_lost, invoice_id, IMPORT),
        "difference_id": _differ(session, shop_id, FOREIGN, foreign),
        "refund_id": _differ(session, shop_id, REFUND, "rf-1"),
        "invoice_number": session.get_one(Invoice, invoice_id).number,
    }


def _see(session: Session, shop_id: UUID, gateway_id: str, invoice_id: UUID) -> None:
    now = business_now(session)
    session.add(
        SeenPayment(
            gateway_id=gateway_id,
            shop_id=shop_id,
            status="succeeded",
            kopecks=KOPECKS,
            currency="RUB",
            refunded_kopecks=0,
            created_at=now,
            captured_at=now,
            payment_id=uuid7(),
            invoice_id=invoice_id,
            numbers=[],
            read_at=now,
        )
    )


def _differ(
    session: Session,
    shop_id: UUID,
    kind: str,
    gateway_id: str,
    invoice_id: UUID | None = None,
    repair: str | None = None,
) -> UUID:
    difference = Difference(
        shop_id=shop_id,
        kind=kind,
        gateway_id=gateway_id,
        invoice_id=invoice_id,
        their_status="succeeded",
        their_kopecks=KOPECKS,
        happened_at=business_now(session),
        repair=repair,
    )
    session.add(difference)
    session.flush()
    return difference.id
