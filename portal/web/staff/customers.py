"""The customers: the list with its search, and the card of one with everything that happened."""

from __future__ import annotations

from itertools import groupby
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from kernel import clock
from kernel.clock import business_date
from portal.notifications.reasons import reason_for_staff
from portal.web.kit.guards import CurrentStaff, ReadDb
from portal.web.kit.paging import page_of, page_size
from portal.web.kit.render import render, wants_fragment
from portal.web.staff.addresses import list_url
from portal.web.staff.cursors import after_moment, after_name
from portal.web.staff.queries import customer_card
from portal.web.staff.queries.customers import CustomerFilter, count_customers, list_customers
from portal.web.staff.queries.search import searchable
from portal.web.staff.queries.timeline import KINDS, Occurrence, count_timeline, read_timeline
from portal.web.staff.roles import ADDS_CUSTOMERS, OPENS_CONTRACTS, may
from portal.web.staff.telling import tell
from portal.web.staff.words import AUTOPAYS, CONSENTS, method_name, period_name

router = APIRouter()
_EVENTS = 25


@router.get("/staff/customers", name="staff.customers.list")
def list_all(
    request: Request, staff: CurrentStaff, db: ReadDb, q: str = "", debt: str = "", autopay: str = ""
) -> Response:
    """Customers by name, found by whatever is known of them."""
    wanted = CustomerFilter(searchable(q), in_debt=debt == "y", on_autopay=autopay == "y")
    size = page_size(request.query_params.get("size"))
    today, after = business_date(clock.now()), after_name(request)
    found = list_customers(db, wanted, today=today, after=after, limit=size + 1)
    page = page_of(found, size=size, key=lambda row: (row.sort_name, str(row.id)), after=("", "") if after else None)
    kept = {"q": wanted.text, "debt": debt if wanted.in_debt else "", "autopay": autopay if wanted.on_autopay else ""}
    context = {
        "page": page,
        "wanted": wanted,
        "url": list_url("/staff/customers", kept),
        "total": count_customers(db, wanted, today=today),
        "autopay_words": AUTOPAYS,
        "may_add": may(staff, ADDS_CUSTOMERS),
    }
    return render(request, "pages/staff/customers.html", context, fragment="rows")


@router.get("/staff/customers/{customer_id}", name="staff.customers.show")
def show(request: Request, customer_id: UUID, staff: CurrentStaff, db: ReadDb, kind: str = "") -> Response:
    """The card: facts on the left, the timeline on the right. For htmx, the next part of the timeline."""
    customer = customer_card.read_customer(db, customer_id, today=business_date(clock.now()))
    chosen = kind if kind in KINDS else ""
    after = after_moment(request)
    found = read_timeline(db, customer_id, chosen, after=after, limit=_EVENTS + 1)
    page = page_of(
        found, size=_EVENTS, key=lambda row: (row.at.isoformat(), row.ref), after=("", "") if after else None
    )
    more_of_the_day = business_date(after[0]) if after and wants_fragment(request) else None
    context = {
        "customer": customer,
        "kind": chosen,
        "page": page,
        "days": _by_day(page.rows),
        "continued": more_of_the_day,
        "today": business_date(clock.now()),
    }
    if not wants_fragment(request):
        context |= {
            "counts": count_timeline(db, customer_id),
            "contracts": customer_card.contracts_of(db, customer_id),
            "methods": customer_card.methods_of(db, customer_id),
            "consents": customer_card.consents_of(db, customer_id),
            "logins": customer_card.logins_of(db, customer_id),
            "consent_names": CONSENTS,
            "method_name": method_name,
            "period_name": period_name,
            "reason_for_staff": reason_for_staff,
            "may_open": may(staff, OPENS_CONTRACTS),
        }
    return render(request, "pages/staff/customer.html", context, fragment="events")


def _by_day(events: tuple[Occurrence, ...]) -> list[tuple[object, list[object]]]:
    return [
        (day, [tell(item) for item in of_day])
        for day, of_day in groupby(events, key=lambda item: business_date(item.at))
    ]
