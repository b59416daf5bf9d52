"""When the doctor comes: every quarter of an hour of real time. It is a chore, as reconciliation is."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import exists, func, text, update

from kernel import outbox
from kernel.clock import Wait
from kernel.db import Session, begin
from kernel.relay import Send
from payments.installation.models import Installation
from portal.doctor.models import CheckResult

EXAMINE = "examine"
PROVE = "prove"
_EVERY = timedelta(minutes=15)
# A hint is about rows: this one about the only one there is.
_THE_INSTALLATION = (1,)
# A little less: an examination that began a second late must not cost the next its turn.
_LATELY = text("interval '14 minutes'")
TO_EXAMINE = Wait(
    "installation.examine_at",
    Installation.examine_at,
    ~exists().where(CheckResult.examined_at > func.clock_timestamp() - _LATELY),
    chore=True,
)


def hint_examination(_send: Send) -> int:
    """Have a worker ask every check when the time has come."""
    with begin() as session:
        due = session.execute(
            update(Installation)
            .where(TO_EXAMINE.due())
            .values(examine_at=func.business_now() + _EVERY)
            .returning(Installation.one)
        ).all()
        if due:
            outbox.hint(session, outbox.Hint(EXAMINE, _THE_INSTALLATION))
    return len(due)


def prove_soon(session: Session) -> None:
    """Have a worker read the gateway's lists and then ask every check, whatever the time: no verdict older than they are."""
    outbox.hint(session, outbox.Hint(PROVE, _THE_INSTALLATION))
