"""«Обмен с CRM» in each state: not connected, nothing to do, at work, refused objects, creations in doubt."""

from __future__ import annotations

import re

import pytest

from crm_sync import wanting
from kernel.clock import business_now
from kernel.db import begin
from payments.invoicing.issue import issue_now
from portal.app import build_app
from tests.crm_sync.conftest import Portal
from tests.crm_sync.web.conftest import new_customer, words
from tests.portal.web.conftest import Door
from tests.support.business import Agreement, make_agreement, open_company
from tests.support.web import WEB
from tests.support.world import World

pytestmark = pytest.mark.committed

PAGE = "/staff/sync"
NEW_STAGE = {"entity_type_id": 2, "category_id": 1, "code": "NEW", "name": "Новый", "sort": 10, "semantics": None}


@pytest.fixture
def alone(world: World) -> Door:
    """The application of a company without a CRM."""
    with begin() as session:
        open_company(session)
    return Door(build_app())


def delete_stage(portal: Portal) -> None:
    WEB.post(f"{portal.url}/control/crm/stages", json={"delete": "C1:NEW"}).raise_for_status()


def put_stage_back(portal: Portal) -> None:
    WEB.post(f"{portal.url}/control/crm/stages", json={"add": NEW_STAGE}).raise_for_status()


def agreement(email: str = "anna@example.com") -> Agreement:
    with begin() as session:
        return make_agreement(session, email=email, draft=True)


def button(page: str, action: str) -> bool:
    return f'action="{action}"' in page


def test_without_a_crm_the_page_says_how_to_connect_one_and_the_rest_says_nothing_of_it(alone: Door) -> None:
    customer_id = new_customer()
    client = alone.employee("owner")

    page = words(client.get(PAGE))
    assert "Битрикс24 не подключён" in page
    assert "KABINET_BITRIX24_URL" in page
    assert "В очереди" not in page
    card = words(client.get(f"/staff/customers/{customer_id}"))
    assert "В других системах" not in card
    assert "CRM" not in card.replace("Обмен с CRM", "")


def test_before_the_first_exchange_everything_is_empty(desk: Door) -> None:
    client = desk.employee("owner")

    page = words(client.get(PAGE))
    assert "Обменов ещё не было" in page
    assert "Решать нечего" in page
    assert "В очереди 0 всё передано" in page
    assert "Повторить всё" not in page
    assert "Очередь пуста" in words(client.get(f"{PAGE}?view=waiting"))
    assert "Сомнений нет" in words(client.get(f"{PAGE}?view=uncertain"))
    assert words(client.get(f"{PAGE}?view=rubbish")) == page


def test_the_queue_says_what_waits_and_since_when_until_it_is_through(desk: Door, portal: Portal) -> None:
    client = desk.employee("viewer")
    new_customer("Павел <b>Р</b>")
    portal.fail("drop_before")
    portal.sync()
    portal.world.jump("PT2H")

    page = client.get(f"{PAGE}?view=waiting")
    assert "Павел &lt;b&gt;Р&lt;/b&gt;" in client.get(f"{PAGE}?view=uncertain").text + page.text
    assert "самое старое: 2 часа назад" in words(page)

    portal.world.mend()
    portal.settle()
    page = client.get(PAGE)
    assert "В очереди 0 всё передано" in words(page)
    assert "Передано объектов 1" in words(page)
    assert "Последний ответ" in words(page)


def test_a_creation_in_doubt_has_its_own_list(desk: Door, portal: Portal) -> None:
    portal.fail("error_500_after", times=1, match={"method": "crm.item.add"})
    new_customer("Павел")
    portal.sync()

    page = words(desk.employee("viewer").get(f"{PAGE}?view=uncertain"))
    assert "Контакт" in page
    assert "Павел" in page
    assert "Проверяем, создано ли" in page
    assert "Ошибка Битрикс24" in page


def test_a_refused_object_is_shown_with_its_reason_and_tried_again_alone(desk: Door, portal: Portal) -> None:
    delete_stage(portal)
    it = agreement()
    agreement("boris@example.com")
    portal.sync()
    client = desk.employee("manager")

    page = client.get(PAGE)
    assert words(page).count("Ждёт решения") == 2
    assert f'href="/staff/contracts/{it.contract_id}"' in page.text
    assert "NEW" in words(page)
    assert "Что отправляли" in words(page)

    put_stage_back(portal)
    again = re.findall(r'action="(/staff/sync/jobs/\d+/again)"', page.text)
    assert len(again) == 2
    answer = client.post(again[0])
    assert answer.headers["location"] == PAGE
    portal.sync()
    assert len(portal.items("deal")) == 1
    assert words(client.get(PAGE)).count("Ждёт решения") == 1


def test_everything_refused_is_tried_again_at_once_and_the_answer_says_how_much(desk: Door, portal: Portal) -> None:
    delete_stage(portal)
    for name in ("anna", "boris", "vera"):
        agreement(f"{name}@example.com")
    portal.sync()
    put_stage_back(portal)
    client = desk.employee("manager")

    client.post(f"{PAGE}/again")

    assert "Отправляем ещё раз: 3 объекта" in words(client.get(PAGE))
    portal.sync()
    assert len(portal.items("deal")) == 3
    client.post(f"{PAGE}/again")
    assert "Повторять нечего" in words(client.get(PAGE))


