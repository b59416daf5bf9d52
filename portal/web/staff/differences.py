"""One difference: both sides, what a button does about it, or what a person has done."""

from __future__ import annotations

from uuid import UUID

import wtforms
from fastapi import Request
from starlette.responses import Response

from kernel import clock
from kernel.db import Session, read, repeating
from kernel.errors import Refused
from payments.reconciliation.models import Difference
from payments.reconciliation.repairing import Note, is_matter_of_opinion, repair, see_to
from portal.accounts.sessions import SignedIn
from portal.audit.reading import AuditFilter, list_entries
from portal.audit.recording import record_act
from portal.web.kit.forms import Form, Posted, at_most, required
from portal.web.kit.guards import CurrentStaff
from portal.web.kit.i18n import gettext as _
from portal.web.kit.i18n import lazy_gettext
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Router
from portal.web.kit.turns import waiting
from portal.web.staff.proof_words import (
    RESOLUTIONS,
    may_name_invoice,
    tell,
)
from portal.web.staff.queries import proof as queries
from portal.web.staff.roles import RECONCILES, Reconciler, may
from portal.web.staff.typed import plain_text
from portal.web.surroundings import forget_counts

router = Router()
LIST = "/staff/proof"
_DIFFERENCE = LIST + "/differences/{difference_id}"


class InvoiceForm(Form):
    """Which invoice the money is for."""

    number = wtforms.StringField(
        lazy_gettext("Номер счёта"),
        [required(lazy_gettext("Назовите счёт")), at_most(40)],
        filters=[lambda text: text.strip().removeprefix("№").strip() if text else text],
    )


class ReviewForm(Form):
    """What was done about a difference, for whoever asks later."""

    note = wtforms.TextAreaField(
        lazy_gettext("Что сделано"),
        [required(lazy_gettext("Напишите, что сделано")), at_most(500)],
        filters=[plain_text],
    )


@router.get(_DIFFERENCE, name="staff.proof.difference")
def show_one(request: Request, difference_id: UUID, staff: CurrentStaff) -> Response:
    """One difference: both sides, and what can be done.

    Raises:
        NotFound: no such difference.
    """
    return _page(request, staff, difference_id)


@router.post(_DIFFERENCE + "/repair", name="staff.proof.repair")
def repair_one(request: Request, difference_id: UUID, staff: Reconciler) -> Response:
    """Do what the button proposes; pressed twice, it is done once.

    Raises:
        NotFound: no such difference.
        Refused: no button can repair it, or not any more.
    """
    with waiting():
        done = repair(difference_id, by=staff.user_id, note=note_of(request, staff))
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
        return _page(request, staff, difference_id, form)
    wanted = str(form.number.data)
    try:
        with waiting():
            done = repair(difference_id, by=staff.user_id, note=note_of(request, staff), number=wanted)
    except Refused as error:
        form.number.errors = [_(str(error))]
        return _page(request, staff, difference_id, form)
    forget_counts()
    said = _("Платёж учтён за счёт № %(number)s") % {"number": wanted}
    return go_to(request, LIST, say=said if done else _("Это расхождение уже закрыто"))


@router.post(_DIFFERENCE + "/review", name="staff.proof.review")
def review(request: Request, difference_id: UUID, posted: Posted, staff: Reconciler) -> Response:
    """The employee has done what no button can, and says what.

    Raises:
        NotFound: no such difference.
        Refused: it is no matter of opinion, a button repairs it.
    """
    form = ReviewForm(posted)
    if not form.validate():
        return _page(request, staff, difference_id, form)

    def work(session: Session) -> bool:
        closed = see_to(session, difference_id, by=staff.user_id, now=clock.business_now(session))
        if closed:
            _record(session, request, staff, "difference.reviewed", closed, note=str(form.note.data))
        return closed is not None

    done = repeating(work)
    forget_counts()
    return go_to(request, LIST, say=_("Отмечено: расхождение разобрано") if done else _("Это расхождение уже закрыто"))


def note_of(request: Request, staff: SignedIn) -> Note:
    """What a repair leaves in the audit log."""
    return lambda session, difference: _record(session, request, staff, "difference.repaired", difference)


def _record(
    session: Session, request: Request, staff: SignedIn, act: str, difference: Difference, *, note: str = ""
) -> None:
    details = queries.act_details(session, difference)
    details |= {"note": note} if note else {}
    record_act(session, staff, act, "difference", difference.id, request=request, details=details)


def _page(request: Request, staff: SignedIn, difference_id: UUID, wrong: Form | None = None) -> Response:
    with read() as session:
        row = queries.read_difference(session, difference_id)
        may_see_to = is_matter_of_opinion(session, session.get_one(Difference, difference_id))
        about = AuditFilter(subject_kind="difference", subject_id=str(difference_id))
        acts = list_entries(session, about, after=None, limit=1) if row.resolved_at else []
    context = {
        "row": row,
        "words": tell(row),
        "closing": acts[0] if acts else None,
        "wrong": wrong,
        "invoice_form": wrong if isinstance(wrong, InvoiceForm) else InvoiceForm(),
        "review_form": wrong if isinstance(wrong, ReviewForm) else ReviewForm(),
        "may_name_invoice": may_name_invoice(row),
        "may_see_to": may_see_to,
        "may_reconcile": may(staff, RECONCILES),
        "resolutions": RESOLUTIONS,
    }
    return render(request, "pages/staff/difference.html", context, status=422 if wrong else 200)
