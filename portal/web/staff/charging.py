"""The switch of all charging: off with a reason, asked for once more; on again by the owner alone."""

from __future__ import annotations

import wtforms
from fastapi import APIRouter, Request
from starlette.responses import Response

from kernel import clock
from kernel.errors import Refused
from payments.installation.pausing import HISTORY_ID, pause_charging, resume_charging
from payments.stops.memory import MemoryAway
from payments.stops.recalling import recall
from portal.accounts.sessions import SignedIn
from portal.audit.recording import record_act
from portal.web.kit.forms import Form, Posted, at_most, required
from portal.web.kit.guards import Db, ReadDb
from portal.web.kit.i18n import gettext as _
from portal.web.kit.i18n import lazy_gettext
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.staff.queries.charger import read_charger
from portal.web.staff.roles import RESUMES_CHARGING, ChargingPauser, ChargingResumer, may
from portal.web.surroundings import forget_beat

router = APIRouter()
_PAGE = "pages/staff/charging_pause.html"


class PauseForm(Form):
    """Why everything stops: colleagues read it in the banner."""

    reason = wtforms.StringField(
        lazy_gettext("Причина"),
        [required(lazy_gettext("Напишите, почему останавливаете списания")), at_most(200)],
        filters=[lambda text: " ".join(text.split()) if text else text],
    )


@router.get("/staff/charging/pause", name="staff.charging.ask")
def ask(request: Request, staff: ChargingPauser, db: ReadDb) -> Response:
    """What a pause stops and what it does not, and the reason to be given."""
    charger = read_charger(db)
    if charger and charger.paused:
        return go_to(request, "/staff", say=_("Списания уже приостановлены"))
    return _page(request, staff, PauseForm())


@router.post("/staff/charging/pause", name="staff.charging.pause")
def pause(request: Request, posted: Posted, staff: ChargingPauser, db: Db) -> Response:
    """Stop every charge of a saved card at once. Pressed twice, the first reason stays."""
    form = PauseForm(posted)
    if not form.validate():
        return _page(request, staff, form, status=422)
    reason = str(form.reason.data)
    done = pause_charging(db, reason, now=clock.business_now(db), by=staff.user_id)
    forget_beat()
    if done:
        details = {"reason": reason}
        record_act(db, staff, "charging.paused", "installation", HISTORY_ID, request=request, details=details)
    return go_to(request, "/staff", say=_("Списания приостановлены") if done else _("Списания уже приостановлены"))


@router.post("/staff/charging/resumption", name="staff.charging.resume")
def resume(request: Request, staff: ChargingResumer, db: Db) -> Response:
    """Let charges go on after a pause: the owner's decision. After a restore, what became known since is stopped first."""
    try:
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


def _page(request: Request, staff: SignedIn, form: PauseForm, *, status: int = 200) -> Response:
    context = {"form": form, "may_resume": may(staff, RESUMES_CHARGING)}
    return render(request, _PAGE, context, status=status)
