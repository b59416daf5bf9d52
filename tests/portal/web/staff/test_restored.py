"""The desk of a restored database: who waits for a customer's word, and when charging may go on."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import begin, read
from kernel.settings import get_settings
from payments.autopay.confirming import hold_unconfirmed
from payments.autopay.ending import suspend_contract
from payments.autopay.models import Autopay
from payments.installation.models import Installation, Shop
from payments.installation.pausing import pause_until_reconciled
from payments.reconciliation.models import DONE, Reconciliation
from payments.stops.keeping import keep_memory
from payments.stops.memory import WITHDRAWN, Memory, Stop
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import agreement, at_noon, customer_of, pay_first
from tests.support.business import Agreement

pytestmark = pytest.mark.committed
RESUMPTION = "/staff/charging/resumption"


@pytest.fixture
def anna(company: None) -> Agreement:
    """Her autopay runs."""
    at_noon(date(2027, 1, 10))
    with begin() as session:
        it = agreement(session, customer_of(session, "Анна Ковалёва", email="anna@example.com"))
        pay_first(session, it)
    return it


def hold() -> None:
    at_noon(date(2027, 1, 11))
    with begin() as session:
        now = business_now(session)
        assert hold_unconfirmed(session, before=now, now=now) == 1


def pause_unproven() -> None:
    """As a process does that finds the database elsewhere."""
    with begin() as session:
        pause_until_reconciled(session, "База восстановлена из копии", now=business_now(session))


def pause_as_restored() -> None:
    """And the lists were read since."""
    pause_unproven()
    with begin() as session:
        now = business_now(session)
        shop = session.scalars(select(Shop)).one()
        session.add(
            Reconciliation(
                shop_id=shop.id, status=DONE, deep=True, since_at=shop.created_at, until_at=now, lease_until=now
            )
        )


def autopay_status(it: Agreement) -> str:
    with read() as session:
        return session.scalars(select(Autopay.status).where(Autopay.contract_id == it.contract_id)).one()


def is_paused() -> bool:
    with read() as session:
        return session.get_one(Installation, 1).charging_paused


def test_the_desk_counts_who_waits_and_leads_to_them(desk: Desk, anna: Agreement) -> None:
    assert "ждёт клиента" not in desk().get("/staff").text
    hold()

    page = desk().get("/staff").text
    assert "1 автоплатёж ждёт клиента" in page.replace("\u00a0", " ")
    assert 'href="/staff/contracts?autopay=unconfirmed"' in page
    listed = desk().get("/staff/contracts?autopay=unconfirmed").text
    assert f"/staff/contracts/{anna.contract_id}" in listed
    assert "Ждёт подтверждения клиента" in listed


def test_a_contracts_card_and_its_resumption_say_what_is_waited_for(desk: Desk, anna: Agreement) -> None:
    hold()
    card = desk().get(f"/staff/contracts/{anna.contract_id}").text
    assert "Пока клиент не подтвердит автоплатёж" in card
    assert "После восстановления из копии" in card

    with begin() as session:
        suspend_contract(session, anna.contract_id, now=business_now(session), source="staff")
    asked = desk().get(f"/staff/contracts/{anna.contract_id}/resumption").text
    assert "пока его не подтвердит клиент" in asked


def test_charging_goes_on_only_when_the_refusals_are_known(
    desk: Desk, anna: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    pause_as_restored()
    monkeypatch.setenv("KABINET_REDIS_URL", "redis://127.0.0.1:9/0")
    get_settings.cache_clear()

    owner = desk()
    answer = owner.post(RESUMPTION)

    assert answer.headers["location"] == "/staff"
    assert "Redis не отвечает" in owner.get("/staff").text
    assert is_paused()
    monkeypatch.undo()
    get_settings.cache_clear()


def test_charging_that_may_not_go_on_yet_is_told_at_the_desk_with_the_way_to_the_proof(
    desk: Desk, anna: Agreement
) -> None:
    pause_unproven()
    owner = desk()
    assert "Открыть сверку" in owner.get("/staff").text

    answer = owner.post(RESUMPTION)

    assert (answer.status_code, answer.headers["location"]) == (303, "/staff")
    page = owner.get("/staff").text
    assert "Сначала сверьте платежи с ЮKassa на странице «Сверка»" in page
    assert "Открыть сверку" in page
    assert is_paused()


def test_the_owners_press_brings_back_what_is_still_unknown(desk: Desk, anna: Agreement) -> None:
    keep_memory()
    at_noon(date(2027, 1, 11))
    with begin() as session:
        memory, at = Memory(session.get_one(Installation, 1).id), business_now(session)
    memory.add([Stop(WITHDRAWN, str(anna.contract_id), at)])
    pause_as_restored()

    answer = desk().post(RESUMPTION)

    assert answer.headers["location"] == "/staff"
    assert not is_paused()
    assert autopay_status(anna) == "withdrawn"


def test_a_forgetful_redis_lets_charging_go_on_without_whoever_has_not_answered(desk: Desk, anna: Agreement) -> None:
    at_noon(date(2027, 1, 11))
    pause_as_restored()

    desk().post(RESUMPTION)

    assert not is_paused()
    assert autopay_status(anna) == "paused"
