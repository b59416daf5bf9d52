"""The dashboard's statements beside the figures: what is expected next, how old debts are, whether letters leave."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import update

from kernel.clock import business_now
from kernel.db import begin, read
from payments.invoicing.issue import issue_now
from portal.notifications.models import Message
from portal.notifications.troubles import SERVER_AWAY
from portal.web.staff.ages import debt_bar
from portal.web.staff.mail_words import letter_trouble
from portal.web.staff.queries.debts import debt_ages
from tests.portal.notifications.writing import write_letter
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import agreement, at_noon, customer_of, pay_first

pytestmark = pytest.mark.committed


def test_at_the_end_of_a_month_the_next_money_is_named(desk: Desk) -> None:
    at_noon(date(2026, 11, 22))
    with begin() as session:
        agreement(session, customer_of(session, "Анна"), kopecks=2_796_550, in_days=12)

    page = desk().get("/staff").text

    assert "следующий платёж 4 декабря" in page
    assert "В этом месяце по графику больше ничего не ждём. Следующее 4 декабря: 27\u00a0965,50\u00a0₽." in page
    assert "По графику</li>" not in page, "the legend names no bars that are not there"


def test_what_is_expected_adds_up_in_words_in_the_chart_and_in_the_list(desk: Desk) -> None:
    at_noon(date(2026, 11, 2))
    with begin() as session:
        customer_id = customer_of(session, "Анна")
        for n, in_days in enumerate((0, 1, 2, 3, 4, 5, 6, 7)):  # eight days, the first is today
            agreement(session, customer_id, kopecks=10_000 * (n + 1), in_days=in_days)

    page = desk().get("/staff").text

    assert "До 30 ноября по графику ещё 3\u00a0600,00\u00a0₽." in page
    numbers = re.findall(r"<td>(\d+) ноября, по графику</td><td class=\"num\">([\d\xa0]+),00", page)
    assert [int(day) for day, _sum in numbers] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert sum(int(found.replace("\xa0", "")) for _day, found in numbers) == 3600
    assert re.search(r"Остальные дни</dt><dd>1\s?500,00", page), "the two days that are not named"


def test_nothing_expected_at_all_is_said_so(desk: Desk) -> None:
    assert "В ближайший месяц по графику ничего не ждём." in desk().get("/staff").text


def test_debts_are_told_by_age_and_add_up(desk: Desk) -> None:
    at_noon(date(2027, 1, 1))
    with begin() as session:
        customer_id = customer_of(session, "Должник Иван")
        for n, in_days in enumerate((0, 50, 100, 107, 108)):
            it = agreement(session, customer_id, kopecks=10**n * 1000, in_days=in_days)
            issue_now(session, it.line_id, now=business_now(session))
        pay_first(session, agreement(session, customer_id, title="Оплачено"), saves=False)
    at_noon(date(2027, 4, 18))

    with read() as session:
        found = debt_ages(session, date(2027, 4, 18))

    assert found.kopecks == (100_000, 0, 10_000, 1_000), "of the day itself nothing is overdue yet"
    assert found.debts == 3
    bar = debt_bar(found)
    assert bar
    assert bar.finding == "3 счёта, моложе месяца 90\u00a0% суммы"
    assert "Просрочка по срокам" in desk().get("/staff").text


def test_a_mail_server_that_takes_nothing_is_shouted_about(desk: Desk) -> None:
    alarm = "Письма не уходят"
    letter = write_letter()
    assert alarm not in desk().get("/staff").text

    with begin() as session:
        values = {"tries": 1, "status": "queued", "error": min(SERVER_AWAY)}
        session.execute(update(Message).where(Message.id == letter).values(values))

    assert alarm in desk("viewer").get("/staff").text
    assert alarm in desk("viewer").get("/staff/messages").text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("550 5.1.1 User unknown", "Почтовый сервер говорит, что такого адреса нет"),
        ("552 Mailbox full", "Почтовый ящик получателя переполнен"),
        ("554 5.7.1 Spam", "Почтовый сервер счёл письмо нежелательным"),
        ("550 no", "Почтовый сервер отказался принять письмо"),
        ("450 4.2.0 Greylisted", "Почтовый сервер просит прислать письмо позже"),
    ],
)
def test_a_mail_servers_answer_is_told_in_words_with_the_raw_text_aside(desk: Desk, error: str, words: str) -> None:
    assert letter_trouble(error) == (words, error)
    letter = write_letter()
    with begin() as session:
        session.execute(update(Message).where(Message.id == letter).values(status="failed", tries=1, error=error))

    page = desk().get("/staff/messages?status=failed").text

    assert words in page
    assert f'<summary>Ответ сервера</summary><code class="xs break">{error}</code>' in page


def test_a_reason_that_is_in_words_stands_alone() -> None:
    assert letter_trouble("нет адреса") == ("Нет адреса", "")


def test_a_share_of_no_payments_is_none_and_a_year_is_compared_by_its_number(desk: Desk) -> None:
    at_noon(date(2026, 11, 22))

    today = desk().get("/staff?period=day").text
    year = desk().get("/staff?period=year").text

    assert "платежей ещё нет" in today
    assert "0<small>&nbsp;%</small>" not in today
    assert "1 января – 22 ноября 2026 до" in year
    assert "в сравнении с 1 января – 22 ноября 2025 до" in year


def test_a_week_that_began_in_the_old_year_and_ended_in_the_new_one_gets_the_number_of_neither(desk: Desk) -> None:
    at_noon(date(2027, 1, 6))

    page = desk().get("/staff?period=week").text
    assert "4–6 января 2027 до" in page
    assert "в сравнении с 28–30 декабря 2026 до" in page

    at_noon(date(2027, 1, 10))
    page = desk().get("/staff?period=week").text
    assert "4–10 января до" in page
    assert "в сравнении с 28 декабря – 3 января до" in page
