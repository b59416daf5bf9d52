from __future__ import annotations

import pytest

from tests.sandbox.conftest import Hook
from tests.sandbox.gateway import Client, Json, eventually, order


@pytest.fixture
def held(client: Client) -> Json:
    payment = client.made("/payments", {name: value for name, value in order().items() if name != "capture"})
    client.pay(payment)
    return client.got(f"/payments/{payment['id']}")


def test_without_capture_the_money_is_only_held(held: Json) -> None:
    assert (held["status"], held["paid"], held["refundable"]) == ("waiting_for_capture", True, False)
    assert held["expires_at"] > held["created_at"]
    assert held["authorization_details"]["rrn"]
    assert "captured_at" not in held


def test_a_hold_can_be_taken_whole_with_an_empty_body(client: Client, held: Json) -> None:
    response = client.api.post(f"/payments/{held['id']}/capture", headers={"Idempotence-Key": "k"})
    assert response.json()["status"] == "succeeded"
    assert response.json()["amount"]["value"] == "300.00"


def test_a_part_can_be_taken_and_the_rest_is_released(client: Client, held: Json) -> None:
    body = {"amount": {"value": "120.50", "currency": "RUB"}}
    taken = client.made(f"/payments/{held['id']}/capture", body)

    assert taken["amount"]["value"] == "120.50"
    too_much = {"payment_id": held["id"], "amount": {"value": "120.51", "currency": "RUB"}}
    assert client.post("/refunds", too_much).status_code == 400


@pytest.mark.parametrize(
    ("amount", "parameter"),
    [
        ({"value": "300.01", "currency": "RUB"}, "amount"),
        ({"value": "300.00", "currency": "USD"}, "amount.currency"),
        ({"value": "0.50", "currency": "RUB"}, "amount.value"),
    ],
)
def test_a_wrong_capture_takes_nothing(client: Client, held: Json, amount: Json, parameter: str) -> None:
    refused = client.post(f"/payments/{held['id']}/capture", {"amount": amount})
    assert (refused.status_code, refused.json()["parameter"]) == (400, parameter)
    assert client.got(f"/payments/{held['id']}")["status"] == "waiting_for_capture"


def test_a_hold_can_be_let_go(client: Client, held: Json) -> None:
    canceled = client.made(f"/payments/{held['id']}/cancel")

    assert canceled["cancellation_details"] == {"party": "merchant", "reason": "canceled_by_merchant"}
    assert canceled["authorization_details"] == held["authorization_details"]
    assert "expires_at" not in canceled


@pytest.mark.parametrize("change", ["capture", "cancel"])
def test_what_is_not_held_can_be_neither_taken_nor_let_go(client: Client, change: str) -> None:
    pending = client.made("/payments", order())
    succeeded = client.made("/payments", order())
    client.pay(succeeded)

    for payment in (pending, succeeded):
        refused = client.post(f"/payments/{payment['id']}/{change}")
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_request")
    assert client.post(f"/payments/unknown/{change}").status_code == 404


def test_a_hold_lapses_after_seven_days_and_the_shop_hears_of_it(client: Client, held: Json, hook: Hook) -> None:
    client.control("clock", {"jump": "P6DT23H"})
    assert client.got(f"/payments/{held['id']}")["status"] == "waiting_for_capture"
    client.control("clock", {"jump": "PT2H"})

    lapsed = client.got(f"/payments/{held['id']}")
    assert lapsed["cancellation_details"] == {"party": "yoo_money", "reason": "expired_on_capture"}
    assert eventually(hook.events) == ["payment.canceled"]


def test_a_method_saved_with_a_hold_stays_saved_when_it_is_let_go(client: Client) -> None:
    payment = client.made("/payments", order(capture=False, save_payment_method=True))
    client.pay(payment)
    canceled = client.made(f"/payments/{payment['id']}/cancel")
    assert canceled["payment_method"]["saved"] is True
