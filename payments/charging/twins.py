"""A second gateway payment of one intent. It must not happen; when it does, its money is booked, not refused."""

from __future__ import annotations

from kernel import log
from kernel.db import Session
from kernel.ids import uuid7
from payments.charging.models import REJECTED, Payment
from payments.gateway.port import GatewayPayment

_log = log.get(__name__)


def adopt_twin(session: Session, original: Payment, item: GatewayPayment) -> Payment:
    """A row of its own for a gateway payment that names a payment of ours which already has another gateway id."""
    _log.error("payment.twin", payment_id=str(original.id), ours=original.gateway_id, theirs=item.gateway_id)
    twin = Payment(
        id=uuid7(),
        invoice_id=original.invoice_id,
        customer_id=original.customer_id,
        contract_id=original.contract_id,
        shop_id=original.shop_id,
        initiator="customer",
        kopecks=item.kopecks,
        currency=original.currency,
        status=REJECTED,
        reason="twin",
        body="",
        gateway_id=item.gateway_id,
    )
    session.add(twin)
    session.flush()  # the settling statements find it by id
    return twin
