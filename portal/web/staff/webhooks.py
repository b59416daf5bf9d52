"""Notifications of the gateway with their verdicts: a forged one changes nothing, and is seen here."""

from __future__ import annotations

from datetime import timedelta

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
from portal.web.staff.cursors import after_id
from portal.web.staff.gateway_words import event_name, refusal_words, state_name, verdict_name
from portal.web.staff.queries.webhooks import STATUSES, count_webhooks, list_webhooks, read_refused

router = Router()
_LIST = "/staff/webhooks"
_LATELY = timedelta(days=29)


@router.get(_LIST, name="staff.webhooks.list")
def list_all(request: Request, _staff: CurrentStaff, db: ReadDb, status: str = "") -> Response:
    """Notifications, newest first; an unknown status filters nothing."""
    chosen = status if status in STATUSES else ""
    size = page_size(request.query_params.get("size"))
    after = after_id(request)
    found = list_webhooks(db, chosen, after=after, limit=size + 1)
    counts = count_webhooks(db)
    today = business_date(clock.now())
    context = {
        "page": page_of(found, size=size, key=lambda row: (str(row.id),), after=("",) if after else None),
        "status": chosen,
        "url": list_url(_LIST, {"status": chosen}),
        "tabs": [
            ("", _("Все"), _LIST, sum(counts.values())),
            *((key, WORDS["webhook"][key].text, f"{_LIST}?status={key}", counts.get(key, 0)) for key in STATUSES),
        ],
        "refused": read_refused(db, today=today, since=today - _LATELY),
        "refusal_words": refusal_words,
        "event_name": event_name,
        "state_name": state_name,
        "verdict_name": verdict_name,
    }
    return render(request, "pages/staff/webhooks.html", context, fragment="rows")
