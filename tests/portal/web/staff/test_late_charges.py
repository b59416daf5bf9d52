"""Late charges are listed, the oldest first, with what each waits for; an employee may let a customer off one."""

from __future__ import annotations

import re
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from kernel.clock import business_now
from kernel.db import begin, read
from payments.autopay.models import Notice
from payments.autopay.notices import mark_notice_sent
from payments.charging.due import create_due_payments
from payments.contracts.models import BY_CALENDAR, Installment
from payments.contracts.periods import Period
from payments.history.models import StatusHistory
from payments.installation.pausing import pause_charging
from payments.invoicing.issue import issue_due
from payments.invoicing.models import Invoice
from portal.web.kit.paging import write_cursor
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import agreement, at_noon, customer_of, pay_first, play_day
from tests.support.blocking import meanwhile

pytestmark = pytest.mark.committed

LIST = "/staff/late-charges"
WEEK = Period("week")


@pytest.fixture
def late(company: None) -> None:
    """At noon of 20 March: Anna's two weeks wait for a letter, Oleg's week waits for its day."""
    at_noon(date(2027, 3, 1))
    with begin() as session:
        anna = agreement(session, customer_of(session, "Ковалёва Анна"), period=WEEK, advance=BY_CALENDAR)
        pay_first(session, anna)
    at_noon(date(2027, 3, 10))
    with begin() as session:
        oleg = agreement(session, customer_of(session, "Гущин Олег"), period=WEEK, kopecks=50_000)
        pay_first(session, oleg, last4="1111")
    at_noon(date(2027, 3, 20))
    with begin() as session:
        while issue_due(session, now=business_now(session)):
            pass
        line = select(Installment.id).where(Installment.contract_id == oleg.contract_id, Installment.number == 2)
        notice = session.scalars(select(Notice.id).where(Notice.installment_id == line.scalar_subquery())).one()
        mark_notice_sent(session, notice, now=business_now(session))


def rows(page: str) -> list[str]:
    """The lines of the list, without markup."""
    body = page.split("<tbody")[1].split("</tbody", maxsplit=1)[0] if "<tbody" in page else ""
    return [re.sub(r"<[^>]+>|\s+", " ", row).replace("\u00a0", " ") for row in body.split("<tr")[1:]]


def line_of(name: str, page: str) -> UUID:
    """The line whose button stands in the first row of this customer."""
    row = next(row for row in page.split("<tr") if name in row)
    found = re.search(r"late-charges/([\w-]+)/skip", row)
    assert found, row
    return UUID(found[1])


def status_of(line_id: UUID) -> str:
    with read() as session:
        return session.get_one(Installment, line_id).status


def test_the_oldest_comes_first_and_each_says_what_it_waits_for(desk: Desk, late: None) -> None:
    found = rows(desk().get(LIST).text)

    assert [("Ковалёва" in row, "8 марта" in row) for row in found][:1] == [(True, True)]
    assert ["15 марта" in row or "17 марта" in row for row in found[1:]] == [True, True]
    assert "опоздало на 12 дней" in found[0]
    assert "Ждёт, пока уйдёт новое предупреждение" in found[0]
    assert "Гущин" in found[2]
    assert "Спишем 23 марта" in found[2]
    assert "Карта •• 1111" in found[2]


def test_the_dashboard_counts_them_and_leads_there(desk: Desk, late: None) -> None:
    page = desk().get("/staff").text.replace("\u00a0", " ")

    assert "3 списания опоздали" in page
    assert "6 500,00 ₽ ждут предупреждения или своего дня" in page
    assert f'href="{LIST}"' in page


def test_a_list_longer_than_a_page_goes_on_where_it_stopped(desk: Desk, late: None) -> None:
    page = desk().get(LIST).text
    first = line_of("Ковалёва", page)

    rest = desk().get(f"{LIST}?after={write_cursor(('2027-03-08', str(first)))}").text

    assert rows(rest) == rows(page)[1:]
    for rubbish in ("rubbish", write_cursor(("the ides of March", str(first)))):
        assert rows(desk().get(f"{LIST}?after={rubbish}").text) == rows(page)


