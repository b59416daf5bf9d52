"""Whoever agreed to autopay and has not paid yet takes it back as easily as later, when it runs."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select

from kernel.db import begin
from payments.autopay.models import Autopay
from tests.portal.web.cabinet.story import Cabinet, Visitor
from tests.support.business import enter_card

GOOD_CARD = "5555555555554444"


def begin_to_pay(cabinet: Cabinet, visitor: Visitor) -> tuple[str, str, UUID]:
    """The gateway's page of a first payment, the path of its return page, and its contract."""
    answer = visitor.agree(price=cabinet.monthly)
    back = str(answer.headers["location"]).removesuffix("/go") + "/return"
    return visitor.gateway_page(answer), back, cabinet.payments_of(visitor)[-1].contract_id


def autopays() -> int:
    with begin() as session:
        return session.scalar(select(func.count()).select_from(Autopay)) or 0


def test_the_way_out_stands_wherever_the_unfinished_payment_is_shown(cabinet: Cabinet, anna: Visitor) -> None:
    _, back, contract_id = begin_to_pay(cabinet, anna)
    number = cabinet.payments_of(anna)[-1].number

    for path in (back, f"/payments/{number}", "/autopay"):
        assert f'href="/autopay/{contract_id}/cancel"' in anna.page(path), path


def test_one_button_takes_the_consent_back_and_the_payment_may_go_on(cabinet: Cabinet, anna: Visitor) -> None:
    gateway_page, back, contract_id = begin_to_pay(cabinet, anna)
    question = anna.page(f"/autopay/{contract_id}/cancel")
    assert "Отказаться от автоплатежа?" in question
    assert "Начатую оплату можно закончить" in question

    answer = anna.post(f"/autopay/{contract_id}/cancel")

    assert (answer.status_code, answer.headers["location"]) == (303, back)
    assert [consent.action for consent in cabinet.consents_of(anna)] == ["given", "withdrawn"]
    told = anna.page(back)
    assert "Автоплатёж не включится" in told
    assert f'href="/autopay/{contract_id}/cancel"' not in told
    assert "Отозвано" in anna.page(f"/payments/{cabinet.payments_of(anna)[-1].number}")
    assert f"/autopay/{contract_id}/cancel" not in anna.page("/autopay")

    enter_card(gateway_page, GOOD_CARD)
    cabinet.world.play(advance="PT10M")
    assert cabinet.payments_of(anna)[-1].status == "succeeded"
    assert "Автоплатёж отключён" in anna.page(back)
    assert autopays() == 0


def test_a_second_press_is_no_error(cabinet: Cabinet, anna: Visitor) -> None:
    _, _, contract_id = begin_to_pay(cabinet, anna)

    for _ in range(2):
        assert anna.post(f"/autopay/{contract_id}/cancel").status_code == 303

    assert anna.get(f"/autopay/{contract_id}/cancel").headers["location"] == "/autopay"
    assert len(cabinet.consents_of(anna)) == 2


def test_nobody_takes_back_what_another_agreed_to(cabinet: Cabinet, anna: Visitor, boris: Visitor) -> None:
    _, _, contract_id = begin_to_pay(cabinet, anna)

    assert boris.get(f"/autopay/{contract_id}/cancel").status_code == 404
    assert boris.post(f"/autopay/{contract_id}/cancel").status_code == 404
    assert str(contract_id) not in boris.page("/autopay")


def test_a_new_consent_of_a_running_contract_is_taken_back_too(cabinet: Cabinet, anna: Visitor) -> None:
    contract_id = cabinet.subscribe(anna)
    anna.post(f"/autopay/{contract_id}/cancel")
    cabinet.world.play(advance="P29D")
    anna.agree(contract=contract_id)
    payment = cabinet.payments_of(anna)[-1]

    answer = anna.post(f"/autopay/{contract_id}/cancel")

    assert answer.headers["location"] == f"/payments/{payment.return_token}/return"
    assert [consent.action for consent in cabinet.consents_of(anna)] == ["given", "withdrawn"] * 2
