"""The outbox: every letter that was written, what became of it, and sending a failed one again."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from kernel import log
from kernel.clock import business_now
from kernel.errors import NotFound
from portal.audit.recording import record_act
from portal.notifications.kinds import kind_words
from portal.notifications.outage import mail_is_away
from portal.notifications.queries import may_leave_again, outbox_letter, outbox_letters
from portal.notifications.repeating import send_again
from portal.web.kit.guards import CurrentStaff
from portal.web.kit.i18n import gettext as _
from portal.web.kit.paging import page_of
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, ReadDb, Router
from portal.web.letter_body import letter_body
from portal.web.staff.addresses import list_url
from portal.web.staff.cursors import after_id
from portal.web.staff.letters_filter import LettersForm
from portal.web.staff.mail_words import letter_trouble
from portal.web.staff.roles import REPEATS_LETTERS, LetterRepeater, may

router = Router(prefix="/staff/messages", include_in_schema=False)
_log = log.get(__name__)
_LIST = "/staff/messages"
_SIZE = 50


@router.get("", name="staff.letters.list")
def list_letters(request: Request, staff: CurrentStaff, db: ReadDb) -> Response:
    """All letters that fit the filter, newest first. A condition that makes no sense is a 422 with no rows."""
    form = LettersForm(request.query_params)
    good, after = form.check(), after_id(request)
    found = outbox_letters(db, form.wanted, after=after, limit=_SIZE + 1) if good else []
    page = page_of(found, size=_SIZE, key=lambda row: (str(row.id),), after=(str(after),) if after else None)
    context = {
        "page": page,
        "form": form,
        "is_on": any(form.typed().values()),
        "kind_words": kind_words,
        "url_of": lambda **changed: list_url(_LIST, form.typed() | changed),
        "may_repeat": lambda letter: may_leave_again(letter) and may(staff, REPEATS_LETTERS),
        "trouble_of": letter_trouble,
        "mail_is_away": mail_is_away(db),
    }
    return render(request, "pages/staff/letters.html", context, status=200 if good else 422, fragment="list")


@router.get("/{message_id}", name="staff.letters.show")
def show_letter(request: Request, staff: CurrentStaff, db: ReadDb, message_id: UUID) -> Response:
    """One letter: to whom, what became of it, and the text unless only its reader may see it."""
    letter = outbox_letter(db, message_id)
    if letter is None:
        raise NotFound
    may_repeat = may_leave_again(letter) and may(staff, REPEATS_LETTERS)
    trouble = letter_trouble(letter.error) if letter.error else None
    context = {"letter": letter, "kind_words": kind_words, "may_repeat": may_repeat, "trouble": trouble}
    return render(request, "pages/staff/letter.html", context)


@router.get("/{message_id}/body", name="staff.letters.body")
def show_body(_staff: CurrentStaff, db: ReadDb, message_id: UUID) -> Response:
    """Its HTML alone, for the frame."""
    letter = outbox_letter(db, message_id)
    if letter is None or letter.html is None:
        raise NotFound
    return letter_body(letter.html)


@router.post("/{message_id}/again", name="staff.letters.repeat")
def repeat_letter(request: Request, staff: LetterRepeater, db: Db, message_id: UUID) -> Response:
    """Send a failed letter again; the warning of a charge is made anew with a fresh date."""
    send_again(db, message_id, now=business_now(db))
    record_act(db, staff, "letter.repeated", "message", message_id, request=request)
    _log.info("mail.repeated", message_id=str(message_id), user_id=str(staff.user_id))
    return go_to(request, f"/staff/messages/{message_id}", say=_("Отправляем ещё раз"))
