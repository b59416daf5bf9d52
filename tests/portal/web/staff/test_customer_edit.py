"""A customer's data are changed by hand: under the rules of a new customer, field by field, and never the login."""

from __future__ import annotations

import html
import re
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from kernel.db import begin, read
from kernel.outbox import OutboxMessage
from payments.customers.models import Customer
from payments.customers.registration import CustomerData, change_customer
from payments.events import CustomerChanged
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from tests.portal.web.staff.conftest import Desk, staff_member
from tests.portal.web.staff.played import customer_of

pytestmark = pytest.mark.committed


@pytest.fixture
def anna(company: None) -> UUID:
    with begin() as session:
        return customer_of(session, "Ковалёва Анна", email="anna@example.com", phone="+79161234567")


def form_of(page: str) -> dict[str, str]:
    """What the form holds, as a browser would post it."""
    form = page.split('<form class="card')[1].split("</form>", maxsplit=1)[0]
    found = dict(re.findall(r'<input[^>]*?name="(\w+)"[^>]*?value="([^"]*)"', form))
    checked = re.search(r'name="kind"[^>]*value="(\w+)"[^>]*checked', form) or re.search(
        r'value="(\w+)"[^>]*checked', form
    )
    assert checked
    return {name: html.unescape(value) for name, value in found.items()} | {"kind": checked[1]}


def customer(customer_id: UUID) -> Customer:
    with read() as session:
        return session.get_one(Customer, customer_id)


def test_what_is_changed_is_stored_told_and_audited(desk: Desk, anna: UUID) -> None:
    client, here = desk("manager"), f"/staff/customers/{anna}"
    assert f'href="{here}/edit"' in client.get(here).text
    typed = form_of(client.get(f"{here}/edit").text) | {"phone": "8 (916) 765-43-21", "inn": "500100732259"}

    answer = client.post(here, data=typed)

    assert (answer.status_code, answer.headers["location"]) == (303, here)
    assert (customer(anna).phone, customer(anna).inn, customer(anna).email) == (
        "+79167654321",
        "500100732259",
        "anna@example.com",
    )
    with read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "customer.changed")).one()
        topics = list(session.scalars(select(OutboxMessage.topic)))
    assert entry.details == {"fields": ["inn", "phone"]}, "which, but not what: people stay out of the log"
    assert topics.count(CustomerChanged.topic) == 1


def test_two_people_who_change_different_fields_do_not_undo_each_other(desk: Desk, anna: UUID) -> None:
    client, here = desk(), f"/staff/customers/{anna}"
    typed = form_of(client.get(f"{here}/edit").text) | {"name": "Ковалёва Анна Сергеевна"}
    with begin() as session:
        change_customer(session, anna, CustomerData("Ковалёва Анна", email="new@example.com", phone="+79161234567"))

    client.post(here, data=typed)

    assert (customer(anna).name, customer(anna).email) == ("Ковалёва Анна Сергеевна", "new@example.com")


def test_nothing_changed_is_nothing_stored(desk: Desk, anna: UUID) -> None:
    client, here = desk(), f"/staff/customers/{anna}"

    assert client.post(here, data=form_of(client.get(f"{here}/edit").text)).status_code == 303

    with read() as session:
        assert session.scalars(select(AuditEntry).where(AuditEntry.act == "customer.changed")).all() == []


def test_the_login_keeps_its_address_and_the_page_says_so(desk: Desk, anna: UUID) -> None:
    login = staff_member(None, customer_id=anna)
    client, here = desk(), f"/staff/customers/{anna}"
    with read() as session:
        address = session.get_one(User, login).email
    page = client.get(f"{here}/edit").text
    assert f"Вход в кабинет останется прежним: {address}" in page

    client.post(here, data=form_of(page) | {"email": "billing@example.com"})

    assert customer(anna).email == "billing@example.com"
    with read() as session:
        assert session.get_one(User, login).email == address


BAD = {
    "name": (" ", "Напишите, как зовут клиента"),
    "email": ("не почта", "Введите почту целиком"),
    "phone": ("12", "Введите телефон"),
    "inn": ("123", "Проверьте ИНН"),
    "kpp": ("770701001", "КПП бывает только у организации"),
}


@pytest.mark.parametrize("field", BAD)
def test_bad_input_is_named_and_kept_and_stores_nothing(desk: Desk, anna: UUID, field: str) -> None:
    client, here = desk(), f"/staff/customers/{anna}"
    typed, reason = BAD[field]

    page = client.post(
        here, data=form_of(client.get(f"{here}/edit").text) | {field: typed, "name": "Другая"} | {field: typed}
    )

    assert page.status_code == 422
    assert "<title>Ошибка:" in page.text
    if field != "phone":
        assert reason in page.text
    if typed.strip():
        assert f'value="{typed}"' in page.text
    assert customer(anna).name == "Ковалёва Анна"


def test_somebody_with_the_same_phone_is_shown_before_it_is_stored(desk: Desk, anna: UUID) -> None:
    with begin() as session:
        customer_of(session, "Ким Павел", phone="+79031112233")
    client, here = desk(), f"/staff/customers/{anna}"

    page = client.post(here, data=form_of(client.get(f"{here}/edit").text) | {"phone": "89031112233"})

    assert page.status_code == 422
    assert "Ким Павел" in page.text
    assert customer(anna).phone == "+79161234567"
    assert client.post(here, data=form_of(page.text) | {"phone": "89031112233"}).status_code == 303
    assert customer(anna).phone == "+79031112233"


def test_who_may_not_change_sees_no_link_and_is_refused(desk: Desk, anna: UUID) -> None:
    here = f"/staff/customers/{anna}"
    for role in ("accountant", "viewer"):
        assert f"{here}/edit" not in desk(role).get(here).text
        assert desk(role).post(here, data={"name": "Другая"}).status_code == 403
    assert desk().get(f"/staff/customers/{uuid4()}/edit").status_code == 404
