"""The owner's page of daily limits, and what the dashboard says when one was reached."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sqlalchemy import select

from kernel.clock import business_date, business_now
from kernel.db import begin, read
from payments.installation.models import DailyTally, Installation
from payments.installation.pausing import DAILY_LIMIT, pause_charging
from tests.portal.web.staff.conftest import Desk

pytestmark = pytest.mark.committed

LIMITS = "/staff/charging/limits"


def _set() -> tuple[int | None, int | None]:
    with read() as session:
        row = session.execute(select(Installation.daily_limit_charges, Installation.daily_limit_kopecks)).one()
        return row.daily_limit_charges, row.daily_limit_kopecks


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ({"charges": "100", "amount": "500 000"}, (100, 50_000_000)),
        ({"charges": "", "amount": "1 234,56"}, (None, 123_456)),
        ({"charges": "3", "amount": ""}, (3, None)),
        ({"charges": "", "amount": ""}, (None, None)),
    ],
)
def test_the_owner_sets_either_both_or_none(
    desk: Desk, company: None, typed: Mapping[str, str], stored: tuple[int | None, int | None]
) -> None:
    client = desk("owner")
    assert client.post(LIMITS, data={"charges": "7", "amount": "7"}).status_code == 303

    assert client.post(LIMITS, data=typed).status_code == 303

    assert _set() == stored
    assert "Дневной предел списаний сохранён" in client.get("/staff").text


@pytest.mark.parametrize(
    "typed",
    [
        {"charges": "0", "amount": ""},
        {"charges": "-5", "amount": ""},
        {"charges": "1000001", "amount": ""},
        {"charges": "много", "amount": ""},
        {"charges": "", "amount": "0,99"},
        {"charges": "", "amount": "-100"},
        {"charges": "", "amount": "сто"},
    ],
)
def test_what_is_no_limit_is_refused_and_kept_as_typed(desk: Desk, company: None, typed: Mapping[str, str]) -> None:
    answer = desk("owner").post(LIMITS, data=typed)

    assert answer.status_code == 422
    assert "Неверное целое" not in answer.text
    assert f'value="{typed["charges"] or typed["amount"]}"' in answer.text
    assert _set() == (None, None)


def test_the_page_shows_what_is_set_and_what_leaves_on_a_day(desk: Desk, company: None) -> None:
    with begin() as session:
        today = business_date(business_now(session))
        session.add(DailyTally(charged_on=today, charges=12, kopecks=340_000))
        session.add(DailyTally(charged_on=today.replace(year=today.year - 1), charges=999, kopecks=999_999_999))
    client = desk("owner")
    client.post(LIMITS, data={"charges": "100", "amount": "500 000"})

    page = client.get(LIMITS).text.replace("\u00a0", " ")

    assert 'value="100"' in page
    assert 'value="500000,00"' in page
    assert page.count("Списаний: 12, на 3 400,00 ₽") == 2
    assert "999" not in page


def test_a_raised_limit_resumes_nothing_and_says_so(desk: Desk, company: None) -> None:
    with begin() as session:
        pause_charging(session, DAILY_LIMIT, now=business_now(session), by=None)
    client = desk("owner")

    client.post(LIMITS, data={"charges": "100", "amount": ""})

    page = client.get("/staff").text
    assert "Списания стоят, пока вы их не возобновите" in page
    assert "Списания приостановлены: достигнут дневной предел списаний" in page


def test_a_pause_by_a_limit_names_it_and_leads_the_owner_to_it(desk: Desk, company: None) -> None:
    with begin() as session:
        pause_charging(session, DAILY_LIMIT, now=business_now(session), by=None)

    page = desk("owner").get("/staff").text
    assert "Списания приостановлены: достигнут дневной предел списаний" in page
    assert f'href="{LIMITS}"' in page
    seen = desk("manager").get("/staff").text
    assert "достигнут дневной предел списаний" in seen
    assert LIMITS not in seen
