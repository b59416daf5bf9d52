"""Money that came otherwise than it was asked for: a card on the dashboard, a view of the list, words, and an end to it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import begin, read
from payments.charging.applying import apply
from payments.charging.models import Payment
from portal.audit.models import AuditEntry
from portal.web.staff.oddities import WORDS, oddity_words
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import agreement, at_noon, customer_of, pay_first
from tests.support.gateway_objects import says

pytestmark = pytest.mark.committed

CARD = "1 платёж надо разобрать"
NOT_TAKEN = "Деньги не списаны"


@pytest.fixture
def paid_twice(company: None) -> UUID:
    """Anna's invoice was paid twice; the second payment."""
    at_noon(date(2027, 3, 5))
    with begin() as session:
        anna = agreement(session, customer_of(session, "Анна Ковалёва"), kopecks=100_000)
        first = session.get_one(Payment, pay_first(session, anna))
        again = says(session, first, "succeeded", gateway_id="gw-second")
        apply(session, [again], source="webhook", now=business_now(session))
        return session.scalars(select(Payment.id).where(Payment.gateway_id == "gw-second")).one()


def test_the_dashboard_has_a_card_that_leads_to_the_payment(desk: Desk, paid_twice: UUID) -> None:
    client = desk()
    page = client.get("/staff").text

    assert CARD in page
    assert 'href="/staff/payments?view=odd"' in page
    listed = client.get("/staff/payments?view=odd").text
    assert f'href="/staff/payments/{paid_twice}"' in listed
    assert listed.split("<tbody")[1].split("</tbody")[0].count("<tr") == 1


def test_its_page_says_what_happened_and_what_to_do(desk: Desk, paid_twice: UUID) -> None:
    page = desk().get(f"/staff/payments/{paid_twice}").text

    assert "Пришло больше, чем оставалось по счёту" in page
    assert "аванс" in page
    assert NOT_TAKEN not in page


def test_what_somebody_has_seen_to_is_gone_and_the_log_tells_who(desk: Desk, paid_twice: UUID) -> None:
    client = desk("accountant")
    answer = client.post(f"/staff/payments/{paid_twice}/review", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/staff/payments/{paid_twice}")

    assert "Пришло больше" not in client.get(f"/staff/payments/{paid_twice}").text
    assert CARD not in client.get("/staff").text
    with read() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.act, entry.subject_id, entry.details["oddity"]) == ("payment.reviewed", str(paid_twice), "surplus")

    assert client.post(f"/staff/payments/{paid_twice}/review", follow_redirects=False).status_code == 303


def test_whoever_may_only_look_gets_no_button(desk: Desk, paid_twice: UUID) -> None:
    page = desk("viewer").get(f"/staff/payments/{paid_twice}").text

    assert "Пришло больше, чем оставалось по счёту" in page
    assert "/review" not in page


@pytest.mark.parametrize("oddity", sorted(WORDS))
def test_each_oddity_has_words(oddity: str) -> None:
    words = oddity_words(oddity)
    assert words is not None
    assert words.todo.endswith(".")
    assert "_" not in words.what + words.todo


def test_what_is_in_order_has_no_words() -> None:
    assert oddity_words(None) is None
