"""The page of jobs: who is alive, what waits, what each duty did, and what is dead."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import func, text, update

from crm_sync.part import CRM
from kernel import broker
from kernel.broker import Jobs
from kernel.db import begin
from kernel.outbox import Delivery, OutboxMessage
from kernel.settings import get_settings
from payments.installation.models import Installation
from portal.duties.noting import DutyNotes, give_worker_beat
from portal.public import Duty
from portal.scheduler import run_duties
from portal.web.staff.job_words import DUTIES as DUTY_WORDS
from portal.web.staff.job_words import QUEUES
from portal.wiring import DUTIES, Wiring
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import agreement, at_noon, customer_of

JOBS = "/staff/jobs"


def test_every_duty_and_queue_has_a_name() -> None:
    assert set(DUTY_WORDS) == {duty.name for duty in Wiring(CRM).duties}
    assert set(QUEUES) == {job.queue for job in Wiring(CRM).jobs.by_name.values()}


@pytest.mark.committed
def test_living_and_silent_processes_are_told_apart(desk: Desk, company: None, redis: str) -> None:
    page = desk("viewer").get(JOBS).text
    assert page.count("Молчит") == 2, "neither the scheduler nor the relay has ever run"
    assert "Не запущен" in page
    with begin() as session:
        session.execute(
            update(Installation).values(scheduler_beat_at=func.clock_timestamp(), relay_beat_at=func.clock_timestamp())
        )
    give_worker_beat("one:1")
    give_worker_beat("two:2")
    give_worker_beat("one:1")
    with begin() as session:
        session.execute(text("UPDATE worker_beats SET beat_at = beat_at - interval '5 minutes' WHERE worker = 'two:2'"))

    page = desk().get(JOBS).text

    assert page.count("Работает") == 3
    assert page.count("Молчит") == 1
    assert "5 минут назад" in page
    with begin() as session:
        session.execute(text("UPDATE worker_beats SET beat_at = beat_at - interval '2 days' WHERE worker = 'two:2'"))
    give_worker_beat("one:1")
    assert "two:2" not in desk().get(JOBS).text, "long gone"


@pytest.mark.committed
def test_queues_are_counted_while_redis_is_there(desk: Desk, company: None, redis: str) -> None:
    jobs = Wiring(CRM).jobs
    jobs.send("charge", [1])
    jobs.send("charge", [2])

    page = desk().get(JOBS).text

    assert "ждут 2, в работе 0" in page
    assert page.count("пусто") == len(QUEUES) - 1


@pytest.mark.committed
def test_without_redis_the_page_says_so_and_shows_the_rest(
    desk: Desk, company: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KABINET_REDIS_URL", "redis://127.0.0.1:9/0")
    get_settings.cache_clear()
    broker.dispose()

    page = desk().get(JOBS)

    assert page.status_code == 200
    assert "Redis недоступен" in page.text
    assert "Очереди" not in page.text
    assert "Выставить счета" in page.text
    get_settings.cache_clear()
    broker.dispose()


@pytest.mark.committed
def test_a_duty_tells_what_it_found_when_it_broke_and_what_waits(desk: Desk, company: None, redis: str) -> None:
    at_noon(date(2027, 3, 1))
    with begin() as session:
        agreement(session, customer_of(session, "Анна"), in_days=0)
    assert "ещё не было нужно" in desk().get(JOBS).text
    assert "Пора" in desk().get(JOBS).text, "an invoice is to be issued"
    notes, jobs = DutyNotes(), Jobs([])

    run_duties(DUTIES, jobs, due=["installments.issue_at"], broken=lambda _duty, _error: None, notes=notes)
    notes.write()

    row = row_of(desk().get(JOBS).text, "Выставить счета")
    assert "сейчас" in row
    assert ">1<" in row
    notes.broke("issue_due", ValueError("Анна Ковалёва"))
    notes._written_at = float("-inf")
    notes.write()
    broken = row_of(desk().get(JOBS).text, "Выставить счета")
    assert "Сломалось: ValueError" in broken
    assert "Анна" not in broken, "the text of an error may name people"


@pytest.mark.committed
def test_a_broken_duty_is_noted_and_the_others_go_on(company: None) -> None:
    def breaks(_send: object) -> int:
        raise RuntimeError

    notes, told = DutyNotes(), []
    broken = Duty("lapse_unpaid", breaks, DUTIES[0].waits)
    run_duties(
        (broken, *DUTIES),
        Jobs([]),
        due=[broken.waits[0].name],
        broken=lambda duty, _error: told.append(duty.name),
        notes=notes,
    )

    assert told == ["lapse_unpaid"]
    assert set(notes._runs) == {"lapse_unpaid", "issue_due"}


@pytest.mark.committed
def test_dead_events_lead_to_their_list(desk: Desk, company: None, redis: str) -> None:
    with begin() as session:
        message = OutboxMessage(topic="payments.payment_succeeded.v1", payload={})
        session.add(message)
        session.flush()
        session.add(Delivery(message_id=message.id, consumer="x", dead_at=func.business_now(), error="KeyError"))
        session.execute(update(OutboxMessage).values(dispatched_at=func.business_now()))

    page = desk("viewer").get(JOBS).text

    assert "Необработанных событий: 1" in page
    assert 'href="/staff/deliveries"' in page
    assert "Посмотреть и повторить" not in page
    assert "Посмотреть и повторить" in desk("manager").get(JOBS).text


@pytest.mark.committed
def test_every_ten_seconds_only_the_state_is_sent(desk: Desk, company: None, redis: str) -> None:
    part = desk(htmx=True).get(JOBS).text

    assert 'hx-trigger="every 10s"' in part
    assert "<html" not in part


def row_of(page: str, name: str) -> str:
    rows: list[str] = re.findall(r"<tr role=\"row\">(.*?)</tr>", page, re.DOTALL)
    return next(row for row in rows if name in row)
