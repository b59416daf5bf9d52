"""Views of the list of payments: everybody's, and those that an employee keeps under a name."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import parse_qsl
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from kernel.db import begin, read
from portal.saved_views.keeping import MOST
from portal.saved_views.models import SavedView
from portal.web.staff.payments_filter import read_filter
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import agreement, at_noon, customer_of, pay_first

LIST = "/staff/payments"
VIEWS = f"{LIST}/views"
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
SUMS = st.integers(1, 10**9).map(lambda kopecks: f"{kopecks // 100},{kopecks % 100:02d}")
ADDRESSES = st.fixed_dictionaries(
    {},
    optional={
        "q": TEXTS,
        "contract": TEXTS,
        "status": st.sampled_from(["", "succeeded", "canceled", "rubbish"]),
        "initiator": st.sampled_from(["", "customer", "schedule"]),
        "method": st.sampled_from(["", "bank_card", "sbp"]),
        "view": st.sampled_from(["", "month", "failed", "rubbish"]),
        "first_on": st.dates(date(2020, 1, 1), date(2030, 1, 1)).map(lambda day: day.strftime("%d.%m.%Y")),
        "last_on": st.dates(date(2020, 1, 1), date(2030, 1, 1)).map(lambda day: day.isoformat()),
        "least": SUMS,
        "most": SUMS,
        "last4": st.from_regex(r"[0-9]{4}", fullmatch=True),
        "customer": st.uuids().map(str),
    },
)


@given(ADDRESSES)
def test_a_filter_survives_its_own_address(address: dict[str, str]) -> None:
    asked = read_filter(address)

    again = read_filter(dict(parse_qsl(asked.query)))

    assert again.good == asked.good
    assert again.query == asked.query
    if asked.good:
        assert again.wanted == asked.wanted


@pytest.fixture
def two(company: None) -> None:
    """This month a payment of 3 000 ₽ and one of 60 000 ₽; in March one of 3 000 ₽."""
    at_noon(date(2027, 3, 5))
    with begin() as session:
        pay_first(session, agreement(session, customer_of(session, "Анна Ковалёва")), saves=False)
    at_noon(date(2027, 4, 5))
    with begin() as session:
        pay_first(session, agreement(session, customer_of(session, "Ким Павел")), saves=False)
        pay_first(session, agreement(session, customer_of(session, "ООО «Садко»"), kopecks=6_000_000), saves=False)


def tabs(page: str) -> dict[str, str]:
    """The count of each tab, in words."""
    nav = page.split('class="tabs"')[1].split("</nav>", maxsplit=1)[0]
    found = re.findall(r"<a [^>]*>([^<]+?)\s*(?:<span[^>]*>([^<]*)</span>)?</a>", nav)
    return dict(found)


def current(page: str) -> str:
    nav = page.split('class="tabs"')[1].split("</nav>", maxsplit=1)[0]
    found = re.search(r'aria-current="page">([^<]+?)\s*<', nav)
    assert found
    return found[1].strip()


@pytest.mark.committed
def test_everybodys_views_say_how_much_they_hold(desk: Desk, two: None) -> None:
    client = desk("viewer")
    page = client.get(LIST).text

    assert tabs(page) == {
        "Все": "",
        "За апрель": "2",
        "Не прошли, ждут оплаты": "",
        "Крупные, от 50\u00a0000\u00a0₽": "1",
    }
    assert current(page) == "Все"
    assert current(client.get(f"{LIST}?view=month").text) == "За апрель"
    assert "Исход неизвестен" in tabs(client.get(f"{LIST}?view=unknown").text), "it is looked at"
    assert "Итого платежей: 2" in client.get(f"{LIST}?view=month").text


@pytest.mark.committed
def test_a_filter_is_kept_renamed_and_dropped_by_its_owner_alone(desk: Desk, two: None) -> None:
    client, colleague = desk("accountant"), desk("owner")
    address = f"{LIST}?q=ким&first_on=01.04.2027"
    offered = re.search(r'href="(/staff/payments/views/new\?[^"]+)"', client.get(address).text)
    assert offered
    question = client.get(offered[1].replace("&amp;", "&")).text
    assert "1 апреля 2027" in question
    query = re.search(r'name="query" value="([^"]+)"', question)
    assert query

    kept = client.post(VIEWS, data={"name": "  Ким,  апрель ", "query": query[1].replace("&amp;", "&")})

    assert kept.status_code == 303
    shown = client.get(kept.headers["location"]).text
    assert current(shown) == "Ким, апрель"
    assert tabs(shown)["Ким, апрель"] == "1"
    assert "Ким, апрель" not in tabs(colleague.get(LIST).text)
    edit = re.search(r'href="(/staff/payments/views/[0-9a-f-]{36})"', shown)
    assert edit
    assert colleague.get(edit[1]).status_code == 404
    assert colleague.post(edit[1], data={"name": "Чужой"}).status_code == 404
    assert colleague.post(f"{edit[1]}/removal").status_code == 303
    assert client.post(edit[1], data={"name": "Ким"}).status_code == 303
    assert "Ким" in tabs(client.get(LIST).text)
    assert client.post(f"{edit[1]}/removal").status_code == 303
    assert client.post(f"{edit[1]}/removal").status_code == 303, "a second press finds it done"
    assert set(tabs(client.get(LIST).text)) >= {"Все", "Не прошли, ждут оплаты"}
    assert "Ким" not in tabs(client.get(LIST).text)


@pytest.mark.committed
def test_a_name_is_needed_once_and_there_is_an_end(desk: Desk, company: None) -> None:
    client = desk()
    query = "status=canceled"
    assert client.post(VIEWS, data={"name": "Отказы", "query": query}).status_code == 303

    for name, reason in (
        (" ", "Назовите отбор"),
        ("отказы", "Отбор с таким названием у вас уже есть"),
        ("я" * 41, "не больше 40 знаков"),
    ):
        page = client.post(VIEWS, data={"name": name, "query": query})
        assert page.status_code == 422, name
        assert reason in page.text
        assert name.strip() in page.text
    for n in range(1, MOST):
        assert client.post(VIEWS, data={"name": f"Ещё {n}", "query": query}).status_code == 303
    page = client.post(VIEWS, data={"name": "Лишний", "query": query})
    assert page.status_code == 422
    assert f"У вас уже {MOST} отборов" in page.text
    with read() as session:
        assert len(session.scalars(select(SavedView)).all()) == MOST


@pytest.mark.committed
@pytest.mark.parametrize("query", ["", "view=rubbish", "least=сто", "status=rubbish"])
def test_what_filters_nothing_or_makes_no_sense_is_not_kept(desk: Desk, company: None, query: str) -> None:
    client = desk()

    assert client.post(VIEWS, data={"name": "Пусто", "query": query}).status_code == 409
    assert client.get(f"{VIEWS}/new?{query}").status_code == 409
    with read() as session:
        assert session.scalars(select(SavedView)).all() == []


@pytest.mark.committed
def test_a_view_that_is_not_there_is_not_found(desk: Desk, company: None) -> None:
    assert desk().get(f"{VIEWS}/{uuid4()}").status_code == 404
