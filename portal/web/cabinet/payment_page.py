"""One payment: what it was for, on what ground, how it went."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from portal.notifications.reasons import reason_words
from portal.web.cabinet.queries.payment import payment_by_number, read_attempts, read_notices
from portal.web.cabinet.story import story
from portal.web.kit.guards import CurrentCustomer, ReadDb
from portal.web.kit.render import render
from portal.web.payment_stage import stage_of

router = APIRouter()
# No further than PostgreSQL counts.
Number = Annotated[int, Path(ge=1, lt=2**63)]


@router.get("/payments/{number}", name="cabinet.payments.show")
def show_payment(request: Request, customer: CurrentCustomer, db: ReadDb, number: Number) -> Response:
    """Why money was taken, or why it was not."""
    payment = payment_by_number(db, number, customer.customer_ids)
    attempts = read_attempts(db, payment.invoice_id)
    context = {
        "payment": payment,
        "stage": stage_of(payment),
        "reason": reason_words(payment.reason),
        "events": story(payment, attempts, read_notices(db, payment.installment_id)),
    }
    return render(request, "pages/cabinet/payment.html", context)
