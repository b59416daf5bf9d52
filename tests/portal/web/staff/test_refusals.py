"""What may not be done is told to employees at the desk, in words for them."""

from __future__ import annotations

from uuid import uuid4

import pytest

from portal.accounts.sessions import STAFF
from portal.web.kit.guards import CurrentStaff
from tests.portal.web.staff.conftest import Desk, desk_app, session_of, staff_member, stranger

pytestmark = pytest.mark.committed

RAIL, CUSTOMERS = 'class="rail"', "Личный кабинет"


def test_what_a_role_may_not_is_said_inside_the_desk(desk: Desk, company: None) -> None:
    answer = desk("manager").post("/staff/proof/readings")

    assert answer.status_code == 403
    assert RAIL in answer.text
    assert "Этого действия нет в вашей роли" in answer.text
    assert CUSTOMERS not in answer.text
    assert "Позвонить" not in answer.text


def test_what_is_not_there_is_said_inside_the_desk(desk: Desk, company: None) -> None:
    answer = desk("viewer").get(f"/staff/proof/differences/{uuid4()}")

    assert answer.status_code == 404
    assert RAIL in answer.text
    assert "Ошибка 404." in answer.text


def test_whoever_is_not_known_gets_a_bare_page_of_the_desk(desk: Desk, company: None) -> None:
    nowhere = desk("viewer").get("/staff/nowhere")
    foreign = desk("owner").post("/staff/proof/readings", headers={"Sec-Fetch-Site": "cross-site"})

    assert (nowhere.status_code, foreign.status_code) == (404, 403)
    for page in (nowhere.text, foreign.text):
        assert RAIL not in page
        assert "Рабочее место" in page
        assert CUSTOMERS not in page
    assert "запрос пришёл не с рабочего места" in foreign.text


def test_a_mistake_of_ours_is_told_on_a_page_that_needs_nothing(company: None) -> None:
    app = desk_app()

    @app.get("/staff/crash")
    def crash(staff: CurrentStaff) -> None:
        raise RuntimeError

    with stranger(app) as client:
        client.cookies.set("kabinet_staff", session_of(staff_member("owner"), STAFF))
        answer = client.get("/staff/crash")

    assert answer.status_code == 500
    assert RAIL not in answer.text
    assert "Что случилось, сказано в журнале сервера" in answer.text
    assert "Если вы платили" not in answer.text
