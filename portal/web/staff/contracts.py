"""The contracts: the list, and the card of one."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from kernel import clock
from kernel.clock import business_date
from portal.web.kit.guards import CurrentStaff
from portal.web.kit.i18n import gettext as _
from portal.web.kit.paging import page_of, page_size
from portal.web.kit.render import render
from portal.web.kit.routing import ReadDb, Router
from portal.web.kit.words import WORDS
from portal.web.staff.addresses import list_url
from portal.web.staff.cursors import after_id, after_number
from portal.web.staff.queries import contract_card
from portal.web.staff.queries.contracts import AUTOPAY, STATUSES, ContractFilter, list_contracts
from portal.web.staff.queries.search import searchable
from portal.web.staff.queries.standing import charges_under_way
from portal.web.staff.queries.supplements import base_number, supplements_of
from portal.web.staff.roles import HOLDS_AUTOPAYS, ISSUES_INVOICES, OPENS_CONTRACTS, STOPS_CONTRACTS, may
from portal.web.staff.words import ADVANCES, AUTOPAYS, method_name, period_name, source_name

router = Router()
_LINES = 24
STOPPED = ("suspended", "ended")


@router.get("/staff/contracts", name="staff.contracts.list")
def list_all(
    request: Request, staff: CurrentStaff, db: ReadDb, q: str = "", status: str = "", autopay: str = ""
) -> Response:
    """Contracts, newest first; an unknown status filters nothing."""
    wanted = ContractFilter(searchable(q), status if status in STATUSES else "", autopay if autopay in AUTOPAY else "")
    size = page_size(request.query_params.get("size"))
    after = after_id(request)
    found = list_contracts(db, wanted, today=business_date(clock.now()), after=after, limit=size + 1)
    page = page_of(found, size=size, key=lambda row: (str(row.id),), after=("",) if after else None)
    kept = {"q": wanted.text, "status": wanted.status, "autopay": wanted.autopay}
    context = {
        "page": page,
        "wanted": wanted,
        "url": list_url("/staff/contracts", kept),
        "statuses": [(key, _("Оплачен") if key == "settled" else WORDS["contract"][key].text) for key in STATUSES],
        "autopays": AUTOPAY,
        "autopay_words": AUTOPAYS,
        "period_name": period_name,
        "may_open": may(staff, OPENS_CONTRACTS),
    }
    return render(request, "pages/staff/contracts.html", context, fragment="rows")


@router.get("/staff/contracts/{contract_id}", name="staff.contracts.show")
def show(request: Request, contract_id: UUID, staff: CurrentStaff, db: ReadDb) -> Response:
    """Terms, autopay, due lines with their invoices, history."""
    contract = contract_card.read_contract(db, contract_id)
    after = after_number(request)
    found = contract_card.due_lines(db, contract_id, after=after, limit=_LINES + 1)
    context = {
        "contract": contract,
        "page": page_of(found, size=_LINES, key=lambda row: (str(row.number),), after=("",) if after else None),
        "to_come": contract_card.dates_to_come(db, contract_id),
        "changes": contract_card.changes_of(db, contract),
        "under_way": charges_under_way(db, contract_id) if contract.status in STOPPED else [],
        "supplements": supplements_of(db, contract_id),
        "base_number": base_number(db, contract.base_id),
        "may_stop": may(staff, STOPS_CONTRACTS),
        "may_hold": may(staff, HOLDS_AUTOPAYS),
        "may_issue": may(staff, ISSUES_INVOICES),
        "today": business_date(clock.now()),
        "advances": ADVANCES,
        "method_name": method_name,
        "period_name": period_name,
        "source_name": source_name,
    }
    return render(request, "pages/staff/contract.html", context)