def test_trying_again_what_is_done_meanwhile_is_no_error(desk: Door, portal: Portal) -> None:
    delete_stage(portal)
    agreement()
    portal.sync()
    client = desk.employee("manager")
    (again,) = re.findall(r'action="(/staff/sync/jobs/\d+/again)"', client.get(PAGE).text)
    put_stage_back(portal)
    client.post(again)
    client.post(again)
    assert "Уже в очереди" in words(client.get(PAGE))

    portal.sync()
    for act in ("again", "anew"):
        answer = client.post(again.replace("again", act))
        assert answer.status_code == 303
        assert "Уже передано" in words(client.get(PAGE))
    assert len(portal.items("deal")) == 1


@pytest.mark.parametrize("role", ["accountant", "viewer"])
def test_who_may_not_repeat_reads_the_same_without_buttons(desk: Door, portal: Portal, role: str) -> None:
    delete_stage(portal)
    agreement()
    portal.sync()

    page = desk.employee(role).get(PAGE)
    assert "Ждёт решения" in words(page)
    assert "Повторить" not in words(page)
    assert not re.search(r'action="/staff/sync', page.text)


def test_of_what_was_sent_nothing_shows_whose_it_is(desk: Door, portal: Portal) -> None:
    customer_id = new_customer(phone="+79000000017")
    portal.sync()
    portal.call("crm.item.delete", entityTypeId=3, id=portal.one("contact")["id"])
    client = desk.employee("manager")
    form = {"kind": "person", "name": "Анна Новая", "email": "new@example.com", "phone": "+7 900 000-00-18"}
    assert client.post(f"/staff/customers/{customer_id}", data=form).status_code == 303
    portal.sync()

    (sent,) = re.findall(r'<details class="small">.*?</details>', client.get(PAGE).text, re.DOTALL)
    assert re.findall(r"(\w+): скрыто", sent) == ["Имя", "Почта", "Телефон"]
    for private in ("Новая", "new@example.com", "000-00-18", "0000018"):
        assert private not in sent


def test_what_was_deleted_there_is_created_anew_once_however_often_it_is_asked_for(desk: Door, portal: Portal) -> None:
    customer_id = new_customer()
    portal.sync()
    portal.call("crm.item.delete", entityTypeId=3, id=portal.one("contact")["id"])
    client = desk.employee("manager")
    client.post(f"/staff/customers/{customer_id}", data={"kind": "person", "name": "Анна", "email": "a@example.com"})
    portal.sync()
    page = client.get(PAGE)
    assert "В Битрикс24 этого больше нет" in words(page)
    (anew,) = re.findall(r'action="(/staff/sync/jobs/\d+/anew)"', page.text)

    client.post(anew)
    assert "Создаём в CRM заново" in words(client.get(PAGE))
    portal.fail("error_500_after", times=1, match={"method": "crm.item.add"})
    portal.sync()
    client.post(anew)
    portal.settle()

    assert [item["name"] for item in portal.items("contact")] == ["Анна"]


def test_a_list_longer_than_a_page_goes_on_and_renews_the_page_that_is_open(desk: Door, portal: Portal) -> None:
    delete_stage(portal)
    for number in range(27):
        agreement(f"c{number}@example.com")
    portal.sync()
    client = desk.employee("viewer")

    first = client.get(PAGE).text
    assert first.count("Ждёт решения</span>") == 25
    (rest,) = re.findall(r'href="(/staff/sync\?[^"]*after=[^"]+)"', first)
    second = client.get(rest.replace("&amp;", "&")).text
    assert second.count("Ждёт решения</span>") == 2
    (renewed,) = re.findall(r'hx-get="(/staff/sync[^"]*)"', second)
    part = client.get(renewed.replace("&amp;", "&"), headers={"HX-Request": "true"}).text
    assert part.count("Ждёт решения</span>") == 2
    assert part.count('id="standing"') == 1
    assert client.get(f"{PAGE}?after=rubbish").text.count("Ждёт решения</span>") == 25


@pytest.mark.parametrize("cursor", ["WyJ4Il0", "WyI5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OSJd", "WyItMSJd"])
def test_a_cursor_that_is_not_ours_begins_the_list(desk: Door, cursor: str) -> None:
    assert desk.employee("viewer").get(f"{PAGE}?after={cursor}").status_code == 200


def test_each_object_with_a_page_of_its_own_leads_there(desk: Door, portal: Portal) -> None:
    it = agreement()
    with begin() as session:
        invoice_id = issue_now(session, it.line_id, now=business_now(session)).id
        wanting.want_invoices(session, [invoice_id])
    portal.fail("drop_before")
    portal.sync()

    client = desk.employee("owner")
    page = client.get(f"{PAGE}?view=waiting").text + client.get(f"{PAGE}?view=uncertain").text
    for url in ("contracts", it.contract_id), ("invoices", invoice_id), ("customers", it.customer_id):
        address = "/staff/{}/{}".format(*url)
        assert f'href="{address}"' in page
        assert client.get(address).status_code == 200
