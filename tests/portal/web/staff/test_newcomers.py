"""A customer is added by hand, under the rules of files; whoever looks the same is shown first."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import func, select

from kernel.db import begin, read
from kernel.outbox import OutboxMessage
from payments.customers.models import Customer
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import customer_of

pytestmark = pytest.mark.committed

GOOD = {
    "kind": "person",
    "name": " Ковалёва  Анна ",
    "email": "Anna@Example.com",
    "phone": "8 (916) 123-45-67",
    "inn": "",
}
ADDED = "payments.customer_created.v1"


@pytest.fixture
def anna(company: None) -> UUID:
    with begin() as session:
        return customer_of(session, "Анна Ковалёва", email="anna@example.com", phone="+79161234567")


def everybody() -> list[Customer]:
    with read() as session:
        return list(session.scalars(select(Customer).order_by(Customer.id)))


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', page)
    assert found
    return found[1]


def test_a_customer_is_added_and_the_contract_is_next(desk: Desk) -> None:
    answer = desk("manager").post("/staff/customers", data=GOOD)

    [it] = everybody()
    assert answer.headers["location"] == f"/staff/contracts/new?customer={it.id}"
    assert (it.kind, it.name, it.email, it.phone, it.inn) == (
        "person",
        "Ковалёва Анна",
        "anna@example.com",
        "+79161234567",
        None,
    )
    with read() as session:
        told = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.topic == ADDED)
        assert session.execute(told).scalar_one() == 1


@pytest.mark.parametrize(
    ("kind", "inn", "stored"), [("entrepreneur", "500100732259", "company"), ("company", "7707083893", "company")]
)
def test_a_company_and_an_entrepreneur_are_billed_as_companies(desk: Desk, kind: str, inn: str, stored: str) -> None:
    assert desk().post("/staff/customers", data={**GOOD, "kind": kind, "inn": inn}).status_code == 303

    assert [(it.kind, it.inn) for it in everybody()] == [(stored, inn)]


@pytest.mark.parametrize(
    ("typed", "field", "reason"),
    [
        ({"name": " \u0007 "}, "name", "Напишите, как зовут клиента"),
        ({"name": "я" * 251}, "name", "не больше 250 знаков"),
        ({"email": "anna"}, "email", "Введите почту целиком"),
        ({"email": "аnna@example.com"}, "email", "латинскими буквами"),
        ({"phone": "123"}, "phone", "Такого номера телефона не бывает"),
        ({"phone": "8 916 123-45-67 доб. 5"}, "phone", "без добавочного"),
        ({"email": "", "phone": ""}, "email", "Нужна почта или телефон"),
        ({"inn": "7707083890"}, "inn", "Проверьте ИНН"),
        ({"inn": "7707083893"}, "inn", "У человека и ИП в ИНН 12 цифр"),
        ({"inn": "500100732259", "kind": "company"}, "inn", "У организации в ИНН 10 цифр"),
        ({"kind": "alien"}, "kind", ""),
    ],
)
def test_a_bad_field_is_named_what_was_typed_is_kept_and_nobody_is_added(
    desk: Desk, typed: dict[str, str], field: str, reason: str
) -> None:
    answer = desk().post("/staff/customers", data={**GOOD, **typed})

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert reason in answer.text
    if typed.get(field, "").strip(" \u0007") and field in ("email", "phone", "inn"):
        assert f'value="{typed[field]}"' in answer.text
    assert everybody() == []


@pytest.mark.parametrize(
    "typed", [{"phone": ""}, {"email": "other@example.com"}, {"email": "ANNA@example.com", "name": "Кто-то"}]
)
def test_a_lookalike_is_shown_and_nobody_is_added_in_silence(desk: Desk, anna: UUID, typed: dict[str, str]) -> None:
    answer = desk().post("/staff/customers", data={**GOOD, **typed})

    assert answer.status_code == 422
    assert "Похожий клиент уже есть" in answer.text
    assert f'href="/staff/customers/{anna}"' in answer.text
    assert f'href="/staff/contracts/new?customer={anna}"' in answer.text
    assert [it.id for it in everybody()] == [anna]


def test_another_person_with_the_same_phone_is_added_once_it_was_said(desk: Desk, anna: UUID) -> None:
    client = desk()
    typed = {**GOOD, "name": "Ковалёв Пётр", "email": "petr@example.com"}
    typed["seen"] = seen(client.post("/staff/customers", data=typed).text)

    twice = [client.post("/staff/customers", data=typed) for _ in range(2)]

    assert [answer.status_code for answer in twice] == [303, 422]
    assert "Похожий клиент уже есть" in twice[1].text, "the second press shows whom the first added"
    assert [it.name for it in everybody()] == ["Анна Ковалёва", "Ковалёв Пётр"]


def test_two_presses_at_once_add_one(desk: Desk) -> None:
    clients = [desk(), desk()]

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda client: client.post("/staff/customers", data=GOOD).status_code, clients))

    assert sorted(answers) == [303, 422]
    assert len(everybody()) == 1


def test_rubbish_among_those_seen_hides_nobody(desk: Desk, anna: UUID) -> None:
    assert desk().post("/staff/customers", data={**GOOD, "seen": "rubbish 42"}).status_code == 422


def test_who_may_add_finds_the_button_and_others_do_not(desk: Desk, anna: UUID) -> None:
    for path in ("/staff/customers", "/staff/contracts/new"):
        assert 'href="/staff/customers/new"' in desk("manager").get(path).text
    assert 'href="/staff/customers/new"' not in desk("viewer").get("/staff/customers").text
    assert desk("accountant").get("/staff/customers/new").status_code == 403
    assert 'name="phone"' in desk("manager").get("/staff/customers/new").text
