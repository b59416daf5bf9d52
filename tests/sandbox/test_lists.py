from __future__ import annotations

import pytest

from tests.sandbox.gateway import Client, Json, charge, order


def ids(page: Json) -> list[str]:
    return [item["id"] for item in page["items"]]


def test_newest_first_ten_by_default_and_a_cursor_only_while_there_is_more(client: Client) -> None:
    method = client.saved_method()
    made = [method, *(client.made("/payments", charge(method))["id"] for _ in range(22))][::-1]

    seen: list[str] = []
    page = client.got("/payments")
    assert len(page["items"]) == 10
    while True:
        seen += ids(page)
        if "next_cursor" not in page:
            break
        page = client.got("/payments", cursor=page["next_cursor"])
    assert seen == made
    assert len(ids(client.got("/payments", limit="23"))) == 23
    assert "next_cursor" not in client.got("/payments", limit="23")


def test_a_page_does_not_shift_when_new_payments_come(client: Client) -> None:
    method = client.saved_method()
    old = [client.made("/payments", charge(method))["id"] for _ in range(4)][::-1]
    page = client.got("/payments", limit="2")
    client.made("/payments", charge(method))
    assert ids(client.got("/payments", limit="2", cursor=page["next_cursor"])) == old[2:]


def test_dates_filter_half_open(client: Client) -> None:
    moments = []
    for _ in range(3):
        payment = client.made("/payments", order())
        client.pay(payment)
        moments.append((payment["id"], client.got(f"/payments/{payment['id']}")))
        client.control("clock", {"jump": "PT1M"})
    middle = moments[1][1]

    at_or_after = ids(client.got("/payments", created_at__gte=middle["created_at"]))
    after = ids(client.got("/payments", created_at__gt=middle["created_at"]))
    assert at_or_after == [moments[2][0], moments[1][0]]
    assert after == [moments[2][0]]
    assert ids(client.got("/payments", created_at__lte=middle["created_at"])) == [moments[1][0], moments[0][0]]
    assert ids(client.got("/payments", captured_at__lt=middle["captured_at"])) == [moments[0][0]]
    window = {"created_at__gte": moments[0][1]["created_at"], "created_at__lt": middle["created_at"]}
    assert ids(client.got("/payments", **window)) == [moments[0][0]]
    assert ids(client.got("/payments", created_at__gte="2020-01-01T00:00:00+03:00", limit="1")) == [moments[2][0]]


def test_status_and_method_filter(client: Client) -> None:
    pending = client.made("/payments", order())
    paid = client.saved_method()
    assert ids(client.got("/payments", status="pending")) == [pending["id"]]
    assert ids(client.got("/payments", status="succeeded")) == [paid]
    assert ids(client.got("/payments", payment_method="bank_card")) == [paid]
    assert ids(client.got("/payments", payment_method="sbp")) == []


def test_metadata_is_no_filter(client: Client) -> None:
    client.made("/payments", order(metadata={"attempt": "1"}))
    assert len(ids(client.got("/payments", **{"metadata.attempt": "2"}))) == 1


def test_refunds_are_listed_by_payment(client: Client) -> None:
    first, second = client.saved_method(), client.saved_method()
    refunds = [
        client.made("/refunds", {"payment_id": paid, "amount": {"value": "10.00", "currency": "RUB"}})["id"]
        for paid in (first, second, first)
    ]
    assert ids(client.got("/refunds")) == refunds[::-1]
    assert ids(client.got("/refunds", payment_id=first)) == [refunds[2], refunds[0]]
    assert ids(client.got("/refunds", status="canceled")) == []
    page = client.got("/refunds", limit="2")
    assert ids(client.got("/refunds", limit="2", cursor=page["next_cursor"])) == [refunds[0]]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"), ("limit", "101"), ("limit", "x"), ("limit", "٣"), ("cursor", "!"), ("cursor", "bm9wZQ"),
        ("status", "odd"), ("created_at.gte", "yesterday"),
    ],
)  # fmt: skip
def test_wrong_filters_are_refused_by_name(client: Client, name: str, value: str) -> None:
    refused = client.api.get("/payments", params={name: value})
    assert (refused.status_code, refused.json()["parameter"]) == (400, name)
