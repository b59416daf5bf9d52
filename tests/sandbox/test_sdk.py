"""The official SDK reads our answers, as it reads the real gateway's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from yookassa import Configuration, Payment, Refund
from yookassa.domain.exceptions import BadRequestError, NotFoundError, UnauthorizedError

from tests.sandbox.gateway import RETURN_URL, Client


@pytest.fixture
def sdk(client: Client) -> Iterator[Client]:
    Configuration.configure("100500", "test_sandbox", api_url=client.sandbox.api_url)
    yield client
    Configuration.account_id = Configuration.secret_key = None
    Configuration.api_url = None


def body(**more: object) -> dict[str, object]:
    confirmation = {"type": "redirect", "return_url": RETURN_URL}
    return {"amount": {"value": "300.00", "currency": "RUB"}, "capture": True, "confirmation": confirmation, **more}


def test_a_payment_from_its_creation_to_a_refund(sdk: Client) -> None:
    payment = Payment.create(body(save_payment_method=True, description="Заказ 7"), "sdk-1")
    assert payment.status == "pending"
    assert payment.confirmation.confirmation_url
    sdk.pay({"id": payment.id})

    paid = Payment.find_one(payment.id)
    assert (paid.status, paid.paid, paid.payment_method.saved) == ("succeeded", True, True)
    assert paid.payment_method.card.last4 == "4444"
    assert str(paid.amount.value) == "300.00"

    charged = Payment.create(
        {"amount": {"value": "5.00", "currency": "RUB"}, "capture": True, "payment_method_id": payment.id}, "sdk-2"
    )
    assert charged.status == "succeeded"
    refund = Refund.create({"payment_id": charged.id, "amount": {"value": "5.00", "currency": "RUB"}}, "sdk-3")
    assert refund.status == "succeeded"
    assert [item.id for item in Payment.list({"limit": 2}).items] == [charged.id, payment.id]


def test_a_hold_is_captured_and_canceled(sdk: Client) -> None:
    for change, status in ((Payment.capture, "succeeded"), (Payment.cancel, "canceled")):
        held = Payment.create(body(capture=False))
        sdk.pay({"id": held.id})
        assert Payment.find_one(held.id).status == "waiting_for_capture"
        assert change(held.id).status == status


def test_a_decline_and_errors(sdk: Client) -> None:
    method = sdk.saved_method()
    sdk.control("outcomes", {"payment_method_id": method, "outcomes": ["insufficient_funds"]})
    declined = Payment.create({"amount": {"value": "5.00", "currency": "RUB"}, "payment_method_id": method})
    assert declined.cancellation_details.reason == "insufficient_funds"
    with pytest.raises(BadRequestError):
        Payment.create(body(amount={"value": "0.10", "currency": "RUB"}))
    with pytest.raises(NotFoundError):
        Payment.find_one("23d93cac-000f-5000-8000-126628f15141")
    Configuration.configure("100500", "wrong", api_url=sdk.sandbox.api_url)
    with pytest.raises(UnauthorizedError):
        Payment.find_one("23d93cac-000f-5000-8000-126628f15141")
