"""The timeline of a customer: notes of colleagues, logins, and what other systems know."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import Select, literal, select, text, update

from kernel.clock import business_now
from kernel.db import begin, read
from payments.customers.models import Customer
from portal.accounts.models import UserSession
from portal.accounts.sessions import CUSTOMER, start_session
from portal.accounts.visitor import Visitor
from portal.audit.models import AuditEntry
from portal.notes.models import CustomerNote
from portal.public import CustomerExtension, CustomerFact
from tests.portal.web.staff.conftest import Desk, staff_member
from tests.portal.web.staff.played import agreement, at_noon, customer_of, pay_first

pytestmark = pytest.mark.committed

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.fixture
def anna(company: None) -> UUID:
    at_noon(date(2027, 3, 5))
    with begin() as session:
        return customer_of(session, "Ковалёва Анна", email="anna@example.com")


def note_urls(page: str) -> list[str]:
    return re.findall(r'href="(/staff/customers/[0-9a-f-]{36}/notes/[0-9a-f-]{36})"', page)


def test_a_note_is_written_read_by_colleagues_reworded_and_taken_back(desk: Desk, anna: UUID) -> None:
    author, colleague, here = desk("accountant"), desk("manager"), f"/staff/customers/{anna}"

    assert author.post(f"{here}/notes", data={"text": "Просит счёт отдельно.\nС <b>апреля</b>"}).status_code == 303

    page = author.get(here).text
    assert "Ирина Мельник, заметка" in page
    assert "Просит счёт отдельно.<br>С &lt;b&gt;апреля&lt;/b&gt;" in page
    assert "Просит счёт отдельно" in author.get(f"{here}?kind=notes").text
    (url,) = note_urls(page)
    assert note_urls(colleague.get(here).text) == [], "only its author may change it"
    assert colleague.get(url).status_code == 404
    assert colleague.post(url, data={"text": "Чужое"}).status_code == 404
    assert colleague.post(f"{url}/removal").status_code == 404

    assert author.post(url, data={"text": "Просит счёт вместе"}).status_code == 303
    assert "заметка изменена" in author.get(here).text
    assert author.post(f"{url}/removal").status_code == 303

    assert note_urls(author.get(here).text) == []
    with read() as session:
        assert session.scalars(select(CustomerNote)).all() == []
        acts = list(session.scalars(select(AuditEntry.act).order_by(AuditEntry.id)))
    assert acts == ["note.written", "note.reworded", "note.taken_back"]


def test_an_empty_or_too_long_note_comes_back_with_the_reason(desk: Desk, anna: UUID) -> None:
    client, here = desk(), f"/staff/customers/{anna}"

    empty = client.post(f"{here}/notes", data={"text": " \n "})
    long = client.post(f"{here}/notes", data={"text": "я" * 2001})

    assert (empty.status_code, long.status_code) == (422, 422)
    assert "Напишите заметку" in empty.text
    assert "я" * 2001 in long.text
    with read() as session:
        assert session.scalars(select(CustomerNote)).all() == []


def test_after_a_day_a_note_stays_as_it_is(desk: Desk, anna: UUID) -> None:
    client, here = desk(), f"/staff/customers/{anna}"
    client.post(f"{here}/notes", data={"text": "Обещает заплатить в пятницу"})
    (url,) = note_urls(client.get(here).text)
    at_noon(date(2027, 3, 7))

    assert note_urls(client.get(here).text) == []
    assert client.post(url, data={"text": "Ничего не обещала"}).status_code == 409
    assert client.post(f"{url}/removal").status_code == 409
    assert "только в первые сутки" in client.get(url).text
    assert "Обещает заплатить" in client.get(here).text


def test_a_viewer_reads_notes_and_writes_none(desk: Desk, anna: UUID) -> None:
    here = f"/staff/customers/{anna}"
    desk("manager").post(f"{here}/notes", data={"text": "Важное"})

    page = desk("viewer").get(here).text

    assert "Важное" in page
    assert "Новая заметка" not in page
    assert desk("viewer").post(f"{here}/notes", data={"text": "Я тоже"}).status_code == 403


def test_a_note_about_nobody_is_not_found(desk: Desk, company: None) -> None:
    assert desk().post(f"/staff/customers/{uuid4()}/notes", data={"text": "Кому?"}).status_code == 404


def test_logins_of_the_cabinet_are_told_with_their_device(desk: Desk, anna: UUID) -> None:
    login = staff_member(None, customer_id=anna)
    with begin() as session:
        start_session(session, login, CUSTOMER, Visitor("203.0.113.7", FIREFOX), now=business_now(session))
        session.execute(
            update(UserSession).where(UserSession.user_id == login).values(created_at=business_now(session))
        )

    page = desk().get(f"/staff/customers/{anna}?kind=logins").text

    assert "Вход в кабинет" in page
    assert "Firefox, Windows. 203.0.113.7." in page


def test_a_card_that_serves_no_longer_than_next_month_is_told(desk: Desk, anna: UUID) -> None:
    with begin() as session:
        pay_first(session, agreement(session, anna))
    assert "Карта истекает" not in desk().get(f"/staff/customers/{anna}").text
    with begin() as session:
        session.execute(text("UPDATE payment_methods SET expiry_year = 2027, expiry_month = 4"))

    assert "Карта истекает" in desk().get(f"/staff/customers/{anna}").text


def deals_of(customer_id: UUID) -> Select[*tuple[Any, ...]]:
    """Two events that another system tells of every customer, one a day before the other."""
    first = select(
        (Customer.created_at - timedelta(days=1)).label("at"),
        literal("d1").label("id"),
        literal("Сделка открыта").label("title"),
        literal("Битрикс24, сделка 2281").label("text"),
        literal("https://crm.example/deal/2281").label("url"),
    ).where(Customer.id == customer_id)
    second = select(
        Customer.created_at.label("at"),
        literal("d2").label("id"),
        literal("Сделка закрыта").label("title"),
        literal("").label("text"),
        literal("").label("url"),
    ).where(Customer.id == customer_id)
    return select(first.union_all(second).subquery())


def test_what_another_system_knows_stands_on_the_card_and_in_the_timeline(desk: Desk, anna: UUID) -> None:
    client = desk()
    bare = client.get(f"/staff/customers/{anna}").text
    assert "kind=crm" not in bare, "nothing is drawn for a system that is not there"
    assert "В других системах" not in bare
    crm = CustomerExtension(
        kind="crm",
        tab="CRM",
        icon="refresh-cw",
        facts=lambda _session, _customer_id: [CustomerFact("Битрикс24", "Контакт 1093", "https://crm.example/1093")],
        events=deals_of,
    )
    cast("FastAPI", client.app).state.customer_extensions = (crm,)

    page = client.get(f"/staff/customers/{anna}").text

    assert 'CRM <span class="count">2</span>' in page
    assert '<a href="https://crm.example/1093">Контакт 1093</a>' in page
    assert page.index("Сделка закрыта") < page.index("Сделка открыта")
    only = client.get(f"/staff/customers/{anna}?kind=crm").text
    assert 'href="https://crm.example/deal/2281">Открыть</a>' in only
    cast("FastAPI", client.app).state.customer_extensions = ()
    assert client.get(f"/staff/customers/{anna}?kind=crm").status_code == 200, "an unknown kind shows everything"
