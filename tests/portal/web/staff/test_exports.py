"""A file of payments from the button to the download, and what becomes of it when something dies on the way."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, text, update

from kernel.clock import business_now
from kernel.db import begin, read
from kernel.fault import InjectedFault
from kernel.outbox import HINT_TOPIC, OutboxMessage, read_hint
from portal.audit.models import AuditEntry
from portal.exports.asking import drop_expired, sweep_exports
from portal.exports.making import make_exports
from portal.exports.models import FAILED, MAKING, QUEUED, READY, Export
from portal.web.staff import exports as page
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import agreement, at_noon, customer_of, pay_first, play
from tests.support.faults import faulty

pytestmark = pytest.mark.committed

LIST = "/staff/exports"


@pytest.fixture
def payments(company: None) -> None:
    """March: Anna pays 1 000 ₽. April: hers is declined, Pavel pays 50 ₽."""
    at_noon(date(2027, 3, 5))
    with begin() as session:
        pay_first(session, agreement(session, customer_of(session, "=Анна Ковалёва"), kopecks=100_000))
    play(date(2027, 4, 5), lambda _payment: "insufficient_funds")
    with begin() as session:
        pay_first(session, agreement(session, customer_of(session, "Ким Павел"), kopecks=5_000), saves=False)


def the_export() -> Export:
    with read() as session:
        return session.scalars(select(Export)).one()


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


def test_the_file_holds_what_the_list_shows_and_adds_up_to_its_total(desk: Desk, payments: None) -> None:
    client = desk("accountant")
    listed = client.get("/staff/payments?first_on=05.03.2027").text
    query = re.search(r'name="query" value="([^"]*)"', listed)
    assert query
    assert "1\u00a0050,00\u00a0₽" in listed

    asked = client.post(LIST, data={"format": "csv", "query": query[1].replace("&amp;", "&")})

    assert (asked.status_code, asked.headers["location"]) == (303, LIST)
    waiting = client.get(LIST).text
    assert "Готовим: 0 из 3" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    assert "Скачать" not in waiting
    with read() as session:
        messages = session.scalars(select(OutboxMessage.payload).where(OutboxMessage.topic == HINT_TOPIC)).all()
    assert [hint.ids for hint in map(read_hint, messages) if hint.job == "export"] == [(the_export().id,)]

    make_exports([str(the_export().id)])

    ready = client.get(LIST).text
    address = re.search(r'href="(/staff/exports/[0-9a-f-]{36}/file)"', ready)
    assert address
    assert "every 2s" not in ready
    file = client.get(address[1])
    assert "attachment" in file.headers["content-disposition"]
    rows = rows_of(file.content)
    assert [row[3] for row in rows[1:-1]] == ["'=Анна Ковалёва", "'=Анна Ковалёва", "Ким Павел"]
    assert [row[7] for row in rows[1:-1]] == ["1000,00", "1000,00", "50,00"]
    assert [row[8] for row in rows[1:-1]] == ["Оплачен", "Не прошёл", "Оплачен"]
    assert rows[-1][7] == "1050,00"
    assert the_export().total == 3


def test_the_filter_narrows_the_file_and_the_audit_names_no_person(desk: Desk, payments: None) -> None:
    client = desk()
    client.post(LIST, data={"format": "csv", "query": "q=ким&status=succeeded"})
    make_exports([str(the_export().id)])

    rows = rows_of(client.get(f"{LIST}/{the_export().id}/file").content)

    assert [row[3] for row in rows[1:-1]] == ["Ким Павел"]
    with read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "payments.exported")).one()
    assert entry.details == {"format": "csv", "payments": 1, "conditions": ["q", "status"]}


def test_a_file_is_its_owners_alone_and_only_once_it_is_ready(desk: Desk, payments: None) -> None:
    owner, colleague = desk("manager"), desk("owner")
    owner.post(LIST, data={"format": "xlsx", "query": ""})
    here = f"{LIST}/{the_export().id}/file"
    assert owner.get(here).status_code == 404
    make_exports([str(the_export().id)])

    assert owner.get(here).content.startswith(b"PK")
    assert colleague.get(here).status_code == 404
    assert "Файлов пока нет" in colleague.get(LIST).text
    assert owner.get(f"{LIST}/{uuid4()}/file").status_code == 404


@pytest.mark.parametrize(
    ("posted", "reason"),
    [
        ({"format": "pdf", "query": ""}, "Вернитесь к списку платежей"),
        ({"format": "csv", "query": "least=сто"}, "Вернитесь к списку платежей"),
        ({"format": "csv", "query": "q=никого"}, "выгружать нечего"),
    ],
)
def test_what_cannot_be_made_is_refused_with_the_reason(
    desk: Desk, payments: None, posted: dict[str, str], reason: str
) -> None:
    answer = desk().post(LIST, data=posted)

    assert answer.status_code == 409
    assert reason in answer.text
    with read() as session:
        assert session.scalars(select(Export)).all() == []


def test_more_than_a_file_holds_is_refused(desk: Desk, payments: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "MOST_ROWS", 2)

    answer = desk().post(LIST, data={"format": "csv", "query": ""})

    assert answer.status_code == 409
    assert "не больше 2 платежей" in answer.text


def test_a_dead_workers_file_is_begun_again_once_and_then_told_as_failed(desk: Desk, payments: None) -> None:
    client = desk()
    client.post(LIST, data={"format": "csv", "query": ""})
    sent: list[object] = []

    for tries, expected in ((1, QUEUED), (2, FAILED)):
        with faulty("exports.after_claim=raise"), pytest.raises(InjectedFault):
            make_exports([str(the_export().id)])
        assert (the_export().status, the_export().tries) == (MAKING, tries)
        _end_its_lease()
        sweep_exports(lambda _job, ids: sent.extend(ids))
        assert the_export().status == expected

    assert sent == [the_export().id], "hinted at when it was taken back"
    assert "Не получилось" in client.get(LIST).text


def test_a_lost_hint_is_given_again_and_a_fresh_one_is_trusted(desk: Desk, payments: None) -> None:
    desk().post(LIST, data={"format": "csv", "query": ""})
    sent: list[object] = []
    sweep_exports(lambda _job, ids: sent.extend(ids))
    assert sent == []
    with begin() as session:
        session.execute(text("UPDATE exports SET lease_until = clock_timestamp() - interval '1 second'"))

    sweep_exports(lambda _job, ids: sent.extend(ids))

    assert sent == [the_export().id]


def test_two_workers_make_a_file_once(desk: Desk, payments: None) -> None:
    desk().post(LIST, data={"format": "csv", "query": ""})
    make_exports([str(the_export().id)])
    before = the_export()

    make_exports([str(before.id)])

    assert (the_export().status, the_export().tries) == (READY, 1)


def test_a_file_that_breaks_is_told_and_the_next_one_is_made(
    desk: Desk, payments: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = desk()
    client.post(LIST, data={"format": "csv", "query": ""})
    with begin() as session:
        session.execute(update(Export).values(query="view=month"))
        broken = session.scalars(select(Export.id)).one()
    client.post(LIST, data={"format": "csv", "query": "status=succeeded"})
    monkeypatch.setattr("portal.exports.making.SHEETS", {"xlsx": None})
    make_exports([str(broken)])
    monkeypatch.undo()
    with read() as session:
        other = session.scalars(select(Export.id).where(Export.id != broken)).one()

    make_exports([str(broken), str(other)])

    with read() as session:
        assert dict(session.execute(select(Export.id, Export.status)).all()) == {broken: FAILED, other: READY}


def test_after_a_day_the_file_is_gone(desk: Desk, payments: None) -> None:
    client = desk()
    client.post(LIST, data={"format": "csv", "query": ""})
    make_exports([str(the_export().id)])
    with begin() as session:
        now = business_now(session)
        assert drop_expired(session, now=now) == 0
        assert drop_expired(session, now=now + timedelta(days=1, minutes=1)) == 1

    assert "Файлов пока нет" in client.get(LIST).text


def test_who_may_not_export_sees_no_button(desk: Desk, payments: None) -> None:
    assert "Выгрузить" not in desk("viewer").get("/staff/payments").text
    assert "Выгрузить XLSX" in desk("accountant").get("/staff/payments").text


def _end_its_lease() -> None:
    with begin() as session:
        session.execute(update(Export).values(lease_until=text("clock_timestamp() - interval '1 second'")))
