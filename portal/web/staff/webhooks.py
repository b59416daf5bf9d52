"""Notifications of the gateway with their verdicts: a forged one changes nothing, and is seen here."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from portal.web.kit.guards import CurrentStaff, ReadDb
from portal.web.kit.i18n import gettext as _
from portal.web.kit.paging import page_of, page_size
from portal.web.kit.render import render
from portal.web.kit.words import WORDS
from portal.web.staff.addresses import list_url
from portal.web.staff.cursors import after_id
from portal.web.staff.gateway_words import event_name, state_name, verdict_name
from portal.web.staff.queries.webhooks import STATUSES, count_webhooks, list_webhooks

router = APIRouter()
_LIST = "/staff/webhooks"


@router.get(_LIST, name="staff.webhooks.list")
def list_all(request: Request, _staff: CurrentStaff, db: ReadDb, status: str = "") -> Response:
    """Notifications, newest first; an unknown status filters nothing."""
    chosen = status if status in STATUSES else ""
    size = page_size(request.query_params.get("size"))
    after = after_id(request)
    found = list_webhooks(db, chosen, after=after, limit=size + 1)
    counts = count_webhooks(db)
    context = {
        "page": page_of(found, size=size, key=lambda row: (str(row.id),), after=("",) if after else None),
        "status": chosen,
        "url": list_url(_LIST, {"status": chosen}),
        "tabs": [
            ("", _("Все"), _LIST, sum(counts.values())),
            *((key, WORDS["webhook"][key].text, f"{_LIST}?status={key}", counts.get(key, 0)) for key in STATUSES),
        ],
        "event_name": event_name,
        "state_name": state_name,
        "verdict_name": verdict_name,
    }
    return render(request, "pages/staff/webhooks.html", context, fragment="rows")
