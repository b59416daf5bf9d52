"""Events that could not be handled, and handing them out once more."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from kernel import clock, log
from kernel.inbox import revive
from portal.audit.recording import record_act
from portal.web.kit.guards import CurrentStaff
from portal.web.kit.i18n import gettext as _
from portal.web.kit.paging import page_of, page_size
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, ReadDb, Router
from portal.web.staff.cursors import after_number
from portal.web.staff.queries.deliveries import dead_deliveries
from portal.web.staff.roles import REPEATS_DELIVERIES, DeliveryRepeater, may

router = Router()
_log = log.get(__name__)
LIST = "/staff/deliveries"


@router.get(LIST, name="staff.deliveries.list")
def list_dead(request: Request, staff: CurrentStaff, db: ReadDb) -> Response:
    """Events whose tries are used up, newest first."""
    size = page_size(request.query_params.get("size"))
    after = after_number(request)
    found = dead_deliveries(db, after=after, limit=size + 1)
    context = {
        "page": page_of(found, size=size, key=lambda row: (str(row.id),), after=("",) if after else None),
        "may_repeat": may(staff, REPEATS_DELIVERIES),
    }
    return render(request, "pages/staff/deliveries.html", context)


@router.post(LIST + "/{delivery_id}/again", name="staff.deliveries.repeat")
def repeat(request: Request, delivery_id: int, staff: DeliveryRepeater, db: Db) -> Response:
    """Hand the event out again. It comes back to the list if its handler fails as often as before.

    Raises:
        NotFound: no such delivery.
    """
    done = revive(db, delivery_id, now=clock.business_now(db))
    if done:
        record_act(db, staff, "delivery.repeated", "delivery", delivery_id, request=request)
    _log.info("delivery.repeated", delivery_id=delivery_id, user_id=str(staff.user_id), dead=done)
    said = _("Пробуем ещё раз. Если не выйдет, событие вернётся сюда") if done else _("Это событие уже не ждёт решения")
    return go_to(request, LIST, say=said)
