from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.sandbox.gateway import Client, charge, order
from tests.sandbox.process import Sandbox


def test_the_same_key_and_data_is_the_same_operation_in_its_current_status(client: Client) -> None:
    first = client.made("/payments", order(), key="k")
    client.pay(first)

    again = client.made("/payments", order(), key="k")

    assert (again["id"], again["status"]) == (first["id"], "succeeded")
    assert len(client.got("/payments")["items"]) == 1


def test_json_spaced_or_ordered_differently_is_the_same_data(client: Client) -> None:
    first = client.made("/payments", order(), key="k")
    headers = {"Idempotence-Key": "k", "Content-Type": "application/json"}
    body = (
        b'{ "confirmation": {"return_url": "http://shop.example/back?order=7&x=%20a", "type": "redirect"},'
        b' "capture": true, "amount": {"currency": "RUB", "value": "300.00"} }'
    )
    again = client.api.post("/payments", content=body, headers=headers)

    assert again.json()["id"] == first["id"]


def test_the_same_key_with_other_data_is_refused(client: Client) -> None:
    client.made("/payments", order(), key="k")

    refused = client.post("/payments", order("301.00"), key="k")

    assert refused.status_code == 400
    assert refused.json()["code"] == "invalid_request"
    assert refused.json()["description"] == "Idempotence key duplicated"
    assert refused.json()["parameter"] == "Idempotence-Key"


def test_parallel_requests_with_one_key_make_one_payment(client: Client, running: Sandbox) -> None:
    method = client.saved_method()
    clients = [Client(running) for _ in range(12)]
    with ThreadPoolExecutor(12) as pool:
        ids = list(pool.map(lambda one: one.made("/payments", charge(method), key="same")["id"], clients))
    for one in clients:
        one.close()

    assert len(set(ids)) == 1
    assert len(client.got("/payments")["items"]) == 2


def test_after_a_day_of_virtual_time_the_key_makes_a_new_operation(client: Client) -> None:
    method = client.saved_method()
    first = client.made("/payments", charge(method), key="k")

    client.control("clock", {"jump": "PT23H59M"})
    assert client.made("/payments", charge(method), key="k")["id"] == first["id"]

    client.control("clock", {"jump": "PT2M"})
    assert client.made("/payments", charge(method), key="k")["id"] != first["id"]


def test_a_key_belongs_to_its_shop(client: Client, running: Sandbox) -> None:
    client.control("shops", {"account_id": "200", "secret": "test_other"})
    other = Client(running, "200", "test_other")

    assert client.made("/payments", order(), key="k")["id"] != other.made("/payments", order(), key="k")["id"]
    other.close()


@pytest.mark.parametrize("key", ["", "x" * 65, "with space"])
def test_a_missing_or_malformed_key_is_refused(client: Client, key: str) -> None:
    refused = client.api.post("/payments", json=order(), headers={"Idempotence-Key": key} if key else {})

    assert refused.status_code == 400
    assert refused.json()["parameter"] == "Idempotence-Key"


def test_a_key_of_64_characters_is_taken(client: Client) -> None:
    assert client.post("/payments", order(), key="a+-_.Z9" + "x" * 57).status_code == 200


def test_capture_cancel_and_refund_are_idempotent_too(client: Client) -> None:
    held = client.made("/payments", order(capture=False))
    client.pay(held)
    captured = [client.made(f"/payments/{held['id']}/capture", key="c") for _ in range(2)]
    body = {"payment_id": held["id"], "amount": {"value": "100.00", "currency": "RUB"}}
    refunded = [client.made("/refunds", body, key="r") for _ in range(2)]
    other = client.made("/payments", order(capture=False))
    client.pay(other)
    canceled = [client.made(f"/payments/{other['id']}/cancel", key="x") for _ in range(2)]

    assert [payment["status"] for payment in captured] == ["succeeded"] * 2
    assert refunded[0] == refunded[1]
    assert canceled[0] == canceled[1]
    assert client.got(f"/payments/{held['id']}")["refunded_amount"]["value"] == "100.00"


def test_a_refused_request_does_not_use_up_its_key(client: Client) -> None:
    assert client.post("/payments", order("0.50"), key="k").status_code == 400
    assert client.post("/payments", order("1.00"), key="k").status_code == 200
