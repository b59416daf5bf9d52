"""What was begun and not paid stays in sight, and a second purchase of the same service is no accident."""

from __future__ import annotations

import re

from sqlalchemy import select

from kernel.db import begin
from payments.invoicing.models import Invoice
from portal.notifications.models import Message
from portal.notifications.pay_until import last_day_before
from portal.web.kit.filters import date_text
from tests.portal.web.cabinet.story import Cabinet, Visitor


def _without_tags(page: str) -> str:
    return re.sub(r"<[^>]+>", "", page)


def test_an_unfinished_purchase_is_shown_at_home_until_it_lapses(cabinet: Cabinet, anna: Visitor) -> None:
    anna.post("/payments", price=cabinet.once)
    cabinet.world.play(advance="PT2H")
    with begin() as session:
        invoice = session.scalars(select(Invoice).where(Invoice.customer_id == anna.customer_id)).one()
    assert invoice.lapses_at
    until = date_text(last_day_before(invoice.lapses_at))

    page = anna.page("/")
    assert "Покупка не оплачена: Обслуживание котла" in page
    assert f"Оплатить можно по {until} включительно" in page
    assert f'href="/invoices/{invoice.id}"' in page
    assert "не прошёл" not in page.lower()
    with begin() as session:
        letter = session.scalars(select(Message).where(Message.kind == "payment_declined")).one()
    assert f"Счёт можно оплатить по {until} включительно" in letter.text_body.replace("\u00a0", " ")

    assert f"Оплатить можно по {until} включительно" in _without_tags(anna.page(f"/invoices/{invoice.id}"))

    cabinet.world.play(advance="P5D")
    assert "Покупка не оплачена" not in anna.page("/")
    (payment,) = cabinet.payments_of(anna)
    for page in (anna.page(f"/payments/{payment.number}"), anna.page(f"/payments/{payment.return_token}/return")):
        assert "Начните оплату заново" not in page
        assert "Счёт уже закрыт, платить по нему не нужно" in page
        assert 'href="/services"' in page
    assert "Оплатить" not in anna.page(f"/invoices/{invoice.id}")


def test_buying_again_names_the_purchase_that_waits(cabinet: Cabinet, anna: Visitor) -> None:
    anna.post("/payments", price=cabinet.once)
    (payment,) = cabinet.payments_of(anna)

    page = anna.page(f"/services/{cabinet.once}")

    assert "Эту покупку вы уже начинали" in page
    assert f'href="/invoices/{payment.invoice_id}"' in page


def test_buying_again_names_the_contract_that_runs(cabinet: Cabinet, anna: Visitor, boris: Visitor) -> None:
    assert "У вас уже есть договор" not in anna.page(f"/autopay/new?price={cabinet.monthly}")
    cabinet.subscribe(anna)

    page = anna.page(f"/autopay/new?price={cabinet.monthly}")

    assert "У вас уже есть договор" in page
    assert "появится ещё один такой же договор" in page
    assert "У вас уже есть договор" not in boris.page(f"/autopay/new?price={cabinet.monthly}")
    assert "появится ещё один такой же договор" not in anna.page(f"/services/{cabinet.once}")
