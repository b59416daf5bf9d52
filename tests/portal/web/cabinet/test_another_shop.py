"""The company moved to another shop at the gateway: customers read that their cards charge nothing, and what to do."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.db import read
from payments.invoicing.models import Invoice
from tests.portal.web.cabinet.story import Cabinet, Visitor, readable
from tests.support.another_shop import Move

ANEW = "Добавить карту заново"
WHY = "карта сохранена в прежнем магазине ЮKassa"


@pytest.fixture
def contract_id(cabinet: Cabinet, anna: Visitor, move: Move) -> UUID:
    """Anna's contract with an autopay of before; the company has moved, and her next invoice is written."""
    found = cabinet.subscribe(anna)
    move.in_the(cabinet.world)
    cabinet.world.play(advance="P28D")
    return found


def _open_invoice(contract_id: UUID) -> Invoice:
    with read() as session:
        mine = select(Invoice).where(Invoice.contract_id == contract_id, Invoice.status == "open")
        return session.scalars(mine).one()


def _subjects(cabinet: Cabinet, anna: Visitor) -> list[str]:
    return [readable(letter["subject"]) for letter in cabinet.world.letters(to=anna.email)]


def test_no_charge_is_promised_and_the_pages_say_how_to_go_on(
    cabinet: Cabinet, anna: Visitor, contract_id: UUID
) -> None:
    home, autopay = anna.page("/"), anna.page("/autopay")
    invoice = anna.page(f"/invoices/{_open_invoice(contract_id).id}")

    for page in (home, autopay):
        assert WHY in page
        assert ANEW in page
        assert "Включить автоплатёж" not in page, "it is on, only its card is of no use"
        assert "Автоплатёж приостановлен" in page
        assert f'href="/autopay/new?contract={contract_id}"' in page
        assert "банк" not in page.lower(), "no bank has refused anything"
    assert "Следующее списание" not in home
    assert "Ни один договор с неё не списывает" in autopay
    assert "спишет эту сумму сам" not in invoice
    assert f'href="/autopay/new?contract={contract_id}"' in invoice


def test_the_letter_asks_to_pay_and_says_why(cabinet: Cabinet, anna: Visitor, contract_id: UUID) -> None:
    letter = cabinet.world.letters(to=anna.email)[-1]

    assert f"Счёт № {_open_invoice(contract_id).number}" in readable(letter["subject"])
    assert WHY in readable(letter["text"])
    assert WHY in readable(letter["html"])
    assert not any("спишем" in subject.lower() for subject in _subjects(cabinet, anna))


def test_a_payment_by_hand_is_not_thanked_for_with_the_date_of_a_charge(
    cabinet: Cabinet, anna: Visitor, contract_id: UUID
) -> None:
    anna.pay(anna.post("/payments", invoice=_open_invoice(contract_id).id))
    cabinet.world.play(advance="PT20M")

    letter = cabinet.world.letters(to=anna.email)[-1]
    assert "Оплачено" in readable(letter["text"])
    assert "Следующее списание" not in readable(letter["text"])


def test_the_card_added_anew_is_an_autopay_again(cabinet: Cabinet, anna: Visitor, contract_id: UUID) -> None:
    anna.pay(anna.agree(contract=contract_id))
    cabinet.world.play(advance="PT20M")

    home = anna.page("/")
    assert ANEW not in home
    assert "Следующее списание" in home
    assert "Следующее списание" in readable(cabinet.world.letters(to=anna.email)[-1]["text"])
