"""Choosing, reading, agreeing or not: what is stored, and what goes to the gateway."""

from __future__ import annotations

import hashlib
import html
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, update

from kernel.db import begin, read
from payments.catalogue.models import Price
from payments.contracts.models import Contract
from payments.customers.models import Customer
from tests.portal.web.cabinet.story import MONTHLY, Cabinet, Visitor


def test_the_terms_name_sum_rhythm_dates_and_the_way_out(cabinet: Cabinet, anna: Visitor) -> None:
    page = anna.page(f"/autopay/new?price={cabinet.monthly}")

    assert "2 365,50 ₽" in page
    assert "Каждый месяц" in page
    assert "За 3 дня, письмом" in page
    assert "«Автоплатёж» → «Отключить»" in page
    assert "редакция 2" in page


@pytest.mark.parametrize(
    ("desk", "named"), [("new@example.com", "на new@example.com"), (None, "Назовите нам адрес почты")]
)
def test_the_terms_name_the_address_that_is_written_to(
    cabinet: Cabinet, anna: Visitor, desk: str | None, named: str
) -> None:
    with begin() as session:
        session.execute(update(Customer).where(Customer.id == anna.customer_id).values(email=desk))

    page = anna.page(f"/autopay/new?price={cabinet.monthly}")

    assert named in page
    assert f"на {anna.email}" not in page


def test_the_box_is_never_ticked_beforehand_and_both_choices_look_alike(cabinet: Cabinet, anna: Visitor) -> None:
    page = anna.page(f"/autopay/new?price={cabinet.monthly}")

    box = re.search(r'<input type="checkbox"[^>]*>', page)
    assert box
    assert "checked" not in box[0]
    assert re.findall(r'<button class="([^"]+)" data-busy=', page)[:2] == ["btn btn-primary btn-block"] * 2


def test_an_unticked_box_stores_nothing_and_says_why(cabinet: Cabinet, anna: Visitor) -> None:
    answer = anna.post("/autopay/new", price=cabinet.monthly, text=anna.digest_of_terms(price=cabinet.monthly))

    assert answer.status_code == 422
    assert "<title>Ошибка:" in answer.text
    assert "Отметьте согласие" in answer.text
    assert cabinet.consents_of(anna) == []
    with read() as session:
        assert session.scalar(select(func.count()).select_from(Contract)) == 0


def test_the_consent_is_kept_exactly_as_it_was_shown(cabinet: Cabinet, anna: Visitor) -> None:
    page = anna.get(f"/autopay/new?price={cabinet.monthly}").text
    legal = re.search(r'<div class="legal" id="consent" lang="ru">(.*?)<p class="xs', page, re.DOTALL)
    assert legal
    assert '<a href="http://localhost:8000/documents/offer"' in legal[1]
    shown = "\n\n".join(
        html.unescape(re.sub(r"</?a[^>]*>", "", text)) for text in re.findall(r"<p>(.*?)</p>", legal[1], re.DOTALL)
    )

    assert anna.agree(price=cabinet.monthly).status_code == 303

    (consent,) = cabinet.consents_of(anna)
    assert consent.text == shown
    assert consent.text_sha256 == hashlib.sha256(shown.encode()).hexdigest()
    assert (consent.kind, consent.action, consent.max_kopecks) == ("recurring", "given", MONTHLY)
    assert consent.shown["amount"] == "2\u00a0365,50\u00a0₽"
    assert (consent.user_agent, consent.text_version) == ("Chrome", "2")
    assert consent.user_id is not None
    assert cabinet.payments_of(anna)[0].consent_id == consent.id


def test_terms_that_changed_meanwhile_are_shown_again(cabinet: Cabinet, anna: Visitor) -> None:
    text = anna.digest_of_terms(price=cabinet.monthly)
    with begin() as session:
        session.execute(update(Price).where(Price.id == cabinet.monthly).values(kopecks=999_900))

    answer = anna.post("/autopay/new", price=cabinet.monthly, text=text, agree="y")

    assert answer.status_code == 422
    assert "Условия изменились" in answer.text
    assert "9\u00a0999,00" in answer.text
    assert "checked" not in answer.text
    assert cabinet.consents_of(anna) == []


def test_with_a_consent_the_card_is_saved_without_one_never(cabinet: Cabinet, anna: Visitor, boris: Visitor) -> None:
    anna.agree(price=cabinet.monthly)
    boris.post("/payments", price=cabinet.monthly)

    saves = [json.loads(cabinet.payments_of(one)[0].body)["save_payment_method"] for one in (anna, boris)]

    assert saves == [True, False]
    assert cabinet.consents_of(boris) == []


def test_paying_without_autopay_opens_the_contract_and_leaves_no_permission(cabinet: Cabinet, anna: Visitor) -> None:
    anna.pay(anna.post("/payments", price=cabinet.monthly))
    cabinet.world.play(advance="PT10M")

    page = anna.page("/")

    assert "Следующий платёж" in page
    assert "Без автоплатежа" in page
    assert "Включить автоплатёж" in page


