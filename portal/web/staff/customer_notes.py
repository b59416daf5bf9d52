"""Notes about a customer: written on the card; reworded and taken back by their author within a day."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from kernel import clock
from kernel.db import ReadSession, Session
from portal.audit.recording import record_act
from portal.notes.writing import add_note, is_fresh, is_written, own_note, reword_note, take_back
from portal.web.kit.forms import Posted
from portal.web.kit.i18n import gettext as _
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, ReadDb, Router
from portal.web.staff.customer import card_page
from portal.web.staff.note_form import NoteForm
from portal.web.staff.queries.customers import find_customer
from portal.web.staff.roles import NoteWriter

router = Router()
CARD = "/staff/customers/{customer_id}"
NOTE = CARD + "/notes/{note_id}"


@router.post(CARD + "/notes", name="staff.notes.create")
def create(request: Request, posted: Posted, customer_id: UUID, staff: NoteWriter, db: Db) -> Response:
    """Write a note; an empty or too long one comes back with the card. Pressed twice, it is one note."""
    form = NoteForm(posted)
    if not form.validate():
        return card_page(request, db, customer_id, staff, form, status=422)
    if is_written(db, customer_id, form.act):
        return go_to(request, f"/staff/customers/{customer_id}", say=_("Заметка уже сохранена"))
    now = clock.business_now(db)
    note = add_note(db, customer_id, staff.user_id, str(form.text.data), now=now, key=form.act)
    record_act(db, staff, "note.written", "customer", customer_id, request=request, details={"note": note.id})
    return go_to(request, f"/staff/customers/{customer_id}", say=_("Заметка сохранена"))


@router.get(NOTE, name="staff.notes.edit")
def edit(request: Request, customer_id: UUID, note_id: UUID, staff: NoteWriter, db: ReadDb) -> Response:
    """One's own note, to be reworded or taken back."""
    note = own_note(db, customer_id, note_id, staff.user_id)
    return _page(request, db, customer_id, note_id, NoteForm(obj=note), fresh=is_fresh(note.created_at, clock.now()))


@router.post(NOTE, name="staff.notes.reword")
def reword(request: Request, posted: Posted, customer_id: UUID, note_id: UUID, staff: NoteWriter, db: Db) -> Response:
    """Another text for the note."""
    form = NoteForm(posted)
    note = own_note(db, customer_id, note_id, staff.user_id)
    if not form.validate():
        fresh = is_fresh(note.created_at, clock.now())
        return _page(request, db, customer_id, note_id, form, fresh=fresh, status=422)
    now = clock.business_now(db)
    if reword_note(db, customer_id, note_id, staff.user_id, str(form.text.data), now=now):
        record_act(db, staff, "note.reworded", "customer", customer_id, request=request, details={"note": note_id})
    return go_to(request, f"/staff/customers/{customer_id}", say=_("Заметка изменена"))


@router.post(NOTE + "/removal", name="staff.notes.take_back")
def remove(request: Request, customer_id: UUID, note_id: UUID, staff: NoteWriter, db: Db) -> Response:
    """Take the note back; the audit log keeps that there was one."""
    take_back(db, customer_id, note_id, staff.user_id, now=clock.business_now(db))
    record_act(db, staff, "note.taken_back", "customer", customer_id, request=request, details={"note": note_id})
    return go_to(request, f"/staff/customers/{customer_id}", say=_("Заметка удалена"))


def _page(
    request: Request,
    db: ReadSession | Session,
    customer_id: UUID,
    note_id: UUID,
    form: NoteForm,
    *,
    fresh: bool,
    status: int = 200,
) -> Response:
    context = {"form": form, "customer": find_customer(db, customer_id), "note_id": note_id, "fresh": fresh}
    return render(request, "pages/staff/customer_note.html", context, status=status)
