"""The list of payments with its filters and total, the card of one, and asking the gateway again."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from html import unescape
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from kernel.clock import business_now
from kernel.db import begin
from kernel.outbox import HINT_TOPIC, OutboxMessage, read_hint
from payments.autopay.consents import Evidence
from payments.autopay.stopping import withdraw
from payments.charging.models import PENDING, UNKNOWN, GatewayExchange, Payment
from payments.history.noting import note_status
from portal.notifications.reasons import reason_words
from portal.web.kit.words import WORDS
from portal.web.staff.queries import payments as queries
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import agreement, at_noon, customer_of, pay_first, play
from tests.support.another_shop import Move

pytestmark = pytest.mark.committed

LIST = "/staff/payments"


@pytest.fixture
def payments(company: None) -> dict[str, UUID]:
    """Three payments: Anna's in March (1 000 ₽, •• 4477) and in April, declined; Pavel's in April (50 ₽, •• 1111)."""
    at_noon(date(2027, 3, 5))
    with begin() as session:
        anna = agreement(session, customer_of(session, "Анна Ковалёва", phone="+79161234567"), kopecks=100_000)
        first = pay_first(session, anna, last4="4477")
    play(date(2027, 4, 5), lambda _payment: "3d_secure_failed")
    with begin() as session:
        pavel = agreement(session, customer_of(session, "Ким Павел"), kopecks=5_000)
        other = pay_first(session, pavel, last4="1111", saves=False)
        declined = session.scalars(select(Payment.id).where(Payment.status == "canceled")).one()
    return {"first": first, "declined": declined, "other": other, "anna": anna.customer_id}


def shown(page: str) -> set[str]:
    return set(re.findall(rf'class="cell tnum nowrap" href="{LIST}/([0-9a-f-]{{36}})"', page))


FILTERS: dict[str, set[str]] = {
    "": {"first", "declined", "other"},
    "q=ковалева": {"first", "declined"},
    "q=8(916)123-45-67": {"first", "declined"},
    "status=succeeded": {"first", "other"},
    "status=canceled": {"declined"},
    "initiator=schedule": {"declined"},
    "initiator=customer": {"first", "other"},
    "view=failed": {"declined"},
    "view=unknown": set(),
    "last4=4477": {"first", "declined"},
    "last4=1111": {"other"},
    "first_on=01.04.2027": {"declined", "other"},
    "last_on=2027-03-05": {"first"},
    "first_on=05.03.2027&last_on=05.03.2027": {"first"},
    "least=1 000": {"first", "declined"},
    "most=50,00": {"other"},
    "least=10&most=999": {"other"},
    "q=ковалева&status=succeeded&last4=4477": {"first"},
    "view=rubbish&customer=rubbish": {"first", "declined", "other"},
}


def test_each_filter_lets_through_what_it_says(desk: Desk, payments: dict[str, UUID]) -> None:
    client, names = desk(), {str(payment_id): name for name, payment_id in payments.items()}
    answers = {query: client.get(f"{LIST}?{query}") for query in FILTERS}

    assert {answer.status_code for answer in answers.values()} == {200}
    assert {query: {names[found] for found in shown(page.text)} for query, page in answers.items()} == FILTERS


def test_a_payment_is_found_by_its_number_and_by_the_gateways_id(desk: Desk, payments: dict[str, UUID]) -> None:
    with begin() as session:
        first = session.get_one(Payment, payments["first"])
    client = desk()

    for typed in (str(first.number), f"№ {first.number}", str(first.gateway_id), str(first.id)):
        assert shown(client.get(LIST, params={"q": typed}).text) == {str(first.id)}, typed
    assert shown(client.get(LIST, params={"q": "9" * 40}).text) == set()


def test_the_total_counts_all_and_adds_up_what_was_paid(desk: Desk, payments: dict[str, UUID]) -> None:
    page = desk().get(LIST).text

    assert "Итого платежей: 3" in page
    assert "1\u00a0050,00\u00a0₽" in page


def test_beyond_the_most_counted_the_total_says_more(
    desk: Desk, payments: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST_COUNTED", 2)

    assert "более 2 платежей" in desk().get(LIST).text


NONSENSE = {
    "last4=12": "Введите четыре цифры",
    "last4=12345": "Введите четыре цифры",
    "first_on=32.01.2027": "Такой даты нет в календаре",
    "last_on=вчера": "Введите дату как",
    "least=сто": "Введите сумму цифрами",
    "least=-5": "Сумма не может быть отрицательной",
    "least=70000&most=100": "Наибольшая сумма меньше наименьшей",
    "status=rubbish": "",
    "initiator=rubbish": "",
}


def test_a_condition_that_makes_no_sense_is_named_and_kept(desk: Desk, payments: dict[str, UUID]) -> None:
    client = desk()
    for query, reason in NONSENSE.items():
        page = client.get(f"{LIST}?{query}")

        assert page.status_code == 422, query
        assert reason in page.text, query
        assert shown(page.text) == set(), query
        assert "Таких платежей не нашлось" not in page.text, "the error is all there is to say"
        if not query.endswith("rubbish"):
            assert f'value="{query.split("=")[-1]}' in page.text, query


def test_each_condition_has_a_chip_that_takes_it_away(desk: Desk, payments: dict[str, UUID]) -> None:
    client = desk()
    page = client.get(f"{LIST}?status=succeeded&initiator=customer&last4=4477&customer={payments['anna']}").text

    chips = re.findall(r'<a class="chip" href="([^"]+)"', page)

    assert len(chips) == 4
    assert "Клиент:" in page
    without = [client.get(chip.replace("&amp;", "&")).text for chip in chips]
    assert [len(re.findall('class="chip"', text)) for text in without] == [3, 3, 3, 3]


def test_a_long_list_goes_on_under_the_same_filter(desk: Desk, company: None) -> None:
    with begin() as session:
        customer_id = customer_of(session, "Анна")
        for n in range(30):
            pay_first(session, agreement(session, customer_id, kopecks=100_000 + n), saves=False)
        pay_first(session, agreement(session, customer_id, kopecks=500), saves=False)
    client = desk()
    first = client.get(f"{LIST}?least=1000").text
    older = re.search(r'href="([^"]+)" rel="next"', first)
    assert older

    second = client.get(older[1].replace("&amp;", "&")).text

    assert (len(shown(first)), len(shown(second))) == (25, 5)
    assert not shown(first) & shown(second)


def test_the_card_tells_why_in_words_and_in_the_raw_code(desk: Desk, payments: dict[str, UUID]) -> None:
    page = desk().get(f"{LIST}/{payments['declined']}").text

    assert str(reason_words("3d_secure_failed").what) in page
    assert "Код ЮKassa: 3d_secure_failed" in page
    assert "банк или система карт" in page
    assert "Предупреждение" in page
    assert "Согласен на автоматические списания" in page, "the consent as it was shown"
    assert "Все попытки по счёту" in page


def test_the_card_tells_period_sum_and_consent_and_when_it_was_taken_back(
    desk: Desk, payments: dict[str, UUID]
) -> None:
    here = f"{LIST}/{payments['first']}"
    page = desk().get(here).text.replace("\u00a0", " ")
    assert "с 5 марта 2027 по 4 апреля 2027" in page
    assert "Из чего сложилась сумма" in page
    assert re.search(r"<dt>Счёт № [\d-]+</dt><dd>1 000,00 ₽</dd>", page)
    assert re.search(r"<dt>Комиссия ЮKassa</dt>\s*<dd[^>]*>30,00 ₽</dd>", page)
    assert re.search(r"<dt>Придёт на счёт</dt>\s*<dd[^>]*>970,00 ₽</dd>", page)
    assert "Отозвано" not in page

    with begin() as session:
        payment = session.get_one(Payment, payments["first"])
        withdraw(session, payment.contract_id, evidence=Evidence(), now=business_now(session))
    assert "Отозвано" in desk().get(here).text


def test_what_was_sent_is_shown_without_the_token_and_the_way_back(desk: Desk, payments: dict[str, UUID]) -> None:
    with begin() as session:
        charged = session.get_one(Payment, payments["declined"])
        charged.sends = 1
        token = json.loads(charged.body)["payment_method_id"]
        key, first = charged.key, session.get_one(Payment, payments["first"])
        first.sends = 1
        way_back = json.loads(first.body)["confirmation"]["return_url"]

    page = unescape(desk().get(f"{LIST}/{payments['declined']}").text)
    assert '"value": "1000.00"' in page
    assert f'"payment_id": "{payments["declined"]}"' in page
    assert '"payment_method_id": "•••"' in page
    assert str(key) in page
    assert token not in page
    hosted = unescape(desk().get(f"{LIST}/{payments['first']}").text)
    assert '"confirmation": "•••"' in hosted
    assert way_back not in hosted


def test_a_reason_that_the_gateway_invented_is_shown_as_it_came(desk: Desk, payments: dict[str, UUID]) -> None:
    with begin() as session:
        session.execute(update(Payment).where(Payment.id == payments["declined"]).values(reason="brand_new_reason"))

    assert "(brand_new_reason)" in desk().get(f"{LIST}/{payments['declined']}").text


def test_exchanges_are_shown_as_text(desk: Desk, payments: dict[str, UUID]) -> None:
    with begin() as session:
        session.add(
            GatewayExchange(
                payment_id=payments["first"],
                verb="send",
                outcome="unknown",
                http_status=502,
                request_id="req-17",
                answer={"error": "<script>alert(1)</script>", "text": "Плохой шлюз"},
                millis=1234,
            )
        )

    page = desk().get(f"{LIST}/{payments['first']}").text

    assert "HTTP 502" in page
    assert "req-17" in page
    assert "Плохой шлюз" in page, "not as escapes"
    assert "<script>alert" not in page


def test_what_never_came_from_the_gateway_is_not_called_its_answer(desk: Desk, payments: dict[str, UUID]) -> None:
    with begin() as session:
        lost = {"error": "RemoteProtocolError"}
        session.add(
            GatewayExchange(payment_id=payments["other"], verb="send", outcome="unknown", answer=lost, millis=9)
        )
        note_status(session, "payment", payments["other"], old="sending", new="unknown", source="answer")

    page = desk().get(f"{LIST}/{payments['other']}").text

    assert "Понятного ответа не пришло" in page
    assert "Что случилось" in page.partition("RemoteProtocolError")[0][-300:]


@pytest.mark.parametrize("status", sorted(WORDS["payment"]))
def test_every_status_has_a_card_and_a_line(desk: Desk, payments: dict[str, UUID], status: str) -> None:
    with begin() as session:
        session.execute(update(Payment).where(Payment.id == payments["other"]).values(status=status, reason=None))

    assert str(WORDS["payment"][status].text) in desk().get(f"{LIST}/{payments['other']}").text
    assert desk().get(f"{LIST}?status={status}").status_code == 200
    assert desk().get(f"/staff/customers/{payments['anna']}").status_code == 200


@pytest.mark.parametrize("status", [UNKNOWN, PENDING])
def test_the_gateway_is_asked_again_by_a_hint_to_the_checker(
    desk: Desk, payments: dict[str, UUID], status: str
) -> None:
    here = f"{LIST}/{payments['other']}"
    with begin() as session:
        later = business_now(session) + timedelta(hours=1)
        waiting = update(Payment).where(Payment.id == payments["other"])
        session.execute(waiting.values(status=status, next_check_at=later))
        session.execute(update(OutboxMessage).values(dispatched_at=business_now(session)))
    assert "Спросить ЮKassa ещё раз" in desk("accountant").get(here).text
    assert "Спросить ЮKassa ещё раз" not in desk("viewer").get(here).text

    answer = desk("accountant").post(f"{here}/checks")

    assert answer.headers["location"] == here
    with begin() as session:
        hint = session.scalars(
            select(OutboxMessage.payload).where(
                OutboxMessage.dispatched_at.is_(None), OutboxMessage.topic == HINT_TOPIC
            )
        ).one()
        due = select(Payment.id).where(Payment.id == payments["other"], Payment.next_check_at < later)
        assert session.execute(due).first()
    assert read_hint(hint).job == "check"
    assert read_hint(hint).ids == (payments["other"],)


def test_there_is_nothing_to_ask_about_a_payment_that_has_ended(desk: Desk, payments: dict[str, UUID]) -> None:
    assert "Спросить ЮKassa" not in desk().get(f"{LIST}/{payments['first']}").text
    assert desk().post(f"{LIST}/{payments['first']}/checks").status_code == 409
    assert desk().post(f"{LIST}/{uuid4()}/checks").status_code == 404


def test_empty_lists_say_what_it_means(desk: Desk, company: None) -> None:
    client = desk()

    assert "Платежей пока нет" in client.get(LIST).text
    assert "Здесь пусто, и это хорошо" in client.get(f"{LIST}?view=failed").text
    assert "Таких платежей не нашлось" in client.get(f"{LIST}?q=никто").text


@pytest.mark.parametrize("status", [UNKNOWN, PENDING])
def test_a_payment_of_the_shop_of_before_says_where_its_outcome_is_seen(
    desk: Desk, payments: dict[str, UUID], move: Move, status: str
) -> None:
    place = f"{LIST}/{payments['other']}"
    with begin() as session:
        session.execute(update(Payment).where(Payment.id == payments["other"]).values(status=status))
    assert "Сделан в другом магазине" not in desk().get(place).text

    with begin() as session:
        move.here(session)

    page = desk().get(place).text
    assert "Сделан в другом магазине ЮKassa: № 100500" in page
    assert "в личном кабинете того магазина" in page
    assert "мы спрашиваем ЮKassa, пока не узнаем" not in page
    assert "Сделан в другом магазине" not in desk().get(f"{LIST}/{payments['declined']}").text, "it is decided"
