"""While automatic charging is paused, a customer whose charge is written but not sent pays by hand all the same."""

from __future__ import annotations

from sqlalchemy import text

from kernel.clock import business_now
from kernel.db import begin
from payments.installation.pausing import pause_charging
from tests.portal.web.cabinet.story import Cabinet, Visitor
from tests.support.business import Agreement
from tests.support.charging import make_due


def test_the_invoice_of_a_charge_that_waits_is_offered_for_payment_and_paid(cabinet: Cabinet, anna: Visitor) -> None:
    contract_id = cabinet.subscribe(anna)
    cabinet.world.jump("P1D")
    with begin() as session:
        (due,) = make_due(session, [Agreement(anna.customer_id, contract_id, contract_id)])
        session.execute(text("DELETE FROM outbox_messages WHERE topic = 'hint' AND dispatched_at IS NULL"))
        pause_charging(session, "сверка", now=business_now(session), by=None)

    page = anna.page(f"/invoices/{due.invoice_id}")
    assert "Оплатить 2 365,50 ₽" in page
    assert "Автоплатёж уже списывает" not in page
    answer = anna.post("/payments", invoice=due.invoice_id)

    assert answer.status_code == 303
    assert answer.headers["location"].endswith("/go")
    waited = next(payment for payment in cabinet.payments_of(anna) if payment.id == due.payment_id)
    assert (waited.status, waited.reason) == ("rejected", "paid_by_hand")
    assert "Счёт начали оплачивать самостоятельно" in anna.page(f"/payments/{waited.number}")
