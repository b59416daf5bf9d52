"""When a declined charge is tried again, for whoever tells of it: a stop since may have overtaken what the decline planned."""

from __future__ import annotations

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import aliased

from payments.autopay.models import Autopay, PaymentMethod
from payments.autopay.own_shop import IN_OUR_SHOP
from payments.charging.models import LIVE, Payment
from payments.contracts.models import Installment
from payments.invoicing.models import Invoice

_live = aliased(Payment)
_begun = and_(_live.invoice_id == Invoice.id, _live.initiator == "schedule", _live.status.in_(LIVE))
# Over a Payment: the instant planned by its decline, as long as the charge is still to come or is under way; else NULL.
# Every stop disarms the line, and a new consent does not arm it again: what was asked for before is paid by hand.
NEXT_ATTEMPT_AT = (
    select(Payment.next_attempt_at)
    .select_from(Invoice)
    .join(Installment, Installment.id == Invoice.installment_id)
    .join(Autopay, Autopay.contract_id == Invoice.contract_id)
    .join(PaymentMethod, PaymentMethod.id == Autopay.method_id)
    .where(
        Invoice.id == Payment.invoice_id,
        Autopay.status == "active",
        IN_OUR_SHOP,
        or_(Installment.charge_at.is_not(None), exists().where(_begun).correlate(Invoice)),
    )
    .correlate(Payment)
    .scalar_subquery()
)
