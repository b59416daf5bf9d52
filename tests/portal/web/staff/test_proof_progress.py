"""«Сверить сейчас»: both the reading and the examination, told on the page until they have ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update
from starlette.testclient import TestClient

from kernel.clock import business_now, real_now
from kernel.db import begin, read
from kernel.outbox import HINT_TOPIC, OutboxMessage, read_hint
from kernel.settings import get_settings
from payments.installation.setup import current_shop
from payments.reconciliation.models import DONE, RUNNING, Reconciliation
from portal.doctor.duty import PROVE
from portal.doctor.models import CheckResult
from portal.wiring import Wiring
from tests.portal.web.staff.conftest import Desk
from tests.sandbox.process import Sandbox

pytestmark = pytest.mark.committed

PROOF = "/staff/proof"
POLL = 'hx-trigger="every 2s"'
SOON, READS, CHECKS = "Сверка сейчас начнётся", "Читаем списки ЮKassa…", "Проверяем учёт…"


def _begin_reading(*, ended: bool = False, lease: str = "150 seconds") -> None:
    with begin() as session:
        now, shop = business_now(session), current_shop(session, get_settings())
        session.add(
            Reconciliation(
                shop_id=shop.id,
                status=DONE if ended else RUNNING,
                deep=False,
                since_at=now - timedelta(days=2),
                until_at=now,
                lease_until=func.clock_timestamp() + text(f"interval '{lease}'"),
            )
        )


def _end_reading() -> None:
    with begin() as session:
        session.execute(update(Reconciliation).values(status=DONE))


def _poll(client: TestClient) -> tuple[str, str | None]:
    answer = client.get(PROOF, headers={"HX-Request": "true"})
    return answer.text, answer.headers.get("hx-refresh")


def _hints() -> list[str]:
    with read() as session:
        found = session.scalars(select(OutboxMessage.payload).where(OutboxMessage.topic == HINT_TOPIC)).all()
    return [read_hint(hint).job for hint in found]


@pytest.mark.parametrize(("role", "may"), [("owner", True), ("accountant", True), ("manager", False)])
def test_whoever_reconciles_may_ask_and_once_is_enough(desk: Desk, company: None, *, role: str, may: bool) -> None:
    client = desk(role)
    assert ("Сверить сейчас" in client.get(PROOF).text) is may

    for _ in range(2):
        assert client.post(f"{PROOF}/readings").status_code == (303 if may else 403)

    assert _hints() == ([PROVE] if may else [])


def test_the_page_follows_from_the_press_to_the_verdict_and_then_shows_itself_anew(desk: Desk, company: None) -> None:
    client = desk("owner")
    assert POLL not in client.get(PROOF).text
    client.post(f"{PROOF}/readings")

    page = client.get(PROOF).text
    assert SOON in page
    assert POLL in page
    assert "disabled" in page.split("/staff/proof/readings")[1].split("</form>")[0]
    assert SOON in _poll(client)[0]
    _begin_reading()
    said, ended = _poll(client)
    assert (READS in said, "<html" in said, ended) == (True, False, None)
    _end_reading()
    assert CHECKS in _poll(client)[0]
    with begin() as session:
        session.add(CheckResult(name="debt_agrees", count=0, breaches=[], millis=1, examined_at=real_now()))

    said, ended = _poll(client)

    assert (said.strip(), ended) == ("", "true")
    page = client.get(PROOF).text
    assert POLL not in page
    assert "disabled" not in page.split("/staff/proof/readings")[1].split("</form>")[0]


def test_the_hourly_reading_is_told_to_all_and_one_that_died_is_not(desk: Desk, company: None) -> None:
    _begin_reading(lease="-1 second")
    viewer = desk("viewer")
    assert POLL not in viewer.get(PROOF).text
    with begin() as session:
        session.execute(update(Reconciliation).values(lease_until=func.clock_timestamp() + text("interval '1 minute'")))

    page = viewer.get(PROOF).text

    assert READS in page
    assert POLL in page


def test_what_nobody_took_up_is_not_waited_for_without_end(desk: Desk, company: None) -> None:
    client = desk("owner")
    client.post(f"{PROOF}/readings")
    with begin() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("UPDATE audit_entries SET at = at - interval '11 minutes'"))

    assert POLL not in client.get(PROOF).text


def test_the_worker_reads_the_lists_and_then_examines(desk: Desk, company: None, sandbox: Sandbox) -> None:
    client = desk("owner")
    client.post(f"{PROOF}/readings")

    Wiring().jobs.by_name[PROVE].run(["1"])

    with read() as session:
        reading = session.scalars(select(Reconciliation)).one()
        examined = session.scalars(select(CheckResult.examined_at)).first()
    assert reading.status == DONE
    assert examined
    assert examined > reading.begun_at
    assert POLL not in client.get(PROOF).text
