"""What is turned away at the address for notifications is counted, and staff see it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from kernel.clock import business_date, business_now
from kernel.db import begin, read
from payments.webhooks.models import WebhookRefusal
from payments.webhooks.refusing import KEPT, note_refusal
from portal.accounts.sessions import STAFF
from portal.app import build_app
from tests.portal.web.staff.conftest import session_of, staff_member
from tests.support.business import open_company

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("committed")]
ADDRESS = "/webhooks/yookassa/hook-of-tests"
GUESSED = "/webhooks/yookassa/guessed"
NOTIFICATION = {
    "type": "notification",
    "event": "payment.succeeded",
    "object": {"id": "30000000-0000", "status": "succeeded"},
}


def knock(address: str, ip: str, body: object = NOTIFICATION) -> int:
    # Without the lifespan: no thread of the application outlives the test's database.
    client = TestClient(build_app(), "http://localhost:8000", client=(ip, 50_000))
    return client.post(address, json=body).status_code


def counted() -> dict[str, tuple[int, str | None]]:
    with read() as session:
        return {
            row.reason: (row.times, row.last_ip and str(row.last_ip)) for row in session.scalars(select(WebhookRefusal))
        }


def test_each_refusal_is_counted_by_its_reason_with_where_the_last_came_from() -> None:
    answers = [
        knock(GUESSED, "203.0.113.5"),
        knock(GUESSED, "203.0.113.6"),
        knock(ADDRESS, "203.0.113.7"),
        knock(ADDRESS, "127.0.0.1", {"type": "else", "secret": "very-secret"}),
    ]

    assert answers == [404, 404, 404, 400]
    assert counted() == {"secret": (2, "203.0.113.6"), "address": (1, "203.0.113.7"), "body": (1, "127.0.0.1")}


def test_a_notification_that_is_taken_in_is_no_refusal() -> None:
    assert knock(ADDRESS, "127.0.0.1") == 200

    assert counted() == {}


def test_an_address_that_is_none_is_counted_too() -> None:
    assert knock(GUESSED, "somewhere") == 404

    assert counted() == {"secret": (1, None)}


def test_counts_are_kept_by_day_and_not_for_ever() -> None:
    with begin() as session:
        now = business_now(session)
        for day in (-1, -1, 0):
            note_refusal(session, "secret", ip=None, now=now + timedelta(days=day))
        old = business_date(now) - KEPT - timedelta(days=1)
        session.add(WebhookRefusal(refused_on=old, reason="secret", times=7))
        note_refusal(session, "body", ip=None, now=now)
        found = session.execute(
            select(WebhookRefusal.refused_on, WebhookRefusal.reason, WebhookRefusal.times).order_by(
                WebhookRefusal.refused_on, WebhookRefusal.reason
            )
        ).all()

    today = business_date(now)
    assert [tuple(row) for row in found] == [
        (today - timedelta(days=1), "secret", 2),
        (today, "body", 1),
        (today, "secret", 1),
    ]


def test_staff_see_how_many_of_late_why_and_what_to_do() -> None:
    with begin() as session:
        open_company(session)
    for _ in range(3):
        knock(ADDRESS, "203.0.113.7")
    with begin() as session:
        session.execute(update(WebhookRefusal).values(refused_on=WebhookRefusal.refused_on - 1))
    knock(ADDRESS, "203.0.113.8")
    client = TestClient(build_app(), "http://localhost:8000")
    client.cookies.set("kabinet_staff", session_of(staff_member("viewer"), STAFF))

    page = client.get("/staff/webhooks").text

    for wanted in ("Не приняты", "Не из сетей ЮKassa", "KABINET_TRUSTED_PROXIES", "203.0.113.8", ">4<", ">1<"):
        assert wanted in page
    assert "203.0.113.7" not in page
    assert "Неверный секрет" not in page
