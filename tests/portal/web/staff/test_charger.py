"""What the dashboard and the rail say when charges are not being made, whichever process has fallen silent."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, text, update

from kernel.clock import business_now
from kernel.db import begin
from payments.charging.due import create_due_payments
from payments.charging.models import Payment
from portal.web.kit.frame import Beat
from portal.web.surroundings import beat, forget_beat
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import announce_the_second_line, at_noon

pytestmark = pytest.mark.committed


def test_a_silent_scheduler_is_shouted_about(desk: Desk, company: None) -> None:
    assert "Списания ещё ни разу не запускались" in desk().get("/staff").text
    with begin() as session:
        session.execute(text("UPDATE installation SET scheduler_beat_at = clock_timestamp() - interval '3 minutes'"))
    # The beat is real time: a shifted clock must not hide or invent a silence.
    at_noon(date(2026, 3, 1))

    assert "Списания не запускались с" in desk().get("/staff").text

    with begin() as session:
        session.execute(text("UPDATE installation SET scheduler_beat_at = clock_timestamp()"))
    assert "Списания не запускались" not in desk().get("/staff").text


def test_silent_workers_are_shouted_about_beside_a_scheduler_that_beats(desk: Desk, beating: None) -> None:
    with begin() as session:
        session.execute(text("UPDATE worker_beats SET beat_at = clock_timestamp() - interval '3 minutes'"))
    forget_beat()

    page = desk().get("/staff").text

    assert "Списания не отправляются с" in page
    assert "Проверьте, запущен ли «kabinet worker»" in page
    rail = beat()
    assert rail
    assert (rail.text.startswith("Списания стоят с"), rail.alive) == (True, False)
    with begin() as session:
        session.execute(text("DELETE FROM worker_beats"))
    forget_beat()
    assert "Списания ещё ни разу не отправлялись" in desk().get("/staff").text
    assert beat() == Beat("Списания не запускались", alive=False)


def test_written_charges_that_no_worker_takes_are_shouted_about(desk: Desk, beating: None) -> None:
    at_noon(date(2027, 3, 10))
    announce_the_second_line(date(2027, 4, 8))
    at_noon(date(2027, 4, 12))
    with begin() as session:
        create_due_payments(session, now=business_now(session))
    assert "Ждут списания" not in desk().get("/staff").text, "it was written a moment ago"
    with begin() as session:
        session.execute(update(Payment).values(created_at=func.business_now() - timedelta(minutes=11)))

    assert "Ждут списания: 1" in desk().get("/staff").text

    # A long run: this one waits for its turn while others leave.
    with begin() as session:
        leaving = {"initiator": "schedule", "first_sent_at": func.business_now(), "decided_at": func.business_now()}
        charge = session.scalars(select(Payment).where(Payment.status == "created")).one()
        leaving |= {name: getattr(charge, name) for name in ("autopay_id", "method_id", "notice_id")}
        session.execute(update(Payment).where(Payment.id != charge.id).values(leaving))
    assert "Ждут списания" not in desk().get("/staff").text

    with begin() as session:
        session.execute(update(Payment).where(Payment.id == charge.id).values(created_at=text("'2027-04-11'")))
    page = desk().get("/staff").text
    assert "Ждут списания больше суток: 1" in page, "this one is passed over"
    assert "Списания не идут" not in page


def test_due_lines_that_nobody_charges_are_shouted_about(desk: Desk, beating: None) -> None:
    at_noon(date(2027, 3, 10))
    # The invoice is announced in time, and then the charger does not come.
    announce_the_second_line(date(2027, 4, 8))
    at_noon(date(2027, 4, 12))

    page = desk().get("/staff").text

    assert "Списания не идут" in page
    assert "Ждут списания: 1" in page
    assert "Открыть задания" in page
