"""The exact text that goes to the gateway. It is stored before the first send and never built again.

YooKassa API v3, POST /payments: `capture` and `save_payment_method` are always explicit, because their absence means
two-stage payment and "let the payer choose".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import UUID

from kernel.money import Money


@dataclass(frozen=True, slots=True)
class Subject:
    """What a payment is for, as the gateway will echo it: ids of ours and a line for people, at most 128 characters."""

    payment_id: UUID
    invoice_id: UUID
    contract_id: UUID
    description: str
    amount: Money


def hosted_body(subject: Subject, *, return_url: str, saves_method: bool) -> str:
    """A payment that the customer makes on the gateway's own page."""
    return _dump(
        subject,
        confirmation={"type": "redirect", "return_url": return_url},
        save_payment_method=saves_method,
    )


def saved_method_body(subject: Subject, *, gateway_method_id: str) -> str:
    """A charge of a saved method: no confirmation, the answer is final as a rule."""
    return _dump(subject, payment_method_id=gateway_method_id)


def _dump(subject: Subject, **rest: object) -> str:
    body = {
        "amount": {"value": subject.amount.value, "currency": subject.amount.currency},
        "capture": True,
        "description": subject.description,
        "metadata": {
            "payment_id": str(subject.payment_id),
            "invoice_id": str(subject.invoice_id),
            "contract_id": str(subject.contract_id),
        },
        **rest,
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
