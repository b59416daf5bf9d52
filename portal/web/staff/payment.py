"""The card of one payment, and asking the gateway about it again."""

from __future__ import annotations

import json
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from kernel import log
from kernel.errors import NotFound, Refused
from kernel.settings import get_settings
from payments.charging.looking import look_soon
from payments.charging.models import PENDING, SENDING, UNKNOWN, WAITING_FOR_CAPTURE, Payment
from portal.audit.recording import record_act
from portal.notifications.reasons import reason_for_staff
from portal.web.kit.guards import CurrentStaff
from portal.web.kit.i18n import gettext as _
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, ReadDb, Router
from portal.web.payment_sums import parts_of
from portal.web.staff.gateway_request import request_for_staff
from portal.web.staff.gateway_words import call_name
from portal.web.staff.oddities import oddity_words
from portal.web.staff.payments_filter import LIST
from portal.web.staff.queries import payment_card
from portal.web.staff.queries.pause import pause_over
from portal.web.staff.roles import ASKS_GATEWAY, RESUMES_CHARGING, REVIEWS_MONEY, GatewayAsker, may
from portal.web.staff.words import CONSENTS, INITIATORS, method_name, party_name, pause_name, retry_name, source_name

router = Router()
_log = log.get(__name__)
# What the gateway can still tell us something about.
ASKABLE = (UNKNOWN, PENDING, WAITING_FOR_CAPTURE)


@router.get(LIST + "/{payment_id}", name="staff.payments.show")
def show(request: Request, payment_id: UUID, staff: CurrentStaff, db: ReadDb) -> Response:
    """Everything about one payment."""
    facts = payment_card.read_payment(db, payment_id)
    payment = facts.payment
    consent = payment_card.consent_of(db, payment)
    context = {
        "facts": facts,
        "payment": payment,
        "attempts": payment_card.attempts_of(db, facts.invoice_id),
        "exchanges": [(item, _pretty(item.answer)) for item in payment_card.exchanges_of(db, payment_id)],
        "steps": payment_card.steps_of(db, payment_id),
        "notice": payment_card.notice_of(db, payment),
        "consent": consent,
        "withdrawn_at": payment_card.withdrawn_at(db, consent) if consent else None,
        "parts": parts_of(db, payment_id, _("Счёт № %(number)s") % {"number": facts.invoice_number}),
        "request_body": request_for_staff(payment.body),
        "pause": pause_over(db, payment_id),
        "may_resume": may(staff, RESUMES_CHARGING),
        "askable": payment.status in ASKABLE,
        "elsewhere": facts.account_id != get_settings().yookassa_shop_id,
        "sending": payment.status == SENDING,
        "may_ask": may(staff, ASKS_GATEWAY),
        "oddity": oddity_words(payment.oddity),
        "may_review": may(staff, REVIEWS_MONEY),
        "initiators": INITIATORS,
        "consent_names": CONSENTS,
        "method_name": method_name,
        "party_name": party_name,
        "pause_name": pause_name,
        "retry_name": retry_name,
        "source_name": source_name,
        "call_name": call_name,
        "reason_for_staff": reason_for_staff,
    }
    return render(request, "pages/staff/payment.html", context)


@router.post(LIST + "/{payment_id}/checks", name="staff.payments.check")
def ask_again(request: Request, payment_id: UUID, staff: GatewayAsker, db: Db) -> Response:
    """Have a worker ask the gateway about the payment now; the page shows what it says.

    Raises:
        NotFound: no such payment.
        Refused: there is nothing left to ask.
    """
    payment = db.get(Payment, payment_id)
    if payment is None:
        raise NotFound
    if payment.status not in ASKABLE:
        raise Refused(_("Исход этого платежа уже известен, спрашивать нечего"))
    look_soon(db, payment_id)
    details = {"number": payment.number, "status": payment.status}
    record_act(db, staff, "payment.asked", "payment", payment_id, request=request, details=details)
    _log.info("payment.asked_again", payment_id=str(payment_id), user_id=str(staff.user_id))
    return go_to(request, f"{LIST}/{payment_id}", say=_("Спросили ЮKassa. Ответ появится здесь через несколько секунд"))


def _pretty(answer: dict[str, object] | None) -> str:
    return json.dumps(answer, ensure_ascii=False, indent=2) if answer else ""
