"""The switch of all charging at the desk: who may use it, what it stops, and what everybody sees of it."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select, update

from kernel.clock import business_now
from kernel.db import begin, read
from payments.history.models import StatusHistory
from payments.installation.models import Installation
from payments.installation.pausing import HISTORY_ID, pause_charging
from portal.web.kit.frame import Beat
from portal.web.surroundings import beat
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import announce_the_second_line, at_noon

pytestmark = pytest.mark.committed

PAUSE = "ЮKassa не приняла ключ магазина"


def test_a_pause_is_told_to_all_and_ended_by_the_owner_alone(desk: Desk, beating: None) -> None:
    with begin() as session:
        assert pause_charging(session, "credentials_refused", now=business_now(session), by=None)
        assert not pause_charging(session, "again", now=business_now(session), by=None), "the first reason stays"

    manager, owner = desk("manager"), desk("owner")
    assert PAUSE in manager.get("/staff").text
    assert "Возобновить списания" not in manager.get("/staff").text
    assert manager.post("/staff/charging/resumption").status_code == 403
    assert "Возобновить списания" in owner.get("/staff").text

    assert owner.post("/staff/charging/resumption").headers["location"] == "/staff"

    assert PAUSE not in owner.get("/staff").text
    assert owner.post("/staff/charging/resumption").headers["location"] == "/staff"
    assert "Списания и так идут" in owner.get("/staff").text
    with read() as session:
        told = session.execute(
            select(StatusHistory.new, StatusHistory.source)
            .where(StatusHistory.object_id == HISTORY_ID)
            .order_by(StatusHistory.id)
        ).all()
    assert [row.new for row in told] == ["paused", "running"]
    assert told[0].source == "system"
    assert told[1].source.startswith("staff:")


def test_the_rail_says_at_once_that_charging_is_paused_and_tells_the_time_of_all_pages(
    desk: Desk, beating: None
) -> None:
    owner = desk("owner")
    owner.post("/staff/charging/pause", data={"reason": "Сверяем суммы"})
    assert beat() == Beat("Списания приостановлены", alive=True, paused=True)

    owner.post("/staff/charging/resumption")
    at_noon(date(2027, 3, 10))

    running = beat()
    assert running
    assert running.text in ("Списания идут, 11:59", "Списания идут, 12:00"), "the beat was a moment ago"
    assert (running.alive, running.paused) == (True, False)


def test_the_banner_says_since_when_and_a_pause_that_is_over_does_not_lend_its_day(desk: Desk, beating: None) -> None:
    at_noon(date(2027, 3, 10))
    owner = desk("owner")
    owner.post("/staff/charging/pause", data={"reason": "Сверяем суммы"})
    assert "С 10 марта 2027" in owner.get("/staff").text.replace("\u00a0", " ")

    owner.post("/staff/charging/resumption")
    at_noon(date(2027, 3, 12))
    with begin() as session:  # as `kabinet restore` does
        session.execute(update(Installation).values(charging_paused=True, pause_reason="Восстановлена из копии"))

    page = owner.get("/staff").text
    assert "Списания приостановлены: Восстановлена из копии" in page
    assert "С 10 марта" not in page.replace("\u00a0", " ")


def test_what_a_pause_held_back_is_not_stuck_when_charging_has_just_gone_on(desk: Desk, beating: None) -> None:
    at_noon(date(2027, 3, 10))
    announce_the_second_line(date(2027, 4, 8))
    owner = desk("owner")
    owner.post("/staff/charging/pause", data={"reason": "Сверяем суммы"})
    at_noon(date(2027, 4, 12))

    owner.post("/staff/charging/resumption")

    assert "Ждут списания" not in owner.get("/staff").text
    at_noon(date(2027, 4, 13))
    assert "Ждут списания: 1" in owner.get("/staff").text, "a day later it is"


def test_a_pause_needs_a_reason_stops_at_once_and_keeps_the_first_reason(desk: Desk, beating: None) -> None:
    manager = desk("manager")
    assert 'href="/staff/charging/pause"' in manager.get("/staff").text
    question = manager.get("/staff/charging/pause").text
    assert "Приостановить все списания?" in question
    assert "Возобновить сможет только владелец." in question

    silent = manager.post("/staff/charging/pause", data={"reason": "  "})
    long = manager.post("/staff/charging/pause", data={"reason": "я" * 201})
    assert (silent.status_code, long.status_code) == (422, 422)
    assert "Напишите, почему останавливаете списания" in silent.text
    assert "я" * 201 in long.text, "what was typed stays"
    assert not is_paused()

    answers = [
        manager.post("/staff/charging/pause", data={"reason": reason}) for reason in ("Сверяем  суммы <b>", "Ещё раз")
    ]
    assert [(answer.status_code, answer.headers["location"]) for answer in answers] == [(303, "/staff")] * 2
    assert is_paused()
    page = manager.get("/staff").text
    assert "Списания приостановлены: Сверяем суммы &lt;b&gt;" in page
    assert "/staff/charging/pause" not in page
    assert "База восстановлена из копии?" in manager.get("/staff/charging/pause").text
    with read() as session:
        told = session.scalars(select(StatusHistory).where(StatusHistory.object_id == HISTORY_ID)).all()
    assert [row.new for row in told] == ["paused"]
    assert told[0].source.startswith("staff:")


@pytest.mark.parametrize("before", [(), ("Сверяем суммы",)], ids=["running", "paused already"])
def test_a_database_from_a_backup_is_not_let_go_on_before_it_is_reconciled(
    desk: Desk, beating: None, before: tuple[str, ...]
) -> None:
    owner = desk()
    for reason in before:
        owner.post("/staff/charging/pause", data={"reason": reason})

    assert 'href="/staff/charging/pause"' in owner.get("/staff").text

    owner.post("/staff/charging/pause", data={"reason": "Вернули снимок", "restored": "y"})

    page = owner.get("/staff").text
    assert "Отмечено: списания возобновятся только после сверки" in page
    assert 'href="/staff/charging/pause"' not in page

    with read() as session:
        it = session.get_one(Installation, 1)
        assert it.is_unrecalled
        assert it.pause_reason == (*before, "Вернули снимок")[0]
    assert owner.get("/staff/charging/pause").headers["location"] == "/staff", "there is nothing more to say"
    owner.post("/staff/charging/resumption")
    assert is_paused()


def test_who_may_not_pause_sees_no_button_and_stops_nothing(desk: Desk, beating: None) -> None:
    for role in ("accountant", "viewer"):
        assert "/staff/charging/pause" not in desk(role).get("/staff").text
        assert desk(role).post("/staff/charging/pause", data={"reason": "просто так"}).status_code == 403
    assert desk(role=None).post("/staff/charging/pause", data={"reason": "просто так"}).status_code == 303
    assert not is_paused()


def is_paused() -> bool:
    with read() as session:
        return session.execute(select(Installation.charging_paused)).scalar_one()
