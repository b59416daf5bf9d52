"""The list of payments: filters in the address, views above it, its total, and pages both ways."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request
from starlette.responses import Response

from kernel import clock
from kernel.db import ReadSession
from portal.notifications.reasons import reason_for_staff
from portal.web.kit.guards import CurrentStaff
from portal.web.kit.paging import Key, Page, Place, page_at, page_size, place_in
from portal.web.kit.render import render
from portal.web.kit.routing import ReadDb, Router
from portal.web.staff.addresses import list_url
from portal.web.staff.cursors import moment_and_number, sum_and_number
from portal.web.staff.payment import ASKABLE
from portal.web.staff.payment_tabs import tabs_for
from portal.web.staff.payments_filter import LIST, ORDERS, Asked, chips, read_filter
from portal.web.staff.queries.customers import find_customer
from portal.web.staff.queries.payment_filter import PaymentFilter
from portal.web.staff.queries.payments import Mark, PaymentRow, list_payments, total_payments
from portal.web.staff.roles import ASKS_GATEWAY, EXPORTS_PAYMENTS, may
from portal.web.staff.words import method_name

router = Router()


@router.get(LIST, name="staff.payments.list")
def list_all(request: Request, staff: CurrentStaff, db: ReadDb) -> Response:
    """Payments, newest first. A condition that makes no sense is a 422 with the reason and no rows."""
    asked = read_filter(request.query_params)
    sort = request.query_params.get("sort", "")
    kept = asked.kept | {"sort": sort if sort in ORDERS else "", "size": _chosen_size(request)}
    wanted, now = asked.wanted, clock.now()
    customer = find_customer(db, wanted.customer_id) if wanted.customer_id else None
    tabs = tabs_for(db, staff.user_id, asked, now=now)
    whole = request.query_params.get("total") == "all"
    context = {
        "form": asked.form,
        "view": wanted.view,
        "page": _page(request, db, asked, kept["sort"]) if asked.good else Page((), None, is_first=True),
        "total": total_payments(db, wanted, now=now, whole=whole) if asked.good else None,
        "chips": chips(wanted, kept, customer.name if customer else ""),
        "kept": kept,
        "query": asked.query,
        "is_on": wanted != PaymentFilter(view=wanted.view),
        "url": list_url(LIST, kept),
        "url_with": lambda **changed: list_url(LIST, kept | changed),
        "tabs": tabs,
        "own_view": next((tab.edit for tab in tabs if tab.current), ""),
        "method_name": method_name,
        "reason_for_staff": reason_for_staff,
        "may_export": may(staff, EXPORTS_PAYMENTS) and asked.good,
        "askable": ASKABLE if may(staff, ASKS_GATEWAY) else (),
    }
    return render(request, "pages/staff/payments.html", context, status=200 if asked.good else 422, fragment="rows")


def _page(request: Request, db: ReadSession, asked: Asked, sort: str) -> Page[PaymentRow]:
    order, size = ORDERS[sort], page_size(request.query_params.get("size"))
    parse: Callable[[Key], Mark | None] = moment_and_number if order.by == "at" else sum_and_number
    place = place_in(request.query_params, parse)
    found = list_payments(db, asked.wanted, now=clock.now(), order=order, place=place, limit=size + 1)
    if place.back and not found:
        # Whatever was newer is gone from this filter: the list begins here.
        place = Place()
        found = list_payments(db, asked.wanted, now=clock.now(), order=order, limit=size + 1)
    return page_at(place, found, size=size, key=lambda row: row.key(order))


def _chosen_size(request: Request) -> str:
    size = page_size(request.query_params.get("size"))
    return str(size) if request.query_params.get("size") == str(size) else ""
