"""The customers: the list with its search."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from kernel import clock
from kernel.clock import business_date
from portal.web.kit.guards import CurrentStaff
from portal.web.kit.paging import page_of, page_size
from portal.web.kit.render import render
from portal.web.kit.routing import ReadDb, Router
from portal.web.staff.addresses import list_url
from portal.web.staff.cursors import after_name
from portal.web.staff.queries.customers import CustomerFilter, count_customers, list_customers
from portal.web.staff.queries.search import searchable
from portal.web.staff.roles import ADDS_CUSTOMERS, may
from portal.web.staff.words import AUTOPAYS

router = Router()
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
