"""Stopping is as easy as starting: two clicks from home, nothing asked for, and what is under way is named."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from kernel.db import begin
from payments.autopay import stopping as stops
from payments.autopay.models import Autopay
from payments.charging.models import Payment
from payments.contracts.models import Contract
from payments.installation.models import LegalEntity
from payments.invoicing.links import find_pay_link
from payments.invoicing.models import Invoice
from portal.notifications.models import Message
from tests.portal.web.cabinet.story import Cabinet, Visitor
from tests.support.blocking import meanwhile


def _numbers(contract_ids: Iterable[UUID]) -> list[str]:
    with begin() as session:
        return list(session.scalars(select(Contract.number).where(Contract.id.in_(contract_ids))))


def test_autopay_is_two_clicks_from_home_and_off_with_one_button(cabinet: Cabinet, anna: Visitor) -> None:
    contract_id = cabinet.subscribe(anna)
    assert 'href="/autopay"' in anna.page("/")
    assert f'href="/autopay/{contract_id}/cancel"' in anna.page("/autopay")

    page = anna.page(f"/autopay/{contract_id}/cancel")
    assert "Списания 2 365,50 ₽, назначенного на" in page
    answer = anna.post(f"/autopay/{contract_id}/cancel")

    assert answer.headers["location"] == f"/autopay/{contract_id}/stopped"
    assert "По этому договору больше ничего не спишем" in anna.page(answer.headers["location"])
    assert cabinet.autopay_of(anna).status == "withdrawn"
    assert [consent.action for consent in cabinet.consents_of(anna)] == ["given", "withdrawn"]
    assert cabinet.consents_of(anna)[-1].user_agent == "Chrome"


def test_after_stopping_nothing_is_charged_and_the_invoice_is_asked_for(cabinet: Cabinet, anna: Visitor) -> None:
    contract_id = cabinet.subscribe(anna)
    anna.post(f"/autopay/{contract_id}/cancel")
    cabinet.world.play(advance="P1M5D")

    page = anna.page("/")

    assert len(cabinet.payments_of(anna)) == 1
    assert "Ждёт оплаты" in page
    assert "1 счёт просрочен" in page
    assert "Включить" in anna.page("/autopay")


def test_stopping_twice_is_no_error(cabinet: Cabinet, anna: Visitor) -> None:
    contract_id = cabinet.subscribe(anna)

    for _ in range(2):
        assert anna.post(f"/autopay/{contract_id}/cancel").status_code == 303
    assert anna.get(f"/autopay/{contract_id}/cancel").headers["location"] == "/autopay"
    assert len(cabinet.consents_of(anna)) == 2


def test_unlinking_names_what_loses_the_card_and_takes_it_away_for_good(cabinet: Cabinet, anna: Visitor) -> None:
    contract_id = cabinet.subscribe(anna)
    method = cabinet.method_of(anna)
    question = anna.page(f"/payment-methods/{method.id}/unlink")
    assert "Обслуживание котла" in question
    assert "Карта •• 4444" in question

    answer = anna.post(f"/payment-methods/{method.id}/unlink")

    told = anna.page(answer.headers["location"])
    assert "Карта отвязана" in told
    assert "С этой карты больше ничего не спишем" in told
    assert f'href="/autopay/new?contract={contract_id}"' in told
    assert cabinet.method_of(anna).unlinked_at is not None
    assert "Карт нет" in anna.page("/payment-methods")
    assert anna.get(f"/payment-methods/{method.id}/unlink").headers["location"] == answer.headers["location"]
    cabinet.world.play(advance="P1M5D")
    assert len(cabinet.payments_of(anna)) == 1


def test_a_card_of_two_contracts_is_one_row_and_goes_from_both(cabinet: Cabinet, anna: Visitor) -> None:
    contracts = {cabinet.subscribe(anna), cabinet.subscribe(anna)}
    assert len(contracts) == 2
    numbers = _numbers(contracts)
    listed = anna.page("/payment-methods")
    assert listed.count("Карта •• 4444") == 2, "the card and the label of its button"
    assert all(f"№ {number}" in listed for number in numbers)
    method = cabinet.method_of(anna)
    question = anna.page(f"/payment-methods/{method.id}/unlink")
    assert all(f"Договор № {number}" in question for number in numbers)

    told = anna.page(anna.post(f"/payment-methods/{method.id}/unlink").headers["location"])
    cabinet.world.play(advance="P1M5D")

    assert all(f"Договор № {number}" in told for number in numbers)
    assert "Карт нет" in anna.page("/payment-methods")
    assert len(cabinet.payments_of(anna)) == 2, "the first payments; nothing was charged"
    with begin() as session:
        found = select(Message).where(Message.customer_id == anna.customer_id).order_by(Message.id)
        letters = [letter for letter in session.scalars(found) if letter.kind in ("method_unlinked", "autopay_stopped")]
    assert [letter.kind for letter in letters] == ["method_unlinked"]
    assert all(f"№ {number}" in letters[0].text_body for number in numbers)


def test_a_link_to_an_old_token_leads_to_the_card_that_came_back(cabinet: Cabinet, anna: Visitor) -> None:
    cabinet.subscribe(anna)
    old = cabinet.method_of(anna)
    anna.post(f"/payment-methods/{old.id}/unlink")
    cabinet.subscribe(anna)

    assert "Отвязать карту?" in anna.page(f"/payment-methods/{old.id}/unlink")
    assert anna.get(f"/payment-methods/{old.id}/unlinked").headers["location"] == "/payment-methods"
    anna.post(f"/payment-methods/{old.id}/unlink")

    assert cabinet.method_of(anna).unlinked_at is not None


def test_a_charge_that_had_left_is_named(cabinet: Cabinet, anna: Visitor) -> None:
    contract_id = cabinet.subscribe(anna)
    cabinet.world.fail(system="yookassa", match={"method": "POST"}, kind="error_500_before", times=1)
    cabinet.world.play(advance="P1M")
    charge = cabinet.payments_of(anna)[-1]
    with begin() as session:
        session.execute(update(Payment).where(Payment.id == charge.id).values(status="unknown"))

    answer = anna.post(f"/autopay/{contract_id}/cancel")

    page = anna.page(answer.headers["location"])
    assert "Одно списание ушло в банк раньше" in page
    assert f"Платёж № {charge.number}" in page
    with begin() as session:
        assert session.scalar(select(Payment.status).where(Payment.id == charge.id)) == "unknown"


@pytest.mark.timeout(120)
def test_what_is_under_way_is_waited_for_once_and_not_at_each_reload(
    cabinet: Cabinet, anna: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract_id = cabinet.subscribe(anna)
    method_id = cabinet.method_of(anna).id
    cabinet.world.play(advance="P1M")
    charge = cabinet.payments_of(anna)[-1]
    anna.post(f"/payment-methods/{method_id}/unlink")
    with begin() as session:
        in_an_hour = func.clock_timestamp() + timedelta(hours=1)
        session.execute(update(Payment).where(Payment.id == charge.id).values(status="sending", lease_until=in_an_hour))
    monkeypatch.setattr(stops, "_WAIT_S", 1000.0)

    for address in (f"/autopay/{contract_id}/stopped", f"/payment-methods/{method_id}/unlinked"):
        assert f"Платёж № {charge.number}" in anna.page(address)


def test_the_text_that_was_agreed_to_can_be_read_again(cabinet: Cabinet, anna: Visitor) -> None:
    contract_id = cabinet.subscribe(anna)
    given = cabinet.consents_of(anna)[0]

    for path in (f"/autopay/{contract_id}/consent", f"/autopay/{contract_id}/consent?number={given.id}"):
        page = anna.page(path)
        assert "Я согласен(на) на автоматические списания в пользу ООО «Тёплый контур»" in page
        assert "Редакция текста" in page
    assert anna.get(f"/autopay/{contract_id}/consent?number={given.id + 1}").status_code == 404


def test_a_stop_that_is_in_somebodys_way_is_not_refused(cabinet: Cabinet, anna: Visitor) -> None:
    contract_id = cabinet.subscribe(anna)
    with begin() as session:
        session.get_one(Contract, contract_id, with_for_update=True)
        with meanwhile(lambda: anna.post(f"/autopay/{contract_id}/cancel")) as stopping:
            # The locks in the wrong order: each has what the other waits for, and PostgreSQL ends the stop.
            session.scalars(select(Autopay).where(Autopay.contract_id == contract_id).with_for_update()).one()
            session.commit()
            answer = stopping.result(20)

    assert (answer.status_code, answer.headers["location"]) == (303, f"/autopay/{contract_id}/stopped")
    assert cabinet.autopay_of(anna).status == "withdrawn"
    assert [consent.action for consent in cabinet.consents_of(anna)] == ["given", "withdrawn"]


def test_unlinking_waits_out_a_long_lock(cabinet: Cabinet, anna: Visitor) -> None:
    contract_id = cabinet.subscribe(anna)
    method = cabinet.method_of(anna)
    with begin() as session:
        session.scalars(select(Autopay).where(Autopay.contract_id == contract_id).with_for_update()).one()
        with meanwhile(lambda: anna.post(f"/payment-methods/{method.id}/unlink")) as stopping:
            time.sleep(3.5)  # longer than a statement waits for a lock
            session.commit()
            answer = stopping.result(20)

    assert (answer.status_code, answer.headers["location"]) == (303, f"/payment-methods/{method.id}/unlinked")
    assert cabinet.method_of(anna).unlinked_at is not None


def test_what_the_page_promises_about_invoices_is_what_happens(cabinet: Cabinet, anna: Visitor) -> None:
    contract_id = cabinet.subscribe(anna)
    cabinet.world.play(advance="P29D")
    assert "уже выставлен: его нужно будет оплатить самостоятельно" in anna.page(f"/autopay/{contract_id}/cancel")

    anna.post(f"/autopay/{contract_id}/cancel")
    cabinet.world.play(advance="P20D")

    with begin() as session:
        found = select(Message).where(Message.customer_id == anna.customer_id).order_by(Message.id)
        letters = {letter.kind: letter for letter in session.scalars(found)}
        invoice = session.scalars(
            select(Invoice).where(Invoice.contract_id == contract_id, Invoice.status == "open")
        ).one()
        link = find_pay_link(session, invoice.id)
    stopped = letters["autopay_stopped"]
    assert "invoice_issued" not in letters, "the letter about the stop is the one that asks for this invoice"
    assert link
    assert link in stopped.text_body
    assert link in stopped.html_body
    assert f"Счёт № {invoice.number}" in stopped.text_body
    assert "2 365,50 ₽" in stopped.text_body.replace("\u00a0", " ")


def test_a_stop_before_the_invoice_promises_the_letter_that_comes(cabinet: Cabinet, anna: Visitor) -> None:
    contract_id = cabinet.subscribe(anna)
    page = anna.page(f"/autopay/{contract_id}/cancel")
    assert "пришлём письмом за 3 дня" in page
    assert "уже выставлен" not in page

    anna.post(f"/autopay/{contract_id}/cancel")
    cabinet.world.play(advance="P1M")

    with begin() as session:
        kinds = list(session.scalars(select(Message.kind).where(Message.customer_id == anna.customer_id)))
    assert "invoice_issued" in kinds


def test_an_unlinked_card_leaves_its_open_invoices_in_the_letter(cabinet: Cabinet, anna: Visitor) -> None:
    cabinet.subscribe(anna)
    cabinet.world.play(advance="P29D")
    anna.post(f"/payment-methods/{cabinet.method_of(anna).id}/unlink")
    cabinet.world.play(advance="PT10M")

    with begin() as session:
        letter = session.scalars(select(Message).where(Message.kind == "method_unlinked")).one()
        link = find_pay_link(session, session.scalars(select(Invoice.id).where(Invoice.status == "open")).one())
    assert link
    assert link in letter.text_body


def test_nothing_is_promised_beyond_an_invoice_that_is_overdue(cabinet: Cabinet, anna: Visitor) -> None:
    contract_id = cabinet.subscribe(anna)
    anna.post(f"/autopay/{contract_id}/cancel")
    cabinet.world.play(advance="P1M5D")

    page = anna.page("/")

    assert "1 счёт просрочен" in page
    assert "Следующий счёт появится, когда вы оплатите этот" in page


def test_a_charge_can_be_disputed_before_and_after_the_stop(cabinet: Cabinet, anna: Visitor) -> None:
    contract_id = cabinet.subscribe(anna)
    cabinet.world.play(advance="P1M")
    with begin() as session:
        session.execute(update(LegalEntity).values(phone="+74951234567"))
    charged = f"/payments/{cabinet.payments_of(anna)[-1].number}"
    page = anna.page(charged)
    assert "Не согласны со списанием?" in page
    assert f'href="/autopay/{contract_id}/cancel"' in page

    anna.post(f"/autopay/{contract_id}/cancel")

    page = anna.page(charged)
    assert "Автоплатёж уже отключён. Позвоните: разберёмся" in page
    assert 'href="tel:' in page
    assert f'href="/autopay/{contract_id}/cancel"' not in page
