"""A provider of django-payments that charges a stored card at the bench's gateway."""

from __future__ import annotations

from typing import Any

from stub import pay

from payments import PaymentStatus
from payments.core import BasicProvider


class Stub(BasicProvider):
    def autocomplete_with_wallet(self, payment: Any) -> None:
        """Charge the card whose token the plan keeps, and let the package complete the order."""
        card = payment.get_renew_token()
        payment.transaction_id = pay(str(payment.total), card=card, key=payment.token)
        payment.captured_amount = payment.total
        payment.save(update_fields=["transaction_id", "captured_amount"])
        payment.change_status(PaymentStatus.CONFIRMED)
