"""What the gateway says about one of our payments, for tests of what we do with it."""

from __future__ import annotations

from kernel.db import Session
from payments.charging.models import Payment
from payments.gateway.port import GatewayMethod, GatewayPayment

CARD = GatewayMethod("pm-4444", "bank_card", saved=True, title="Bank card *4444", last4="4444", card_type="MasterCard")


def says(session: Session, payment: Payment, status: str, **changes: object) -> GatewayPayment:
    """The gateway's object for this payment in this status."""
    facts: dict[str, object] = {
        "gateway_id": f"gw-{payment.id}",
        "status": status,
        "kopecks": payment.kopecks,
        "currency": "RUB",
        "account_id": "100500",
        "test": True,
        "payment_id": payment.id,
        "method": CARD if status in ("succeeded", "waiting_for_capture") else None,
        **changes,
    }
    return GatewayPayment(**facts)  # type: ignore[arg-type]  # the facts are spelled out above
