from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.gateway import Client, order
from tests.sandbox.process import Sandbox


@pytest.mark.parametrize(
    "auth", [None, ("100500", "wrong"), ("999", "test_sandbox")], ids=["none", "wrong secret", "unknown shop"]
)
def test_without_the_right_secret_the_answer_is_401(client: Client, auth: tuple[str, str] | None) -> None:
    refused = httpx.get(f"{client.sandbox.api_url}/payments", auth=auth)

    assert refused.status_code == 401
    body = refused.json()
    assert (body["type"], body["code"]) == ("error", "invalid_credentials")
    assert body["id"]
    assert body["description"]


@pytest.mark.parametrize("header", ["Bearer x", "Basic !!!", "Basic /////w=="])
def test_broken_authorization_is_401(client: Client, header: str) -> None:
    refused = httpx.get(f"{client.sandbox.api_url}/payments", headers={"Authorization": header})
    assert refused.status_code == 401


def test_another_shops_objects_are_not_found(client: Client, running: Sandbox) -> None:
    payment = client.made("/payments", order())
    client.control("shops", {"account_id": "200", "secret": "test_other"})
    other = Client(running, "200", "test_other")

    for path in (f"/payments/{payment['id']}", "/payments/unknown", "/refunds/unknown", "/payment_methods/unknown"):
        refused = other.api.get(path)
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert other.post(f"/payments/{payment['id']}/cancel").status_code == 404
    assert other.got("/payments")["items"] == []
    other.close()


@pytest.mark.parametrize(
    ("amount", "parameter"),
    [
        (None, "amount"),
        ({"value": "0.99", "currency": "RUB"}, "amount.value"),
        ({"value": "1.001", "currency": "RUB"}, "amount.value"),
        ({"value": "1,00", "currency": "RUB"}, "amount.value"),
        ({"value": "-5.00", "currency": "RUB"}, "amount.value"),
        ({"value": 100.0, "currency": "RUB"}, "amount.value"),
        ({"value": "350000.01", "currency": "RUB"}, "amount.value"),
        ({"value": "100.00", "currency": "GBP"}, "amount.currency"),
        ({"value": "100.00"}, "amount.currency"),
    ],
)
def test_a_wrong_amount_is_refused_by_name(client: Client, amount: Any, parameter: str) -> None:
    refused = client.post("/payments", order() | {"amount": amount})

    assert (refused.status_code, refused.json()["parameter"]) == (400, parameter)
    assert client.got("/payments")["items"] == []


@pytest.mark.parametrize(
    ("value", "echoed"), [("1", "1.00"), ("100.5", "100.50"), ("350000.00", "350000.00"), ("12.34", "12.34")]
)
def test_an_amount_is_echoed_with_two_decimals(client: Client, value: str, echoed: str) -> None:
    assert client.made("/payments", order(value))["amount"] == {"value": echoed, "currency": "RUB"}


@pytest.mark.parametrize(
    ("field", "value", "parameter"),
    [
        ("description", "x" * 129, "description"),
        ("description", 5, "description"),
        ("merchant_customer_id", "x" * 201, "merchant_customer_id"),
        ("metadata", {str(n): "v" for n in range(17)}, "metadata"),
        ("metadata", {"k" * 33: "v"}, "metadata"),
        ("metadata", {"k": "v" * 513}, "metadata"),
        ("metadata", {"k": 5}, "metadata"),
        ("metadata", ["k"], "metadata"),
        ("capture", "yes", "capture"),
        ("save_payment_method", 1, "save_payment_method"),
        ("confirmation", None, "confirmation"),
        ("confirmation", {"return_url": "https://a.example/"}, "confirmation.type"),
        ("confirmation", {"type": "telepathy"}, "confirmation.type"),
        ("confirmation", {"type": "redirect"}, "confirmation.return_url"),
        ("confirmation", {"type": "redirect", "return_url": "/relative"}, "confirmation.return_url"),
        ("confirmation", {"type": "redirect", "return_url": "javascript://x/alert"}, "confirmation.return_url"),
        (
            "confirmation",
            {"type": "redirect", "return_url": "https://a.example/" + "x" * 2048},
            "confirmation.return_url",
        ),
        (
            "confirmation",
            {"type": "redirect", "return_url": "https://a.example/", "locale": "xx"},
            "confirmation.locale",
        ),
        ("payment_token", "ct-1", "payment_token"),
        ("payment_method_data", {"type": "quantum"}, "payment_method_data.type"),
        ("payment_method_data", {}, "payment_method_data.type"),
    ],
)
def test_a_wrong_field_is_refused_by_name(client: Client, field: str, value: Any, parameter: str) -> None:
    refused = client.post("/payments", order() | {field: value})

    assert (refused.status_code, refused.json()["parameter"]) == (400, parameter)


def test_the_longest_allowed_texts_are_taken_and_echoed(client: Client) -> None:
    metadata = {f"{n:032d}": "я" * 512 for n in range(16)}
    more: dict[str, Any] = {"description": "о" * 128, "merchant_customer_id": "c" * 200, "metadata": metadata}

    made = client.made("/payments", order(**more))

    assert {name: made[name] for name in more} == more


def test_metadata_is_an_empty_object_when_none_was_sent(client: Client) -> None:
    assert client.made("/payments", order())["metadata"] == {}


@pytest.mark.parametrize("other", [{"payment_method_data": {"type": "bank_card"}}, {"payment_token": "t"}])
def test_only_one_source_of_money_may_be_named(client: Client, other: dict[str, Any]) -> None:
    body = {"amount": {"value": "5.00", "currency": "RUB"}, "payment_method_id": "m", **other}
    refused = client.post("/payments", body)

    assert refused.status_code == 400
    assert refused.json()["description"].startswith("Request should contain only one of")


def test_raw_card_data_is_forbidden(client: Client) -> None:
    data = {"type": "bank_card", "card": {"number": "4111111111111111"}}
    refused = client.post("/payments", order(payment_method_data=data))
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(client: Client, content: bytes) -> None:
    headers = {"Idempotence-Key": "k", "Content-Type": "application/json"}
    assert client.api.post("/payments", content=content, headers=headers).status_code == 400


def test_another_content_type_is_415(client: Client) -> None:
    assert client.api.post("/payments", data={"a": "b"}, headers={"Idempotence-Key": "k"}).status_code == 415


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("DELETE", "/payments", 405),
        ("PUT", "/payments/x", 405),
        ("GET", "/payments/x/capture", 405),
        ("GET", "/payment_methods", 405),
        ("DELETE", "/payment_methods/x", 405),
        ("GET", "/nothing", 404),
        ("GET", "/payments/x/y/z", 404),
    ],
)
def test_wrong_verbs_and_unknown_paths(client: Client, method: str, path: str, status: int) -> None:
    assert client.api.request(method, path).status_code == status


def test_every_answer_carries_a_signature_that_means_nothing(client: Client) -> None:
    first, second = (client.api.get("/payments").headers["Signature"] for _ in range(2))
    assert first.startswith("v1 ")
    assert first != second
