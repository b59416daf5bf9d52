"""The audit log keeps who did what, holds no people, and cannot be changed."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from kernel.db import Session
from portal.audit.models import AuditEntry
from portal.audit.reading import AuditFilter, list_entries
from portal.audit.recording import changed, record_act

CONTRACT = UUID("01a1ff9b-95c2-7df9-968c-859bfb340de7")


def record(session: Session, act: str = "contract.suspended", **details: object) -> AuditEntry:
    record_act(session, None, act, "contract", CONTRACT, request=None, details=details)
    return session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()


def test_an_act_is_kept_with_what_it_changed(session: Session) -> None:
    entry = record(session, status=changed("active", "suspended"), number="2026-0147", first_on=date(2026, 11, 21))

    assert (entry.act, entry.subject_kind, entry.subject_id) == ("contract.suspended", "contract", str(CONTRACT))
    assert entry.details == {
        "status": {"before": "active", "after": "suspended"},
        "number": "2026-0147",
        "first_on": "2026-11-21",
    }


def test_an_act_without_words_is_refused(session: Session) -> None:
    with pytest.raises(ValueError, match="knows no"):
        record(session, "contract.sold")


def test_addresses_and_numbers_of_people_do_not_get_in(session: Session) -> None:
    entry = record(session, reason="Анна, anna@example.com, +7 900 000-00-17, карта 4111 1111 1111 1111")

    assert entry.details == {"reason": "Анна, [hidden], [hidden], карта [hidden]"}


@pytest.mark.parametrize("value", [1.5, object()])
def test_what_cannot_be_written_down_exactly_is_refused(session: Session, value: object) -> None:
    with pytest.raises(TypeError):
        record(session, kopecks=value)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_entries SET act = 'x.y'", "DELETE FROM audit_entries", "TRUNCATE audit_entries CASCADE"],
)
def test_the_database_itself_refuses_to_rewrite_the_log(session: Session, statement: str) -> None:
    record(session)
    session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))  # as at the commit: the entry is linked

    with pytest.raises(DatabaseError, match="audit_entries is append-only"), session.begin_nested():
        session.execute(text(statement))


def test_entries_are_read_newest_first_page_by_page(session: Session) -> None:
    for act in ("contract.suspended", "contract.resumed", "contract.ended"):
        record(session, act)

    first = list_entries(session, AuditFilter(), after=None, limit=2)
    rest = list_entries(session, AuditFilter(), after=first[-1].id, limit=2)

    assert [entry.act for entry in (*first, *rest)] == ["contract.ended", "contract.resumed", "contract.suspended"]


def test_entries_are_found_by_act_and_object(session: Session) -> None:
    record(session, "contract.suspended")
    record(session, "contract.resumed")

    assert [it.act for it in list_entries(session, AuditFilter(act="contract.resumed"), after=None, limit=9)] == [
        "contract.resumed"
    ]
    here = AuditFilter(subject_kind="contract", subject_id=str(CONTRACT))
    assert len(list_entries(session, here, after=None, limit=9)) == 2
    assert list_entries(session, AuditFilter(subject_id="1"), after=None, limit=9) == []