def test_charges_in_their_day_and_retries_of_declined_ones_are_not_late(desk: Desk, company: None) -> None:
    at_noon(date(2027, 3, 1))
    with begin() as session:
        pay_first(session, agreement(session, customer_of(session, "Анна"), period=WEEK))
    at_noon(date(2027, 3, 5))
    play_day()
    at_noon(date(2027, 3, 7))
    assert rows(desk().get(LIST).text) == []
    at_noon(date(2027, 3, 9))
    play_day(lambda _payment: "insufficient_funds")

    assert rows(desk().get(LIST).text) == []
    assert "Все списания идут в свой день" in desk().get(LIST).text


def test_under_a_pause_the_list_says_what_it_waits_for(desk: Desk, late: None) -> None:
    at_noon(date(2027, 3, 24))
    with begin() as session:
        pause_charging(session, "сверяем суммы", now=business_now(session), by=None)

    page = desk().get(LIST).text

    assert "Списания приостановлены: сверяем суммы" in page
    assert "Ждёт, пока списания возобновят" in rows(page)[2]


def test_skipping_is_asked_for_once_more_done_once_and_leaves_the_list(desk: Desk, late: None) -> None:
    client = desk("manager")
    line_id = line_of("Ковалёва", client.get(LIST).text)
    question = client.get(f"{LIST}/{line_id}/skip").text
    assert "Пропустить списание?" in question
    assert f'action="{LIST}/{line_id}/skip"' in question
    assert status_of(line_id) == "invoiced", "asking changes nothing"

    answers = [client.post(f"{LIST}/{line_id}/skip") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert [answer.headers["location"] for answer in answers] == [LIST, LIST]
    assert status_of(line_id) == "skipped"
    assert len(rows(client.get(LIST).text)) == 2
    assert client.get(f"{LIST}/{line_id}/skip").status_code == 409, "it is late no longer"
    with read() as session:
        invoice = session.scalars(select(Invoice).where(Invoice.installment_id == line_id)).one()
        assert invoice.status == "void"
        told = select(func.count()).where(StatusHistory.object_id == line_id)
        assert session.execute(told).scalar_one() == 1


def test_skipping_that_loses_a_deadlock_is_done_again(desk: Desk, late: None) -> None:
    client = desk("manager")
    line_id = line_of("Ковалёва", client.get(LIST).text)
    with begin() as session:
        # We hold the line and then want its invoice; skipping holds the invoice and wants the line.
        session.execute(text("SET LOCAL deadlock_timeout = '10s'"))
        session.execute(select(Installment.id).where(Installment.id == line_id).with_for_update())
        with meanwhile(lambda: client.post(f"{LIST}/{line_id}/skip")) as skipping:
            session.execute(select(Invoice.id).where(Invoice.installment_id == line_id).with_for_update())
            session.commit()
            assert skipping.result(20).status_code == 303

    assert status_of(line_id) == "skipped"


def test_what_is_being_charged_is_not_in_the_list_and_cannot_be_skipped(desk: Desk, late: None) -> None:
    line_id = line_of("Гущин", desk().get(LIST).text)
    at_noon(date(2027, 3, 24))
    with begin() as session:
        create_due_payments(session, now=business_now(session))

    assert "Гущин" not in desk().get(LIST).text
    answer = desk().post(f"{LIST}/{line_id}/skip")

    assert answer.status_code == 409
    assert "идёт платёж" in answer.text
    assert status_of(line_id) == "invoiced"


def test_an_accountant_sees_the_list_without_buttons(desk: Desk, late: None) -> None:
    line_id = line_of("Ковалёва", desk().get(LIST).text)
    client = desk("accountant")

    assert "Ковалёва" in client.get(LIST).text
    assert "Пропустить" not in client.get(LIST).text
    assert client.post(f"{LIST}/{line_id}/skip").status_code == 403
    assert status_of(line_id) == "invoiced"


def test_nobody_and_a_customer_skip_nothing(desk: Desk, late: None) -> None:
    line_id = line_of("Ковалёва", desk().get(LIST).text)

    answer = desk(role=None).post(f"{LIST}/{line_id}/skip")

    assert (answer.status_code, status_of(line_id)) == (303, "invoiced")
    assert answer.headers["location"].startswith("/staff/login")
