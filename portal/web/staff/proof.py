"""The proof: our books beside the gateway's lists, and the doctor's verdict. Green, or what is wrong and what to do."""

from __future__ import annotations

from datetime import datetime, timedelta

from fastapi import Request
from starlette.responses import Response

from kernel import clock
from kernel.settings import get_settings
from payments.installation.setup import current_shop
from payments.reconciliation.comparing import GRACE
from payments.reconciliation.repairing import repair_all
from portal.audit.recording import record_act
from portal.doctor.duty import prove_soon
from portal.web.kit.filters import number
from portal.web.kit.guards import CurrentStaff
from portal.web.kit.i18n import gettext as _
from portal.web.kit.i18n import ngettext
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render, wants_fragment
from portal.web.kit.routing import Db, ReadDb, Router
from portal.web.kit.turns import waiting
from portal.web.staff.checks import last_examination
from portal.web.staff.differences import LIST, note_of
from portal.web.staff.proof_progress import what_goes_on
from portal.web.staff.proof_words import (
    KINDS,
    READINGS,
    RESOLUTIONS,
    failure_name,
    tell,
)
from portal.web.staff.queries import proof as queries
from portal.web.staff.roles import RECONCILES, Reconciler, may
from portal.web.surroundings import forget_counts

router = Router()
_PAGE = "pages/staff/proof.html"
_SHOWN = 200
_LATELY = 20
_READINGS = 8
# Hourly, and an hour for one that failed.
_OLD_AFTER = timedelta(hours=2)
_REPAIR_FOR_S = 8.0


@router.get(LIST, name="staff.proof.show")
def show(request: Request, staff: CurrentStaff, db: ReadDb) -> Response:
    """The state of the proof; while something goes on, that part is asked for again, and then the page anew."""
    progress = what_goes_on(db)
    if wants_fragment(request):
        ended = {} if progress else {"HX-Refresh": "true"}
        return render(request, _PAGE, {"progress": progress}, fragment="progress_said", headers=ended)
    open_ones, by_button = queries.count_differences(db)
    done = queries.last_done(db)
    context = {
        "rows": [(row, tell(row)) for row in queries.open_differences(db, limit=_SHOWN)],
        "open": open_ones,
        "by_button": by_button,
        "resolved": queries.resolved_differences(db, limit=_LATELY),
        "readings": queries.last_readings(db, limit=_READINGS),
        "done": done,
        "progress": progress,
        # What is younger was left out as still under way.
        "proven_until": done.until_at - GRACE if done else None,
        "old": _is_old(done, clock.now()),
        "may_reconcile": may(staff, RECONCILES),
        "kinds": KINDS,
        "resolutions": RESOLUTIONS,
        "reading_words": READINGS,
        "failure_name": failure_name,
        "examination": last_examination(db, request.app.state.wiring.checks),
    }
    return render(request, _PAGE, context)


@router.post(LIST + "/readings", name="staff.proof.read")
def read_now(request: Request, staff: Reconciler, db: Db) -> Response:
    """Have the lists read and the books examined now; while that goes on already, it is not asked for again."""
    if what_goes_on(db):
        return go_to(request, LIST)
    prove_soon(db)
    shop = current_shop(db, get_settings())
    record_act(db, staff, "proof.asked", "shop", shop.id, request=request)
    return go_to(request, LIST)


@router.post(LIST + "/repairs", name="staff.proof.repair_all")
def repair_every(request: Request, staff: Reconciler) -> Response:
    """Repair whatever a button can, for as long as a person waits."""
    with waiting():
        found = repair_all(by=staff.user_id, note=note_of(request, staff), seconds=_REPAIR_FOR_S)
    forget_counts()
    said = ngettext("Исправлено %(num)s расхождение", "Исправлено %(num)s расхождений", found.done) % {
        "num": number(found.done)
    }
    if found.refused:
        said += ". " + _("Не вышло: %(why)s") % {"why": next(iter(found.refused.values()))}
    return go_to(request, LIST, say=said)


def _is_old(done: queries.Reading | None, now: datetime) -> bool:
    return done is not None and done.until_at < now - _OLD_AFTER
