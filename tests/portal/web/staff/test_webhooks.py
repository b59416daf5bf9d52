"""Notifications with their verdicts."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import update

from kernel.db import begin
from payments.webhooks.intake import take_in
from payments.webhooks.models import InboundWebhook
from portal.web.staff.gateway_words import verdict_name
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import agreement, at_noon, customer_of, pay_first

pytestmark = pytest.mark.committed

FORGED = "forged-0001"


@pytest.fixture
def told(company: None) -> None:
    """Four notifications: one forged and sent three times, one ignored, one done, one waiting for the gateway."""
    at_noon(date(2027, 3, 5))
    with begin() as session:
        payment_id = pay_first(session, agreement(session, customer_of(session, "Анна")))
        for object_id in (FORGED, FORGED, FORGED, "ignored-1", "done-1", "new-1"):
            body = {
                "type": "notification",
                "event": "payment.succeeded",
                "object": {"id": object_id, "status": "succeeded"},
            }
            take_in(session, body, ip="203.0.113.9")
        for object_id, values in (
            (FORGED, {"status": "forged", "verdict": "касса не знает такого платежа"}),
            ("ignored-1", {"status": "ignored", "verdict": "платёж не из кабинета"}),
            ("done-1", {"status": "done", "verdict": "учтено", "payment_id": payment_id}),
            ("new-1", {"tries": 2, "verdict": "касса не ответила: unknown"}),
        ):
            session.execute(update(InboundWebhook).where(InboundWebhook.object_id == object_id).values(values))


def test_a_forged_notification_is_seen_with_its_verdict_copies_and_origin(desk: Desk, told: None) -> None:
    page = desk("viewer").get("/staff/webhooks?status=forged").text

    for wanted in (FORGED, "Не подтверждено", "ЮKassa не знает такого платежа", "203.0.113.9"):
        assert wanted in page
    assert "</span>3</td>" in page, "copies"
    assert "done-1" not in page


def test_the_rest_is_seen_too_and_what_waits_says_until_when(desk: Desk, told: None) -> None:
    page = desk().get("/staff/webhooks").text

    for wanted in ("ignored-1", "Этот платёж создан не здесь", "done-1", "new-1", "спросим снова"):
        assert wanted in page
    assert '<span class="count">4</span>' in page
    assert desk().get("/staff/webhooks?status=rubbish").text.count("<tr") == page.count("<tr")


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("касса говорит: canceled", "ЮKassa говорит иное: «Не прошёл»"),
        ("касса не ответила: unknown", "ЮKassa пока не ответила: ответа нет или он неясен"),
        ("касса не ответила за три дня: credentials_refused", "за три дня: ключ магазина не принят"),
        ("уже учтено", "Об этом мы уже знали"),
        ("что-то новое: 50%", "что-то новое: 50%"),
    ],
)
def test_verdicts_are_told_in_words(verdict: str, words: str) -> None:
    assert words in verdict_name(verdict)


def test_nothing_yet_is_explained(desk: Desk, company: None) -> None:
    assert "ЮKassa ещё ничего не присылала" in desk().get("/staff/webhooks").text
    assert "Таких уведомлений нет" in desk().get("/staff/webhooks?status=forged").text
