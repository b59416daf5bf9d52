"""The CRM on a customer's card: where they stand there, what was written, and writing everything afresh."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from kernel.db import begin
from tests.crm_sync.conftest import Portal
from tests.crm_sync.web.conftest import new_customer, words
from tests.portal.web.conftest import Door
from tests.support.business import make_agreement, pay_with_consent

pytestmark = pytest.mark.committed


def card_of(customer_id: UUID) -> str:
    return f"/staff/customers/{customer_id}"


def afresh(customer_id: UUID) -> str:
    return f"/staff/sync/customers/{customer_id}"


def test_the_card_says_whether_the_customer_stands_there_and_leads_to_the_contact(desk: Door, portal: Portal) -> None:
    customer_id = new_customer()
    client = desk.employee("viewer")
    assert "Битрикс24 Ещё не передан" in words(client.get(card_of(customer_id)))

    portal.sync()
    contact = portal.one("contact")["id"]
    page = client.get(card_of(customer_id))
    assert f"Битрикс24 Контакт {contact}" in words(page)
    assert f'href="{portal.url}/bitrix24/crm/contact/details/{contact}/"' in page.text


def test_what_was_told_in_the_deal_stands_in_the_timeline_under_its_own_tab(desk: Door, portal: Portal) -> None:
    with begin() as session:
        it = make_agreement(session, kopecks=386_550, draft=True)
    pay_with_consent(it)
    portal.world.play(advance="PT10M")

    said = words(desk.employee("viewer").get(f"{card_of(it.customer_id)}?kind=crm"))
    assert "В сделке: Оплата 3 865,50 ₽" in said


@pytest.mark.parametrize(
    ("role", "may"), [("owner", True), ("manager", True), ("accountant", False), ("viewer", False)]
)
def test_the_button_is_there_for_those_who_may(desk: Door, portal: Portal, role: str, *, may: bool) -> None:
    customer_id = new_customer()
    portal.sync()
    page = desk.employee(role).get(card_of(customer_id))
    assert (f'action="{afresh(customer_id)}"' in page.text) == may
    assert ("Передать в CRM заново" in words(page)) == may


def test_pressing_it_writes_everything_again_and_says_how_much(desk: Door, portal: Portal) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    portal.sync()
    portal.edit("deal", portal.one("deal")["id"], title="Что-то своё")
    portal.edit("contact", portal.one("contact")["id"], name="Не она")
    client = desk.employee("manager")

    answer = client.post(afresh(it.customer_id))

    assert answer.headers["location"] == card_of(it.customer_id)
    page = words(client.get(card_of(it.customer_id)))
    assert "В Битрикс24 уходят заново 2 объекта" in page
    assert "обновляется" in page
    portal.sync()
    assert portal.one("deal")["title"].startswith("Абонемент")
    assert portal.one("contact")["name"] == "Анна Ковалёва"
    assert "обновляется" not in words(client.get(card_of(it.customer_id)))


def test_pressed_twice_it_makes_no_second_object(desk: Door, portal: Portal) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    portal.sync()
    client = desk.employee("manager")
    for _ in range(2):
        client.post(afresh(it.customer_id))
    portal.sync()
    assert (len(portal.items("contact")), len(portal.items("deal"))) == (1, 1)


def test_while_the_crm_is_silent_the_answer_says_that_it_waits(desk: Door, portal: Portal) -> None:
    customer_id = new_customer()
    portal.fail("html_502", effect="before")
    portal.settle(minutes=3)
    client = desk.employee("manager")

    client.post(afresh(customer_id))

    assert "1 объект ждёт и уйдёт, когда Битрикс24 ответит" in words(client.get(card_of(customer_id)))


def test_a_customer_who_does_not_exist_is_told(desk: Door) -> None:
    assert desk.employee("manager").post(afresh(uuid4())).status_code == 404
