"""Home: what is charged next and from which card, what is to be paid, what was paid."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from kernel import clock
from kernel.clock import business_date
from kernel.db import ReadSession
from portal.accounts.sessions import SignedIn
from portal.web.cabinet.overview import overview
from portal.web.cabinet.queries.advance import read_advance
from portal.web.cabinet.queries.lines import read_due_lines
from portal.web.cabinet.queries.payments import PaymentFilter, read_payments
from portal.web.cabinet.rhythm import in_days, notice_words
from portal.web.kit.guards import CurrentCustomer
from portal.web.kit.render import render
from portal.web.kit.routing import ReadDb, Router

router = Router()
PAGE = "pages/cabinet/home.html"
_LAST = 3


@router.get("/", name="cabinet.home")
def show_home(request: Request, customer: CurrentCustomer, db: ReadDb) -> Response:
    """What the home page says to this customer."""
    return render(request, PAGE, home_values(db, customer))


def home_values(db: ReadSession, customer: SignedIn) -> dict[str, object]:
    """What the page is made of. Three queries: the due lines of all contracts, the advance, and the last payments."""
    now = clock.now()
    today = business_date(now)
    lines = read_due_lines(db, customer.customer_ids, now=now)
    return {
        "customer": customer,
        "today": today,
        "it": overview(lines, today),
        "notice": notice_words(lines[0].notice) if lines else "",
        "advance": read_advance(db, customer.customer_ids),
        "payments": read_payments(db, customer.customer_ids, PaymentFilter(), limit=_LAST),
        "in_days": in_days,
    }
