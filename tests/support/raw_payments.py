"""Payment objects as the gateway writes them (YooKassa API v3), for tests of what we read from them."""

from __future__ import annotations

from typing import Any


def raw_payment(payment_id: object, **changes: object) -> dict[str, Any]:
    """A succeeded payment of 100 rubles that names ours; a change to None leaves the field out."""
    whole = {
        "id": f"gw-{payment_id}",
        "status": "succeeded",
        "amount": {"value": "100.00", "currency": "RUB"},
        "income_amount": {"value": "96.50", "currency": "RUB"},
        "recipient": {"account_id": "100500"},
        "test": True,
        "created_at": "2027-01-01T10:00:00.000Z",
        "metadata": {"payment_id": str(payment_id)},
        "payment_method": {
            "type": "bank_card",
            "id": "pm-4444",
            "saved": True,
            "title": "Bank card *4444",
            "card": {"last4": "4444", "card_type": "MasterCard", "expiry_year": "2030", "expiry_month": "12"},
        },
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}
