"""The portal as its staff see it."""

from __future__ import annotations

import re
from html import unescape

import httpx
import pytest

from tests.sandbox.bitrix24.conftest import Handler
from tests.sandbox.bitrix24.portal import COMPANY, CONTACT, DEAL, INVOICE, PAYMENT, Json, Portal, mail, phone
from tests.sandbox.gateway import eventually

PLACES = ("", "deals", "contacts", "companies", "invoices", "payments", "events")
CARDS = ("contact/1", "company/1", "deal/1", "invoice/1", "payment/1")


@pytest.fixture
def story(portal: Portal) -> Portal:
    """A customer with a contract, an invoice that was paid, and what was said of it."""
    person = portal.person(
        originatorId="kabinet", originId="c-1", UF_CRM_KABINET_URL="http://localhost:8000/staff/customers/1",
        fm=[phone("+79000000017"), mail("anna@example.com")],
    )["id"]  # fmt: skip
    portal.add(COMPANY, title="ООО «Садко»", fm=[mail("buh@sadko.example")])
    portal.result(
        "crm.requisite.add", fields={"ENTITY_TYPE_ID": 4, "ENTITY_ID": 1, "PRESET_ID": 1, "RQ_INN": "7700000000"}
    )
    deal = portal.contract(
        contactIds=[person], stageId="C1:OVERDUE", opportunity=1234.5, UF_CRM_KABINET_DEBT="300.00|RUB",
        UF_CRM_KABINET_NEXT_ON="2026-12-01", UF_CRM_KABINET_AUTOPAY="включён",
    )["id"]  # fmt: skip
    invoice = portal.add(
        INVOICE, parentId2=deal, contactIds=[person], opportunity=1234.5, accountNumber="2026-00012", stageId="DT31_1:P"
    )["id"]
    portal.add(
        PAYMENT, title="Списание", parentId2=deal, parentId31=invoice, contactIds=[person], opportunity=1234.5,
        stageId="DT1038_1:FAIL", UF_CRM_7_METHOD="Карта •• 4477", UF_CRM_7_REASON="Не хватило денег",
        UF_CRM_7_PAID_AT="2026-11-21T12:00:00Z",
    )  # fmt: skip
    portal.result(
        "crm.timeline.comment.add", fields={"ENTITY_TYPE": "deal", "ENTITY_ID": deal, "COMMENT": "Ждём <оплаты>"}
    )
    note = {"entityTypeId": DEAL, "entityId": deal, "title": "Предупреждение", "text": "За 72 часа", "iconCode": "info"}
    portal.result("crm.timeline.logmessage.add", fields=note)
    return portal


def text(portal: Portal, path: str, **query: str) -> str:
    """What a page says, without its tags."""
    html = portal.web.get(f"/bitrix24/{path}", params=query).text
    plain = re.sub(r"<[^>]+>", " ", html[html.index("<main") :])
    return re.sub(r"\s+", " ", unescape(plain).replace("\u00a0", " "))


def post(portal: Portal, path: str, **fields: str) -> httpx.Response:
    return portal.web.post(f"/bitrix24/{path}", data=fields)


def test_the_board_has_a_column_for_each_stage_with_count_and_sum(story: Portal) -> None:
    story.contract(stageId="C1:OVERDUE", opportunity=100, title="Второй")
    board = text(story, "")
    assert (
        board.index("Новый 0 0,00 ₽ Сделок нет") < board.index("Просрочен 2 1 334,50 ₽") < board.index("Расторгнут 0")
    )
    assert "Договор № 2026-0147 Ковалёва Анна 1 234,50 ₽ долг 300,00 ₽ Автоплатёж: включён 01.12.2026" in board


def test_the_board_of_the_other_funnel(story: Portal) -> None:
    story.add(DEAL, title="Обычная сделка")
    board = text(story, "deals", funnel="0")
    assert "Новая 1" in board
    assert "Обычная сделка" in board
    assert "Договор" not in board
    assert story.web.get("/bitrix24/deals", params={"funnel": "7"}).status_code == 404