def test_five_presses_at_once_make_one_payment_one_contract_one_consent(cabinet: Cabinet, anna: Visitor) -> None:
    with ThreadPoolExecutor(5) as presses:
        answers = list(presses.map(lambda _: anna.agree(price=cabinet.monthly), range(5)))

    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"].split("/")[2] for answer in answers}) == 1
    assert len(cabinet.payments_of(anna)) == 1
    assert len(cabinet.consents_of(anna)) == 1
    creations = [entry for entry in cabinet.world.journal(system="yookassa") if entry["method"] == "POST"]
    assert len({entry["key"] for entry in creations}) == 1


def test_a_second_tab_resumes_the_first_payment(cabinet: Cabinet, anna: Visitor) -> None:
    first = anna.post("/payments", price=cabinet.once)
    second = anna.post("/payments", price=cabinet.once)

    assert first.headers["location"] == second.headers["location"]
    assert len(cabinet.payments_of(anna)) == 1


def test_the_other_choice_in_a_second_tab_is_explained_and_stores_nothing(cabinet: Cabinet, anna: Visitor) -> None:
    first = anna.post("/payments", price=cabinet.monthly)

    answer = anna.agree(price=cabinet.monthly)

    assert answer.status_code == 409
    assert "По этому счёту платёж уже идёт" in answer.text
    assert first.headers["location"] in answer.text
    assert cabinet.consents_of(anna) == []


def test_autopay_can_be_moved_to_another_card_by_paying_with_it(cabinet: Cabinet, anna: Visitor) -> None:
    contract_id = cabinet.subscribe(anna)
    page = anna.page(f"/autopay/new?contract={contract_id}")
    assert "Сейчас платим с другой карты: Карта •• 4444" in page
    assert "Дальше списываем как сейчас: Карта •• 4444" in page
    assert "Сами ничего не спишем" not in page

    anna.pay(anna.agree(contract=contract_id), "2200000000000004")
    cabinet.world.play(advance="PT10M")

    assert "Карта •• 0004" in anna.page("/")
    assert [payment.status for payment in cabinet.payments_of(anna)] == ["succeeded", "succeeded"]
    assert cabinet.autopay_of(anna).consent_id == cabinet.consents_of(anna)[-1].id


def test_a_consent_given_again_after_a_withdrawal_counts_though_its_payment_was_begun_before(
    cabinet: Cabinet, anna: Visitor
) -> None:
    contract_id = cabinet.subscribe(anna)
    begun = anna.agree(contract=contract_id)
    anna.post(f"/autopay/{contract_id}/cancel")

    again = anna.agree(contract=contract_id)
    assert again.headers["location"] == begun.headers["location"]
    anna.pay(again, "2200000000000004")
    cabinet.world.play(advance="PT10M")

    consents = cabinet.consents_of(anna)
    assert [consent.action for consent in consents] == ["given", "given", "withdrawn", "given"]
    assert cabinet.payments_of(anna)[-1].consent_id == consents[-1].id
    autopay = cabinet.autopay_of(anna)
    assert (autopay.status, autopay.consent_id) == ("active", consents[-1].id)


def test_a_withdrawal_while_the_card_is_being_changed_links_no_card(cabinet: Cabinet, anna: Visitor) -> None:
    contract_id = cabinet.subscribe(anna)
    begun = anna.agree(contract=contract_id)
    anna.post(f"/autopay/{contract_id}/cancel")

    came_back = anna.pay(begun, "2200000000000004")
    cabinet.world.play(advance="PT10M")

    assert cabinet.autopay_of(anna).status == "withdrawn"
    assert cabinet.method_of(anna).unlinked_at is not None
    cards = anna.page("/payment-methods")
    assert "4444" in cards
    assert "0004" not in cards
    page = anna.page(came_back)
    assert "Автоплатёж отключён" in page
    assert "Согласие на списания отозвано" in page
    assert "карта для списаний не сохранена" not in page


def test_a_one_off_price_has_no_consent_page(cabinet: Cabinet, anna: Visitor) -> None:
    assert anna.get(f"/autopay/new?price={cabinet.once}").status_code == 404
    assert anna.get(f"/services/{cabinet.monthly}").headers["location"] == f"/autopay/new?price={cabinet.monthly}"
    assert "Оплатить 3 500,00 ₽" in anna.page(f"/services/{cabinet.once}")
    assert "каждый месяц" in anna.page("/services")


def test_a_form_that_names_nothing_is_not_found(cabinet: Cabinet, anna: Visitor) -> None:
    assert anna.post("/payments").status_code == 404
    assert anna.post("/payments", price="nonsense").status_code == 404
    assert anna.post("/autopay/new", agree="y").status_code == 404
