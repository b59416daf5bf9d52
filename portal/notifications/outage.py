"""Whether letters leave at all, told by the newest try to hand one over."""

from __future__ import annotations

from sqlalchemy import case, desc, func, select

from kernel.db import ReadSession, Session
from portal.notifications.delivery import LADDER
from portal.notifications.models import Message
from portal.notifications.troubles import NOT_TRIED, SERVER_AWAY

# Letters are found by their ids, newest first: enough of them to hold the newest try, and no whole table.
_NEWEST = 50
_was_handed_over = func.coalesce(Message.error, "").not_in(NOT_TRIED)


def mail_is_away(session: Session | ReadSession) -> bool:
    """True while the mail server takes no letters: the newest try failed because of the server, not of the letter.

    It tells nothing about any one address: a letter that the server itself refused or put off does not count.
    """
    newest = (
        select(Message).where(Message.tries > 0, _was_handed_over).order_by(Message.id.desc()).limit(_NEWEST).subquery()
    )
    # A letter that waits says when it is tried next: one step of the ladder after its last try.
    step = case(dict(enumerate(LADDER, 1)), value=newest.c.tries, else_=LADDER[-1])
    tried_at = case(
        (newest.c.status == "sent", newest.c.sent_at),
        (newest.c.status == "queued", newest.c.next_try_at - step),
        else_=newest.c.next_try_at,
    )
    last_error = session.execute(
        select(func.coalesce(newest.c.error, ""))
        .where(newest.c.status.in_(("sent", "queued", "failed")))
        .order_by(desc(tried_at))
        .limit(1)
    ).scalar_one_or_none()
    return last_error in SERVER_AWAY
