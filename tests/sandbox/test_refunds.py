from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Hook
from tests.sandbox.gateway import Client, Json, eventually, order


@pytest.fixture
def paid(client: Client) -> Json:
    payment = client.made("/payments", order())
    client.pay(payment)
    return payment


def refund(paid: Json, value: str, **more: Any) -> Json:
    return {"payment_id": paid["id"], "amount": {"value": value, "currency": "RUB"}, **more}


def test_money_goes_back_in_parts_until_nothing_is_left(client: Client, paid: Json, hook: Hook) -> None:
    first = client.made("/refunds", refund(paid, "100.00", description="часть", metadata={"a": "b"}))
    assert (first["status"], first["payment_id"], first["description"]) == ("succeeded", paid["id"], "часть")
    assert first["metadata"] == {"a": "b"}
    part = client.got(f"/payments/{paid['id']}")
    assert (part["status"], part["refunded_amount"]["value"], part["refundable"]) == ("succeeded", "100.00", True)

    client.made("/refunds", refund(paid, "200.00"))
    whole = client.got(f"/payments/{paid['id']}")
    assert (whole["status"], whole["refunded_amount"]["value"], whole["refundable"]) == ("succeeded", "300.00", False)
    eventually(lambda: hook.events() == ["refund.succeeded"] * 2)
    assert client.got(f"/refunds/{first['id']}") == first


def test_not_more_than_was_paid(client: Client, paid: Json) -> None:
    client.made("/refunds", refund(paid, "250.00"))
    refused = client.post("/refunds", refund(paid, "50.01"))
    assert (refused.status_code, refused.json()["parameter"]) == (400, "amount")
    client.made("/refunds", refund(paid, "50.00"))
    assert client.post("/refunds", refund(paid, "1.00")).json()["description"] == (
        "Payment is already completely refunded"
    )


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({"payment_id": None}, "payment_id"),
        ({"amount": None}, "amount"),
        ({"amount": {"value": "10.00", "currency": "USD"}}, "amount.currency"),
        ({"amount": {"value": "0.00", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "299.50", "currency": "RUB"}}, "amount"),
        ({"description": "x" * 251}, "description"),
        ({"metadata": {"k": 1}}, "metadata"),
    ],
)
def test_a_wrong_refund_is_refused_by_name(client: Client, paid: Json, change: Json, parameter: str) -> None:
    refused = client.post("/refunds", refund(paid, "10.00") | change)
    assert (refused.status_code, refused.json()["parameter"]) == (400, parameter)


def test_only_a_succeeded_payment_can_be_refunded(client: Client) -> None:
    pending = client.made("/payments", order())
    assert client.post("/refunds", refund(pending, "10.00")).status_code == 400
    assert client.post("/refunds", refund({"id": "unknown"}, "10.00")).status_code == 404


def test_a_refund_may_be_pending_and_then_succeed(client: Client, paid: Json, hook: Hook) -> None:
    client.control("outcomes", {"payment_id": paid["id"], "outcomes": ["pending"]})
    pending = client.made("/refunds", refund(paid, "100.00"))

    assert pending["status"] == "pending"
    assert client.got(f"/payments/{paid['id']}")["refunded_amount"]["value"] == "0.00"
    assert client.post("/refunds", refund(paid, "200.01")).status_code == 400
    client.control("clock", {"jump": "PT11M"})
    assert client.got(f"/refunds/{pending['id']}")["status"] == "succeeded"
    assert eventually(hook.events) == ["refund.succeeded"]


@pytest.mark.parametrize("outcome", ["insufficient_funds", "pending_then_rejected_by_payee"])
def test_a_canceled_refund_has_a_reason_and_no_notification(
    client: Client, paid: Json, hook: Hook, outcome: str
) -> None:
    client.control("outcomes", {"payment_id": paid["id"], "outcomes": [outcome]})
    made = client.made("/refunds", refund(paid, "100.00"))
    client.control("clock", {"jump": "PT11M"})

    canceled = client.got(f"/refunds/{made['id']}")
    assert canceled["status"] == "canceled"
    assert canceled["cancellation_details"]["reason"] == outcome.removeprefix("pending_then_")
    assert client.got(f"/payments/{paid['id']}")["refunded_amount"]["value"] == "0.00"
    assert hook.received == []
