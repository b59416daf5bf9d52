"""What happens at the gateway without us: payments made in its cabinet, refunds, and time that passes since."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from tests.sandbox.process import Sandbox
from tests.support.business import GOOD_CARD, enter_card

Json = dict[str, Any]
_client = httpx.Client(auth=("100500", "test_sandbox"), trust_env=False, verify=False)  # plain HTTP


def pay_past_us(
    sandbox: Sandbox, value: str, *, card: str | None = GOOD_CARD, capture: bool = True, **more: Any
) -> Json:
    """A payment that was not made through the product; without a card its payer has not paid yet."""
    body = {
        "amount": {"value": value, "currency": "RUB"},
        "capture": capture,
        "confirmation": {"type": "redirect", "return_url": "https://example.com/"},
        **more,
    }
    payment = _post(sandbox, "/payments", body)
    if card:
        enter_card(payment["confirmation"]["confirmation_url"], card)
    return payment


def refund_in_the_cabinet(sandbox: Sandbox, gateway_id: str, value: str) -> Json:
    """Money of a payment goes back, and nobody asked us."""
    return _post(sandbox, "/refunds", {"payment_id": gateway_id, "amount": {"value": value, "currency": "RUB"}})


def _post(sandbox: Sandbox, path: str, body: Json) -> Json:
    answer = _client.post(sandbox.api_url + path, json=body, headers={"Idempotence-Key": str(uuid4())})
    assert answer.status_code == 200, answer.text
    made: Json = answer.json()
    return made
