"""Lines that a customer's autopay is to charge: each waits for its next try, or has come to an end that the product tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from payments.charging.declines import rule_for
from payments.charging.models import CANCELED, REFUSED_FOR, REJECTED

# Charges that can only be paid by hand: the invoice itself was told so (payments/charging/charging.py).
_BY_HAND = ("over_limit", "other_shop")
# Asked for, unpaid, of a contract that runs, with a permission and a card that hold, and under the newest warning still.
LINES = """
SELECT l.id::text, l.charge_at IS NOT NULL AS waits, n.sent_at IS NOT NULL AS told,
       EXISTS (
           SELECT FROM payments p
           WHERE p.invoice_id = i.id AND p.status NOT IN ('succeeded', 'canceled', 'rejected')
       ) AS live,
       t.status, t.reason,
       (
           SELECT count(*) FROM payments p
           WHERE p.invoice_id = i.id AND p.initiator = 'schedule' AND p.status = 'canceled'
       ) AS declines
FROM installments l
JOIN contracts c ON c.id = l.contract_id AND c.status = 'active'
JOIN invoices i ON i.installment_id = l.id AND i.status = 'open'
JOIN autopays a ON a.contract_id = l.contract_id AND a.status = 'active'
JOIN payment_methods m ON m.id = a.method_id AND m.unlinked_at IS NULL AND m.disabled_reason IS NULL
JOIN LATERAL (
    SELECT * FROM notices WHERE installment_id = l.id ORDER BY id DESC LIMIT 1
) n ON n.method_id = a.method_id AND n.created_at >= a.changed_at
LEFT JOIN LATERAL (
    SELECT status, reason FROM payments p
    WHERE p.invoice_id = i.id AND p.initiator = 'schedule' ORDER BY number DESC LIMIT 1
) t ON true
-- What is left of a part paid is paid by hand.
WHERE l.status = 'invoiced' AND NOT EXISTS (SELECT FROM allocations WHERE invoice_id = i.id)
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One of them: whether it `waits` for an instant, its notice was `told`, and a payment of it is `live`.

    `status` and `reason` are those of its newest charge; `declines` is how many were declined.
    """

    id: str
    waits: bool
    told: bool
    live: bool
    status: str | None
    reason: str | None
    declines: int

    @property
    def has_ended(self) -> bool:
        """Whether its newest charge came to an end after which nothing more is tried."""
        if self.status == CANCELED:
            return self.declines > len(rule_for(self.reason).retry_after)
        return self.status == REJECTED and self.reason in (*REFUSED_FOR, *_BY_HAND)


def forgotten(lines: Iterable[Line]) -> Iterator[str]:
    """Those for which nobody will ever do anything again, and nobody knows."""
    for line in lines:
        if line.told and not (line.waits or line.live or line.has_ended):
            last = f"{line.status} ({line.reason}), declined {line.declines} times" if line.status else "never made"
            yield f"line {line.id} is forgotten: its charge was {last}, and no other will follow"
