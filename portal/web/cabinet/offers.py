"""Choosing what to buy, once or each period."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from portal.notifications.period_words import period_words
from portal.web.cabinet.queries.offers import read_earlier, read_offer, read_services
from portal.web.kit.guards import CurrentCustomer
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import ReadDb, Router

router = Router()


@router.get("/services", name="cabinet.services.list")
def list_services(request: Request, customer: CurrentCustomer, db: ReadDb) -> Response:  # noqa: ARG001  a guard
    """Products with their prices: one-off or recurring."""
    context = {"services": read_services(db), "period_words": period_words}
    return render(request, "pages/cabinet/services.html", context)


@router.get("/services/{price_id}", name="cabinet.services.show")
def show_service(request: Request, customer: CurrentCustomer, db: ReadDb, price_id: UUID) -> Response:
    """A one-off price with its pay button; a recurring one is agreed to first."""
    offer = read_offer(db, price_id)
    if offer.period:
        return go_to(request, f"/autopay/new?price={price_id}")
    return render(
        request,
        "pages/cabinet/service.html",
        {"offer": offer, "earlier": read_earlier(db, price_id, customer.customer_ids)},
    )
