"""The proof: our books beside the gateway's lists, and the doctor's verdict. Green, or what is wrong and what to do."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import wtforms
from fastapi import APIRouter, Request
from starlette.responses import Response

from kernel import clock
from kernel.db import Session, read, repeating
from kernel.errors import Refused
from kernel.settings import get_settings
from payments.installation.setup import current_shop
from payments.reconciliation.duty import reconcile_soon
from payments.reconciliation.models import Difference
from payments.reconciliation.repairing import Note, repair, repair_all, see_to
from portal.accounts.sessions import SignedIn
from portal.audit.recording import record_act
from portal.web.kit.filters import number
from portal.web.kit.forms import Form, Posted, at_most, required
from portal.web.kit.guards import CurrentStaff, Db, ReadDb
from portal.web.kit.i18n import gettext as _
from portal.web.kit.i18n import lazy_gettext, ngettext
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.staff.checks import last_examination
from portal.web.staff.proof_words import KINDS, READINGS, RESOLUTIONS, may_name_invoice, side_name, tell
from portal.web.staff.queries import proof as queries
from portal.web.staff.roles import RECONCILES, Reconciler, may
from portal.web.surroundings import forget_counts

router = APIRouter()
LIST = "/staff/proof"
_DIFFERENCE = LIST + "/differences/{difference_id}"
_SHOWN = 200
_LATELY = 20
_READINGS = 8
# Hourly, and an hour for one that failed.
_OLD_AFTER = timedelta(hours=2)
_REPAIR_FOR_S = 8.0


class InvoiceForm(Form):
    """Which invoice the money is for."""

    number = wtforms.StringField(
        lazy_gettext("Номер счёта"),
        [required(lazy_gettext("Назовите счёт")), at_most(40)],
        filters=[lambda text: text.strip().removeprefix("№").strip() if text else text],
    )


@router.get(LIST, name="staff.proof.show")
def show(request: Request, staff: CurrentStaff, db: ReadDb) -> Response:
    """The state of the proof."""
    open_ones, by_button = queries.count_differences(db)
    done = queries.last_done(db)
    context = {
        "rows": [(row, tell(row)) for row in queries.open_differences(db, limit=_SHOWN)],
        "open": open_ones,
        "by_button": by_button,
        "resolved": queries.resolved_differences(db, limit=_LATELY),
        "readings": queries.last_readings(db, limit=_READINGS),
        "done": done,
        "old": _is_old(done, clock.now()),
        "may_reconcile": may(staff, RECONCILES),
        "side_name": side_name,
        "kinds": KINDS,
        "resolutions": RESOLUTIONS,
        "reading_words": READINGS,
        "examination": last_examination(db, request.app.state.wiring.checks),
    }
    return render(request, "pages/staff/proof.html", context)


@router.post(LIST + "/readings", name="staff.proof.read")
def read_now(request: Request, staff: Reconciler, db: Db) -> Response:
    """Have the lists read now."""
    reconcile_soon(db)
    shop = current_shop(db, get_settings())
    record_act(db, staff, "proof.asked", "shop", shop.id, request=request)
    return go_to(request, LIST, say=_("Читаем списки ЮKassa. Обновите страницу через минуту"))


@router.post(LIST + "/repairs", name="staff.proof.repair_all")
def repair_every(request: Request, staff: Reconciler) -> Response:
    """Repair whatever a button can, for as long as a person waits."""
    found = repair_all(by=staff.user_id, note=_note(request, staff), seconds=_REPAIR_FOR_S)
    forget_counts()
    said = ngettext("Исправлено %(num)s расхождение", "Исправлено %(num)s расхождений", found.done) % {
        "num": number(found.done)
    }
    if found.refused:
        said += ". " + _("Не вышло: %(why)s") % {"why": next(iter(found.refused.values()))}
    return go_to(request, LIST, say=said)


@router.get(_DIFFERENCE, name="staff.proof.difference")
def show_one(request: Request, difference_id: UUID, staff: CurrentStaff) -> Response:
    """One difference: both sides, and what can be done.

    Raises:
        NotFound: no such difference.
    """
    return _page(request, staff, difference_id, InvoiceForm())


@router.post(_DIFFERENCE + "/repair", name="staff.proof.repair")
def repair_one(request: Request, difference_id: UUID, staff: Reconciler) -> Response:
    """Do what the button proposes; pressed twice, it is done once.

    Raises:
        NotFound: no such difference.
        Refused: no button can repair it, or not any more.
    """
    done = repair(difference_id, by=staff.user_id, note=_note(request, staff))
    forget_counts()
    return go_to(request, LIST, say=_("Исправлено") if done else _("Это расхождение уже закрыто"))


@router.post(_DIFFERENCE + "/invoice", name="staff.proof.take_over")
def take_over(request: Request, difference_id: UUID, posted: Posted, staff: Reconciler) -> Response:
    """Take the payment over for the invoice that the employee names.

    Raises:
        NotFound: no such difference.
    """
    form = InvoiceForm(posted)
    if not form.validate():
        return _page(request, staff, difference_id, form, status=422)
    wanted = str(form.number.data)
    try:
        done = repair(difference_id, by=staff.user_id, note=_note(request, staff), number=wanted)
    except Refused as error:
        form.number.errors = [_(str(error))]
        return _page(request, staff, difference_id, form, status=422)
    forget_counts()
    said = _("Платёж учтён за счёт № %(number)s") % {"number": wanted}
    return go_to(request, LIST, say=said if done else _("Это расхождение уже закрыто"))


@router.post(_DIFFERENCE + "/review", name="staff.proof.review")
def review(request: Request, difference_id: UUID, staff: Reconciler) -> Response:
    """The employee has done what no button can.

    Raises:
        NotFound: no such difference.
        Refused: a button repairs it.
    """

    def work(session: Session) -> bool:
        closed = see_to(session, difference_id, by=staff.user_id, now=clock.business_now(session))
        if closed:
            _record(session, request, staff, "difference.reviewed", closed)
        return closed is not None

    done = repeating(work)
    forget_counts()
    return go_to(request, LIST, say=_("Отмечено: расхождение разобрано") if done else _("Это расхождение уже закрыто"))


def _note(request: Request, staff: SignedIn) -> Note:
    return lambda session, difference: _record(session, request, staff, "difference.repaired", difference)


def _record(session: Session, request: Request, staff: SignedIn, act: str, difference: Difference) -> None:
    details = {"kind": difference.kind, "gateway_id": difference.gateway_id, "kopecks": difference.their_kopecks}
    record_act(session, staff, act, "difference", difference.id, request=request, details=details)


def _is_old(done: queries.Reading | None, now: datetime) -> bool:
    return done is not None and done.until_at < now - _OLD_AFTER


def _page(request: Request, staff: SignedIn, difference_id: UUID, form: InvoiceForm, *, status: int = 200) -> Response:
    with read() as session:
        row = queries.read_difference(session, difference_id)
    context = {
        "row": row,
        "words": tell(row),
        "form": form,
        "may_name_invoice": may_name_invoice(row),
        "may_reconcile": may(staff, RECONCILES),
        "side_name": side_name,
        "resolutions": RESOLUTIONS,
    }
    return render(request, "pages/staff/difference.html", context, status=status)
