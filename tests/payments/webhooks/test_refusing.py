"""What is turned away is counted by day and reason, and the days of long ago are forgotten."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from kernel.db import Session
from payments.webhooks.models import WebhookRefusal
from payments.webhooks.refusing import KEPT, note_refusal

NOON = datetime(2027, 3, 1, 9, tzinfo=UTC)
TODAY = date(2027, 3, 1)


def _counted(session: Session) -> dict[tuple[date, str], tuple[int, str | None]]:
    rows = session.scalars(select(WebhookRefusal).execution_options(populate_existing=True))
    return {(row.refused_on, row.reason): (row.times, row.last_ip and str(row.last_ip)) for row in rows}


def test_refusals_of_one_day_and_reason_are_one_row_with_the_last_address(session: Session) -> None:
    note_refusal(session, "secret", ip="198.51.100.7", now=NOON)
    note_refusal(session, "secret", ip="2001:db8::1", now=NOON + timedelta(minutes=1))
    note_refusal(session, "body", ip="198.51.100.7", now=NOON)
    note_refusal(session, "secret", ip="198.51.100.8", now=NOON + timedelta(days=1))

    assert _counted(session) == {
        (TODAY, "secret"): (2, "2001:db8::1"),
        (TODAY, "body"): (1, "198.51.100.7"),
        (TODAY + timedelta(days=1), "secret"): (1, "198.51.100.8"),
    }


def test_an_address_that_is_none_is_not_kept(session: Session) -> None:
    note_refusal(session, "address", ip="unix:@'; DROP TABLE payments", now=NOON)
    assert _counted(session) == {(TODAY, "address"): (1, None)}

    note_refusal(session, "address", ip=None, now=NOON)
    assert _counted(session) == {(TODAY, "address"): (2, None)}


def test_the_first_refusal_of_a_day_forgets_what_is_older_than_ninety_days(session: Session) -> None:
    note_refusal(session, "body", ip=None, now=NOON - KEPT - timedelta(days=1))
    note_refusal(session, "body", ip=None, now=NOON - KEPT)
    note_refusal(session, "secret", ip=None, now=NOON)

    assert sorted(_counted(session)) == [(TODAY - KEPT, "body"), (TODAY, "secret")]
