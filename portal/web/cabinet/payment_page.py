"""One payment: what it was for, on what ground, how it went."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response

from portal.notifications.reasons import reason_words
from portal.web.cabinet.queries.payment import PaymentFacts, payment_by_number, read_attempts, read_notices
from portal.web.cabinet.story import story
from portal.web.kit.filters import date_text
from portal.web.kit.guards import CurrentCustomer
from portal.web.kit.i18n import gettext as _
from portal.web.kit.render import render
from portal.web.kit.routing import ReadDb, Router
from portal.web.payment_stage import stage_of
from portal.web.payment_sums import parts_of

router = Router()
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
        "parts": parts_of(db, payment.id, _what(payment)),
        "events": story(payment, attempts, read_notices(db, payment.installment_id)),
    }
    return render(request, "pages/cabinet/payment.html", context)


def _what(payment: PaymentFacts) -> str:
    if not payment.recurring:
        return payment.title
    words = {"title": payment.title, "start": date_text(payment.period_start), "end": date_text(payment.last_day)}
    return _("%(title)s, с %(start)s по %(end)s") % words
