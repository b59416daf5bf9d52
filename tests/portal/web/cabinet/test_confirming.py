"""An autopay that came from a backup: its customer is asked on the home page, and keeps it or switches it off at once."""

from __future__ import annotations

import pytest

from kernel.clock import business_now
from kernel.db import begin
from payments.autopay.confirming import hold_unconfirmed
from payments.autopay.consents import Evidence
from payments.autopay.ending import suspend_contract
from payments.autopay.holding import pause_autopay
from payments.autopay.stopping import withdraw
from tests.portal.web.cabinet.story import Cabinet, Visitor

ASKED = "Оставить автоплатёж?"
UNKNOWN = "не знаем, не отказались ли вы"


@pytest.fixture
def asked(cabinet: Cabinet, anna: Visitor) -> str:
    """Anna's autopay waits for her word; its address."""
    contract_id = cabinet.subscribe(anna)
    cabinet.world.jump("PT1H")
    with begin() as session:
        now = business_now(session)
        assert hold_unconfirmed(session, before=now, now=now) == 1
    cabinet.world.drain()
    return f"/autopay/{contract_id}"


def test_home_and_the_page_of_autopays_ask_and_say_why(anna: Visitor, asked: str) -> None:
    for path in ("/", "/autopay"):
        page = anna.page(path)
        assert UNKNOWN in page, path
        assert f'action="{asked}/confirmation"' in page, path
        assert f'action="{asked}/cancel"' in page, path
    assert ASKED in anna.page("/")
    assert "Следующее списание" not in anna.page("/")


def test_one_press_keeps_it_and_it_charges_again(cabinet: Cabinet, anna: Visitor, asked: str) -> None:
    answer = anna.post(f"{asked}/confirmation")

    assert answer.status_code == 303
    assert "Автоплатёж остаётся" in anna.page(answer.headers["location"])
    assert UNKNOWN not in anna.page("/")
    cabinet.world.play(advance="P1M5D")
    assert [payment.initiator for payment in cabinet.payments_of(anna)] == ["customer", "schedule"]


def test_without_a_word_nothing_is_charged_and_the_invoice_comes(cabinet: Cabinet, anna: Visitor, asked: str) -> None:
    cabinet.world.play(advance="P1M5D")

    assert [payment.initiator for payment in cabinet.payments_of(anna)] == ["customer"]
    assert any("Счёт" in letter["subject"] for letter in cabinet.world.letters(anna.email))


def test_one_press_switches_it_off(cabinet: Cabinet, anna: Visitor, asked: str) -> None:
    answer = anna.post(f"{asked}/cancel")

    assert answer.headers["location"] == f"{asked}/stopped"
    assert cabinet.autopay_of(anna).status == "withdrawn"
    assert UNKNOWN not in anna.page("/")


def test_pressed_twice_it_is_kept_once(cabinet: Cabinet, anna: Visitor, asked: str) -> None:
    for _press in range(2):
        assert anna.post(f"{asked}/confirmation").status_code == 303

    cabinet.world.drain()
    assert cabinet.autopay_of(anna).status == "active"


def test_an_employees_pause_outlives_the_customers_word(cabinet: Cabinet, anna: Visitor, asked: str) -> None:
    with begin() as session:
        pause_autopay(session, cabinet.autopay_of(anna).contract_id, by=anna.customer_id, now=business_now(session))

    anna.post(f"{asked}/confirmation")

    assert cabinet.autopay_of(anna).status == "paused"
    assert cabinet.autopay_of(anna).unconfirmed_since is None


def test_a_suspended_contract_is_not_charged_for_the_customers_word(
    cabinet: Cabinet, anna: Visitor, asked: str
) -> None:
    with begin() as session:
        suspend_contract(session, cabinet.autopay_of(anna).contract_id, now=business_now(session), source="staff")

    anna.post(f"{asked}/confirmation")

    assert cabinet.autopay_of(anna).status == "paused"


def test_what_was_switched_off_meanwhile_is_not_kept(cabinet: Cabinet, anna: Visitor, asked: str) -> None:
    with begin() as session:
        withdraw(session, cabinet.autopay_of(anna).contract_id, evidence=Evidence(), now=business_now(session))

    answer = anna.post(f"{asked}/confirmation")

    assert "Автоплатёж уже отключён" in anna.page(answer.headers["location"])
    assert cabinet.autopay_of(anna).status == "withdrawn"


def test_another_card_is_taken_only_after_the_word(anna: Visitor, asked: str) -> None:
    contract = asked.removeprefix("/autopay/")

    assert "сначала оставьте его или отключите" in anna.get(f"/autopay/new?contract={contract}").text


def test_it_is_nobody_elses_to_keep(boris: Visitor, asked: str, cabinet: Cabinet, anna: Visitor) -> None:
    assert boris.post(f"{asked}/confirmation").status_code == 404
    assert cabinet.autopay_of(anna).status == "paused"
