"""The switch of all charging: off with a reason, asked for once more; on again by the owner alone."""

from __future__ import annotations

import wtforms
from fastapi import Request
from starlette.responses import Response

from kernel import clock
from kernel.db import ReadSession, Session
from kernel.errors import Refused
from payments.installation.pausing import HISTORY_ID, pause_charging, pause_until_reconciled, resume_charging
from payments.stops.memory import MemoryAway
from payments.stops.recalling import recall
from portal.accounts.sessions import SignedIn
from portal.audit.recording import record_act
from portal.web.kit.forms import Form, Posted, at_most, required
from portal.web.kit.i18n import gettext as _
from portal.web.kit.i18n import lazy_gettext
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, ReadDb, Router
from portal.web.kit.turns import waiting
from portal.web.staff.queries.charger import read_charger
from portal.web.staff.roles import RESUMES_CHARGING, ChargingPauser, ChargingResumer, may
from portal.web.surroundings import forget_beat

router = Router()
_PAGE = "pages/staff/charging_pause.html"


class PauseForm(Form):
    """Why everything stops: colleagues read it in the banner. A database that came from a backup is proven first."""

    reason = wtforms.StringField(
        lazy_gettext("Причина"),
        [required(lazy_gettext("Напишите, почему останавливаете списания")), at_most(200)],
        filters=[lambda text: " ".join(text.split()) if text else text],
    )
    restored = wtforms.BooleanField(lazy_gettext("База восстановлена из копии или снимка"))


@router.get("/staff/charging/pause", name="staff.charging.ask")
def ask(request: Request, staff: ChargingPauser, db: ReadDb) -> Response:
    """What a pause stops and what it does not, and the reason to be given."""
    charger = read_charger(db)
    if charger and charger.paused and charger.unproven:
        return go_to(request, "/staff", say=_("Списания уже приостановлены"))
    return _page(request, staff, db, PauseForm())


@router.post("/staff/charging/pause", name="staff.charging.pause")
def pause(request: Request, posted: Posted, staff: ChargingPauser, db: Db) -> Response:
    """Stop every charge of a saved card at once. Pressed twice, the first reason stays; a restore may be added to it."""
    form = PauseForm(posted)
    if not form.validate():
        return _page(request, staff, db, form, status=422)
    reason, restored = str(form.reason.data), bool(form.restored.data)
    now = clock.business_now(db)
    if restored:
        done = pause_until_reconciled(db, reason, now=now, by=staff.user_id, late=True)
    else:
        done = pause_charging(db, reason, now=now, by=staff.user_id)
    forget_beat()
    if done or restored:
        details = {"reason": reason, "restored": restored}
        record_act(db, staff, "charging.paused", "installation", HISTORY_ID, request=request, details=details)
    if restored:
        return go_to(request, "/staff", say=_("Отмечено: списания возобновятся только после сверки"))
    return go_to(request, "/staff", say=_("Списания приостановлены") if done else _("Списания уже приостановлены"))


@router.post("/staff/charging/resumption", name="staff.charging.resume")
def resume(request: Request, staff: ChargingResumer, db: Db) -> Response:
    """Let charges go on after a pause: the owner's decision. After a restore, what became known since is stopped first."""
    try:
        with waiting():
            recall()
    except MemoryAway:
        said = _("Redis не отвечает, а без него неизвестно, кто отказался от списаний после копии. Списания стоят")
        return go_to(request, "/staff", say=said, tone="warn")
    try:
        resume_charging(db, now=clock.business_now(db), by=staff.user_id)
    except Refused as error:
        return go_to(request, "/staff", say=_(str(error)), tone="warn")
    forget_beat()
    record_act(db, staff, "charging.resumed", "installation", HISTORY_ID, request=request)
    return go_to(request, "/staff", say=_("Списания снова идут"))


def _page(
    request: Request, staff: SignedIn, db: ReadSession | Session, form: PauseForm, *, status: int = 200
) -> Response:
    charger = read_charger(db)
    paused = charger is not None and charger.paused
    context = {"form": form, "paused": paused, "may_resume": may(staff, RESUMES_CHARGING)}
    return render(request, _PAGE, context, status=status)
