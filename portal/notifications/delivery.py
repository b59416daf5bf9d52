"""Sending letters: claim the row, talk to the server outside any transaction, record what came of it.

A letter is repeated after any failure that surely left it undelivered, for about two days. When it may have arrived (the
line or the process died after the text), it is repeated once, with the same Message-ID; a second doubt ends it as failed.
`sent_at` keeps when the text left: on an uncertain row it marks that first, doubtful time.
"""

from __future__ import annotations

import time
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update

from kernel import log
from kernel.broker import Job
from kernel.clock import business_now
from kernel.db import Session, begin, repeating
from kernel.fault import fault
from kernel.settings import get_settings
from payments.autopay.notices import mark_notice_sent, renew_late
from portal.notifications import reading
from portal.notifications.asking import KIND as ASKS_TO_PAY
from portal.notifications.calling_off import still_comes
from portal.notifications.envelope import BadAddress, Outgoing, own_host, seal
from portal.notifications.forgetting import forgotten
from portal.notifications.letters import MAIL_JOB
from portal.notifications.models import TO_SEND, Message
from portal.notifications.smtp import Accepted, Line, Outcome, PutOff, Refused, Server
from portal.notifications.troubles import CALLED_OFF, PAID_MEANWHILE, TOO_LATE

_log = log.get(__name__)
# Longer than any one letter should take, so that a live sender is rarely taken for a dead one.
_LEASE = "120 seconds"
# A batch stops here and leaves the rest to the next hint: other queues' work waits for the same threads.
_BATCH_SECONDS = 60
_MINUTES = (1, 5, 15, 30, 60, 120, *([240] * 11))
LADDER = tuple(timedelta(minutes=minutes) for minutes in _MINUTES)
_REPEAT_AFTER_DOUBT = LADDER[0]


def send_messages(ids: list[str]) -> None:
    """Send those of these messages that are due; any other is left as it is."""
    stop_at = time.monotonic() + _BATCH_SECONDS
    with closing(Line(Server.parse(get_settings().smtp_url), own_host=own_host())) as line:
        for message_id in map(UUID, ids):
            if time.monotonic() > stop_at:
                return
            _send(line, message_id)


MAIL = Job(MAIL_JOB, send_messages)


def _send(line: Line, message_id: UUID) -> None:
    with begin() as session:
        letter = claim(session, message_id)
    if letter is None:
        return
    fault("mail.after_claim")
    try:
        outcome = line.send(seal(letter))
    except BadAddress as error:
        outcome = Refused(str(error))
    repeating(partial(_write_down, letter=letter, outcome=outcome))
    fault("mail.after_commit")
    raw = getattr(outcome, "raw", "")
    _log.info("mail.tried", message_id=str(letter.id), kind=letter.kind, outcome=type(outcome).__name__, raw=raw)


def _write_down(session: Session, letter: Outgoing, outcome: Outcome) -> None:
    record(session, letter, outcome, now=business_now(session))
    fault("mail.before_commit")


def claim(session: Session, message_id: UUID) -> Outgoing | None:
    """Take a due message for sending; None when it is not due, sent, somebody else's, or nothing comes of it any more."""
    row = session.execute(
        update(Message)
        .where(Message.id == message_id, TO_SEND.due())
        .values(
            status="sending",
            tries=Message.tries + 1,
            lease_until=func.clock_timestamp() + text(f"interval '{_LEASE}'"),
        )
        .returning(
            Message.id,
            Message.kind,
            Message.recipient,
            Message.subject,
            Message.text_body,
            Message.html_body,
            Message.created_at,
            Message.notice_id,
            Message.invoice_id,
            Message.tries,
        )
    ).first()
    if row is None:
        return None
    letter = Outgoing(**row._asdict())
    overtaken = _overtaken(session, letter)
    if overtaken:
        _call_off(session, letter, overtaken)
        return None
    return letter


def record(session: Session, letter: Outgoing, outcome: Outcome, *, now: datetime) -> None:
    """Write down what became of one try. An acceptance holds even if the lease had run out meanwhile."""
    if isinstance(outcome, Accepted):
        _record_sent(session, letter, now)
        return
    row = session.execute(
        select(Message.sent_at)
        .where(Message.id == letter.id, Message.status == "sending", Message.tries == letter.tries)
        .with_for_update()
    ).first()
    if row is None:
        return
    if isinstance(outcome, Refused):
        change: dict[str, Any] = _failed()
    elif isinstance(outcome, PutOff):
        change = _later(letter.tries, doubtful=row.sent_at is not None, now=now)
    elif row.sent_at is None:
        change = {"status": "uncertain", "sent_at": now, "next_try_at": now + _REPEAT_AFTER_DOUBT}
    else:
        change = _failed()
    session.execute(
        update(Message).where(Message.id == letter.id).values(lease_until=None, error=outcome.why, **change)
    )


def _overtaken(session: Session, letter: Outgoing) -> str | None:
    if letter.notice_id is not None:
        if not still_comes(session, letter.notice_id):
            return CALLED_OFF
        if renew_late(session, letter.notice_id, now=business_now(session)):
            return TOO_LATE
    if letter.kind == ASKS_TO_PAY and letter.invoice_id and reading.open_invoice(session, letter.invoice_id) is None:
        return PAID_MEANWHILE
    return None


def _call_off(session: Session, letter: Outgoing, why: str) -> None:
    _log.info("mail.called_off", message_id=str(letter.id), kind=letter.kind)
    change = {"status": "failed", "tries": letter.tries - 1, "lease_until": None, "error": why}
    session.execute(update(Message).where(Message.id == letter.id).values(change))


def _record_sent(session: Session, letter: Outgoing, now: datetime) -> None:
    found = session.execute(
        update(Message)
        .where(Message.id == letter.id, Message.status != "sent")
        .values(status="sent", sent_at=now, lease_until=None, error=None, **forgotten())
        .returning(Message.id)
    ).first()
    if found is not None and letter.notice_id is not None:
        mark_notice_sent(session, letter.notice_id, now=now)


def _failed() -> dict[str, Any]:
    return {"status": "failed", **forgotten()}


def _later(tries: int, *, doubtful: bool, now: datetime) -> dict[str, Any]:
    if tries > len(LADDER):
        return _failed()
    return {"status": "uncertain" if doubtful else "queued", "next_try_at": now + LADDER[tries - 1]}