def test_a_deleted_stage_keeps_its_column_while_it_holds_deals(story: Portal) -> None:
    story.control("crm/stages", {"delete": "C1:OVERDUE"})
    assert "Стадия удалена 1 1 234,50 ₽" in text(story, "")
    assert "Стадия удалена" in text(story, "deal/1")


def test_contacts_and_companies_are_listed_and_found(story: Portal) -> None:
    story.person(name="Олег", lastName="Гущин")
    everybody = text(story, "contacts")
    assert "Ковалёва Анна +79000000017 anna@example.com 1" in everybody
    assert "Гущин Олег" in everybody
    assert "Гущин" not in text(story, "contacts", q="КОВАЛЁВА")
    assert "По запросу «moon» ничего нет" in text(story, "contacts", q="moon")
    assert "ООО «Садко» buh@sadko.example" in text(story, "companies")


def test_invoices_and_payments_are_listed_with_stage_and_sum(story: Portal) -> None:
    assert re.search(
        r"Счёт № 2026-00012 Ковалёва Анна Договор № 2026-0147 [\d.]+ Оплачен 1 234,50 ₽", text(story, "invoices")
    )
    payments = text(story, "payments")
    assert (
        "21.11.2026, 15:00 Списание Счёт № 2026-00012 Ковалёва Анна Карта •• 4477 Не прошёл Не хватило денег 1 234,50 ₽"
        in payments
    )


def test_a_long_list_has_pages(portal: Portal) -> None:
    portal.batch({str(n): f"crm.item.add?entityTypeId=3&fields[name]=N{n:03d}" for n in range(50)})
    portal.person(name="Последняя")
    first = text(portal, "contacts")
    assert "1–50 из 51" in first
    assert "Последняя" in first
    assert "51–51 из 51" in text(portal, "contacts", page="1")


def test_a_card_shows_fields_history_and_what_belongs_to_it(story: Portal) -> None:
    story.control("crm/edit", {"entity_type_id": DEAL, "id": 1, "fields": {"comments": "Просит счёт"}})
    card = text(story, "deal/1")

    for words in (
        "Договор № 2026-0147 Просрочен Ковалёва Анна Сделка № 1", "1 234 ,50 ₽", "Долг 300,00 ₽", "Комментарий Просит счёт",
        "Следующее списание 1 декабря 2026", "Воронка Автоплатежи", "Мельник Ирина", "Ждём <оплаты>", "Предупреждение",
        "Создано: Просрочен", "Счёт № 2026-00012", "Не прошёл",
    ):  # fmt: skip
        assert words in card, words
    assert "Ждём &lt;оплаты&gt;" in story.web.get("/bitrix24/deal/1").text


def test_a_comment_is_shown_with_its_bold_words_and_links(story: Portal) -> None:
    said = "[b]Оплата <1>[/b]\nКарта •• 4477 https://example.com/?a=1&b=2"
    comment = {"ENTITY_TYPE": "deal", "ENTITY_ID": 1, "COMMENT": said}
    story.result("crm.timeline.comment.add", fields=comment)
    html = story.web.get("/bitrix24/deal/1").text

    assert "<b>Оплата &lt;1&gt;</b>" in html
    assert '<a href="https://example.com/?a=1&amp;b=2">' in html
    assert '<span class="nowrap">•• 4477</span>' in html


def test_a_contact_leads_to_the_cabinet_and_to_all_of_its_own(story: Portal) -> None:
    html = story.web.get("/bitrix24/contact/1").text
    assert 'href="http://localhost:8000/staff/customers/1"' in html
    for path in ("deal/1", "invoice/1", "payment/1"):
        assert f'href="/bitrix24/{path}"' in html
    assert "ИНН 7700000000" in text(story, "company/1")


def test_a_link_that_is_none_is_only_text(portal: Portal) -> None:
    portal.person(UF_CRM_KABINET_URL="javascript:alert(1)")
    assert 'href="javascript' not in portal.web.get("/bitrix24/contact/1").text


