"""The audit log as the owner reads it: in words, narrowed by person, act, period and object, page by page."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from starlette.testclient import TestClient

from kernel.clock import business_date, real_now
from kernel.db import begin
from portal.accounts.login import Entrance
from portal.accounts.sessions import STAFF
from portal.audit.acts import ACTS, SUBJECTS
from portal.audit.recording import changed, record_act
from tests.portal.web.played_desk import employee
from tests.portal.web.staff.conftest import Desk

pytestmark = pytest.mark.committed

LIST = "/staff/audit"
CONTRACT = uuid4()


@pytest.fixture
def written(company: None) -> UUID:
    """Three acts of Oleg and one of the server; Oleg's id."""
    with begin() as session:
        oleg = Entrance(employee(session, "oleg@example.com", "manager").id, STAFF, "")
        status = {"status": changed("active", "suspended"), "number": "2026-0147"}
        record_act(session, oleg, "contract.suspended", "contract", CONTRACT, request=None, details=status)
        record_act(session, oleg, "price.added", "price", uuid4(), request=None, details={"kopecks": 250_050})
        record_act(
            session, oleg, "charging.paused", "installation", UUID(int=1), request=None, details={"reason": "<b>Сверка"}
        )
        role = {"role": changed("viewer", "owner")}
        record_act(session, None, "user.role_changed", "user", oleg.user_id, request=None, details=role)
        return oleg.user_id


def rows(client: TestClient, query: str = "") -> list[str]:
    page = client.get(f"{LIST}{query}").text
    body = page.split("<tbody")[1].split("</tbody", maxsplit=1)[0] if "<tbody" in page else ""
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).replace("\u00a0", " ") for row in body.split("<tr")[1:]]


def test_acts_are_told_in_words_with_what_they_changed(desk: Desk, written: UUID) -> None:
    role, pause, price, contract = rows(desk("owner"))

    assert "Роль изменена" in role
    assert "Роль: Только просмотр → Владелец" in role
    assert "Команда на сервере" in role
    assert "Причина: &lt;b&gt;Сверка" in pause
    assert "Сумма: 2 500,50 ₽" in price
    assert "Состояние: Действует → Приостановлен" in contract
    assert "Олег Ветров" in contract


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("?person={oleg}", 3),
        ("?act=price.added", 1),
        ("?kind=contract", 1),
        ("?kind=contract&id={contract}", 1),
        ("?kind=contract&id=1", 0),
        ("?first_on={today}&last_on={today}", 4),
        ("?first_on={tomorrow}", 0),
        ("?last_on={yesterday}", 0),
        ("?act=nothing.known&kind=nothing&person=rubbish", 4),
        ("?person={nobody}", 0),
        ("?id=%00", 4),
    ],
)
def test_the_log_is_narrowed(desk: Desk, written: UUID, query: str, left: int) -> None:
    today = business_date(real_now())
    days = {"today": today, "tomorrow": today + timedelta(days=1), "yesterday": today - timedelta(days=1)}
    names = {name: day.strftime("%d.%m.%Y") for name, day in days.items()}

    found = rows(desk("owner"), query.format(oleg=written, contract=CONTRACT, nobody=uuid4(), **names))

    assert len(found) == left


@pytest.mark.parametrize(
    ("field", "day", "told"),
    [
        ("first_on", "30.02.2026", "Такой даты нет в календаре"),
        ("last_on", "31.12.9999", "Проверьте год"),
        ("first_on", "01.01.0001", "Проверьте год"),
    ],
)
def test_a_date_that_nothing_can_be_of_is_said(desk: Desk, written: UUID, field: str, day: str, told: str) -> None:
    answer = desk("owner").get(f"{LIST}?{field}={day}")

    assert answer.status_code == 422
    assert told in answer.text
    assert day in answer.text
    assert "<tbody" not in answer.text


def test_the_object_is_one_click_away(desk: Desk, written: UUID) -> None:
    page = desk("owner").get(LIST).text

    assert f'href="/staff/contracts/{CONTRACT}"' in page
    assert f"kind=contract&amp;id={CONTRACT}" in page


def test_every_page_of_a_long_log_is_reached_once(desk: Desk, company: None) -> None:
    with begin() as session:
        for number in range(60):
            record_act(
                session, None, "contract.ended", "contract", CONTRACT, request=None, details={"number": f"N-{number}."}
            )
    client = desk("owner")
    seen: list[str] = []
    url: str | None = ""
    while url is not None:
        page = client.get(LIST + url).text
        seen += re.findall(r"N-\d+\.", page)
        following = re.search(r'href="/staff/audit([^"]*)" rel="next"', page)
        url = following[1].replace("&amp;", "&") if following else None

    assert seen == [f"N-{number}." for number in reversed(range(60))]


def test_an_empty_log_says_what_will_be_here(desk: Desk, company: None) -> None:
    assert "Записей пока нет" in desk("owner").get(LIST).text
    assert "Таких действий не нашлось" in desk("owner").get(f"{LIST}?act=contract.ended").text


def test_every_act_is_of_an_object_that_has_words() -> None:
    of_another_object = {"autopay", "charge", "charging", "letter", "note", "payments", "proof", "sync"}
    assert {act.partition(".")[0] for act in ACTS} - of_another_object <= set(SUBJECTS)
    assert all(str(words).strip() for words in ACTS.values())
    assert all(str(name).strip() for name, _url in SUBJECTS.values())
