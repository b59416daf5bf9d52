"""The letters that the customer was sent, to read again."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from kernel.errors import NotFound
from portal.notifications.queries import letter_of, letters_of
from portal.web.kit.guards import CurrentCustomer
from portal.web.kit.paging import page_of, read_cursor
from portal.web.kit.render import render
from portal.web.kit.routing import ReadDb, Router
from portal.web.letter_body import letter_body

router = Router(include_in_schema=False)
_SIZE = 25


@router.get("/messages", name="cabinet.messages.list")
def list_messages(request: Request, customer: CurrentCustomer, db: ReadDb) -> Response:
    """All letters, newest first."""
    cursor = read_cursor(request.query_params.get("after"), parts=1)
    after = _last_shown(cursor[0]) if cursor else None
    found = letters_of(db, customer.customer_ids, after=after, limit=_SIZE + 1)
    page = page_of(found, size=_SIZE, key=lambda row: (str(row.id),), after=cursor if after else None)
    return render(request, "pages/cabinet/messages.html", {"page": page}, fragment="list")


@router.get("/messages/{message_id}", name="cabinet.messages.show")
def show_message(request: Request, customer: CurrentCustomer, db: ReadDb, message_id: UUID) -> Response:
    """One letter, as it was sent."""
    letter = letter_of(db, customer.customer_ids, message_id)
    if letter is None:
        raise NotFound
    return render(request, "pages/cabinet/message.html", {"letter": letter})


@router.get("/messages/{message_id}/body", name="cabinet.messages.body")
def show_body(customer: CurrentCustomer, db: ReadDb, message_id: UUID) -> Response:
    """Its HTML alone, for the frame."""
    letter = letter_of(db, customer.customer_ids, message_id)
    if letter is None:
        raise NotFound
    return letter_body(letter.html)


def _last_shown(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