def test_an_employee_edits_from_the_card(story: Portal) -> None:
    answer = post(story, "contact/1", name="Ольга", phone="+79000000099", email="", user="3", act="change")

    assert (answer.status_code, answer.headers["location"]) == (303, "/bitrix24/contact/1")
    person = story.get(CONTACT, 1)
    assert (person["name"], person["lastName"], person["updatedBy"]) == ("Ольга", "Ковалёва", 3)
    assert [way["value"] for way in person["fm"]] == ["+79000000099"]
    post(story, "contact/1", email="olga@example.com")
    assert story.get(CONTACT, 1)["email"] == "olga@example.com"


def test_an_employee_moves_a_deal_and_deletes_one(story: Portal) -> None:
    post(story, "deal/1", stageId="C1:WON", title="Закрыт")
    deal = story.get(DEAL, 1)
    assert (deal["stageId"], deal["title"], deal["movedBy"], deal["opportunity"]) == ("C1:WON", "Закрыт", 2, 1234.5)

    answer = post(story, "deal/1", act="delete")
    assert (answer.status_code, answer.headers["location"]) == (303, "/bitrix24/deals")
    assert story.web.get("/bitrix24/deal/1").status_code == 404
    assert "удалено" in text(story, "invoice/1")


def test_a_wrong_edit_is_shown_on_the_card(story: Portal) -> None:
    refused = post(story, "deal/1", opportunity="много")
    assert refused.status_code == 422
    assert "Неверное значение поля &#34;opportunity&#34;" in refused.text
    assert "<title>Ошибка: " in refused.text


def test_the_newest_events_are_shown(portal: Portal, handler: Handler) -> None:
    portal.person()
    eventually(lambda: "доставлено" in text(portal, "events"))
    shown = text(portal, "events")
    assert "ONCRMCONTACTADD contact:1 доставлено" in shown
    assert handler.url in shown
    assert "не задан" not in shown


def test_a_page_that_has_not_changed_is_not_sent_again(story: Portal) -> None:
    html = story.web.get("/bitrix24/contacts?q=Анна").text
    again = unescape(re.findall(r'hx-get="([^"]+)"', html)[0])
    assert "q=" in again
    assert story.web.get(again).status_code == 204
    story.update(CONTACT, 1, secondName="Сергеевна")
    assert "Сергеевна" in story.web.get(again).text


@pytest.mark.parametrize("path", [*PLACES, *CARDS, "contacts?q=moon"])
def test_pages_bring_everything_from_here_and_nothing_inline(story: Portal, path: str) -> None:
    page = story.web.get(f"/bitrix24/{path}")
    html = page.text

    assert page.status_code == 200
    assert "unsafe" not in page.headers["content-security-policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"\sstyle=|<style|\son\w+=", html)
    assert not re.search(r'(?:src|action)="(?:https?:)?//', html)
    assert html.count("<h1") == 1
    assert html.count('aria-current="page"') >= 2
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", ["moon", "moon/1", "contact/7", "contact/x", "rest"])
def test_what_is_not_there_says_so(portal: Portal, path: str) -> None:
    assert portal.web.get(f"/bitrix24/{path}").status_code == 404


@pytest.mark.parametrize("path", PLACES)
def test_an_empty_portal_says_so(portal: Portal, path: str) -> None:
    assert re.search(r"[Пп]ока|Сделок нет|ещё не было", text(portal, path))


def test_the_control_page_leads_to_the_crm_and_breaks_it(portal: Portal) -> None:
    html = portal.web.get("/control/").text
    assert 'href="/bitrix24/"' in html
    assert 'value="bitrix24/error_500_after"' in html
    portal.web.post("/control/break", data={"fault": "bitrix24/error_500_after", "times": "1"})
    assert portal.send("scope").status_code == 500
    rules: list[Json] = portal.web.get("/control/faults").json()["items"]
    assert [(rule["kind"], rule["fired"]) for rule in rules] == [("error_500_after", 1)]
    assert "Битрикс24" in portal.web.get("/control/").text


def test_the_docs_name_every_control_and_method(portal: Portal) -> None:
    html = portal.web.get("/docs").text
    for path in ("crm", "crm/items", "crm/timeline", "crm/edit", "crm/stages", "crm/credentials"):
        assert f'<code class="breakable">/control/{path}</code>' in html
    for name in ("batch", "crm.item.add", "crm.duplicate.findbycomm", "killed_mid_batch", "entity_type"):
        assert name in html
