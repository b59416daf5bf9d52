"""Saved cards: which there are, what rests on them, and taking one away for good."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from kernel.clock import business_now
from kernel.db import Session, read, repeating
from payments.autopay.stopping import charges_under_way, unlink, wait_for_calls
from portal.web.cabinet.queries.methods import read_method, read_methods
from portal.web.cabinet.starting import evidence_of
from portal.web.kit.guards import CurrentCustomer
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import ReadDb, Router
from portal.web.kit.turns import waiting

router = Router(prefix="/payment-methods")


@router.get("", name="cabinet.methods.list")
def list_methods(request: Request, customer: CurrentCustomer, db: ReadDb) -> Response:
    """Every linked card with the contracts that are charged from it."""
    return render(request, "pages/cabinet/methods.html", {"methods": read_methods(db, customer.customer_ids)})


@router.get("/{method_id}/unlink", name="cabinet.methods.unlink")
def ask_to_unlink(request: Request, customer: CurrentCustomer, db: ReadDb, method_id: UUID) -> Response:
    """Which contracts lose the card, before the one button."""
    method = read_method(db, method_id, customer.customer_ids)
    if method.unlinked_at:
        return go_to(request, f"/payment-methods/{method.id}/unlinked")
    return render(request, "pages/cabinet/unlink.html", {"method": method})


@router.post("/{method_id}/unlink", name="cabinet.methods.remove")
def remove(request: Request, customer: CurrentCustomer, method_id: UUID) -> Response:
    """Unlink, wait for calls that have left, and tell of what is still open."""

    def work(session: Session) -> UUID:
        card = read_method(session, method_id, customer.customer_ids)
        evidence = evidence_of(request, customer)
        unlink(session, card.id, customer_id=card.customer_id, evidence=evidence, now=business_now(session))
        return card.id

    card_id = repeating(work)
    with waiting():
        wait_for_calls(card_id)
    return go_to(request, f"/payment-methods/{card_id}/unlinked")


@router.get("/{method_id}/unlinked", name="cabinet.methods.unlinked")
def show_unlinked(request: Request, customer: CurrentCustomer, method_id: UUID) -> Response:
    """The card is gone; a charge that had left before is named."""
    with read() as session:
        method = read_method(session, method_id, customer.customer_ids)
        under_way = charges_under_way(session, method_id)
    if method.unlinked_at is None:
        return go_to(request, "/payment-methods")
    context = {"method": method, "under_way": under_way}
    return render(request, "pages/cabinet/unlinked.html", context)
