"""What the page of a link says: one state, from the invoice and its newest payment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from portal.web.pay.queries import LinkedInvoice, LinkPayment
from portal.web.payment_stage import stage_of

# pay: the button. starting … waiting: a payment on the gateway's page, as its stage says. charging: an automatic charge
# has left. elsewhere: somebody pays from the cabinet and agrees to autopay with it. The rest is over.
State = Literal["pay", "starting", "asking", "open", "waiting", "charging", "elsewhere", "paid", "closed", "old"]
# A link tells of a closed invoice for so long; then it says only that it is old.
_TOLD_FOR = timedelta(days=90)
# Whoever comes back from the gateway learns why it did not work; whoever opens the letter again need not.
_JUST_NOW = timedelta(hours=1)


def state_of(invoice: LinkedInvoice, *, now: datetime) -> State:
    """The state to show; `now` is business time."""
    if invoice.status != "open":
        if invoice.closed_at and invoice.closed_at < now - _TOLD_FOR:
            return "old"
        return "paid" if invoice.status == "paid" else "closed"
    payment = invoice.payment
    if payment is None or not payment.is_live or payment.gives_way:
        return "pay"
    if payment.initiator == "schedule":
        return "charging"
    if payment.saves_method:
        return "elsewhere"
    stage = stage_of(payment)
    return stage if stage in ("starting", "asking", "open", "waiting") else "pay"


def failed_try(invoice: LinkedInvoice, *, now: datetime) -> LinkPayment | None:
    """The try on the gateway's page that ended without money a moment ago, if the newest payment is one."""
    it = invoice.payment
    if it is None or not it.is_hosted or it.status not in ("canceled", "rejected") or it.decided_at is None:
        return None
    return it if it.decided_at > now - _JUST_NOW else None
