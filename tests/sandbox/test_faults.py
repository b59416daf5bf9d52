from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from tests.sandbox.gateway import Client, Json, charge, order


@pytest.fixture
def method(client: Client) -> str:
    method = client.saved_method()
    client.strange = True
    return method


def made_by(client: Client, key: str) -> list[Json]:
    return [entry for entry in client.journal(key=key) if entry["object_id"]]


@pytest.mark.parametrize(
    ("kind", "status"),
    [("error_500_before", 500), ("too_many_requests", 429), ("processing_202", 202), ("drop_before", None)],
)
def test_before_the_effect_nothing_is_done_and_the_same_key_works_later(
    client: Client, method: str, kind: str, status: int | None
) -> None:
    client.fault(kind)
    if status is None:
        with pytest.raises(httpx.TransportError):
            client.post("/payments", charge(method), key="k")
    else:
        assert client.post("/payments", charge(method), key="k").status_code == status
    assert made_by(client, "k") == []
    assert len(client.got("/payments")["items"]) == 1

    assert client.made("/payments", charge(method), key="k")["status"] == "succeeded"
    assert [entry["fault"] for entry in client.journal(key="k")] == [kind, None]


@pytest.mark.parametrize("kind", ["error_500_after", "drop_after", "html_502", "cut_json"])
def test_after_the_effect_the_operation_exists_and_a_replay_returns_it(client: Client, method: str, kind: str) -> None:
    client.fault(kind)
    try:
        answer = client.post("/payments", charge(method), key="k")
    except httpx.TransportError:
        assert kind == "drop_after"
    else:
        if kind != "error_500_after":
            with pytest.raises(ValueError, match=r".*"):
                answer.json()
    happened = made_by(client, "k")[0]["object_id"]

    assert client.made("/payments", charge(method), key="k")["id"] == happened
    assert len(client.got("/payments")["items"]) == 2


def test_500_and_then_canceled(client: Client, method: str) -> None:
    client.fault("error_500_canceled")
    assert client.post("/payments", charge(method), key="k").status_code == 500

    canceled = client.made("/payments", charge(method), key="k")
    assert canceled["status"] == "canceled"
    assert canceled["cancellation_details"] == {"party": "yoo_money", "reason": "internal_timeout"}


def test_500_and_then_canceled_on_the_form_too(client: Client, method: str) -> None:
    client.fault("error_500_canceled", match={"method": "POST"})
    client.post("/payments", order(), key="k")
    assert client.made("/payments", order(), key="k")["status"] == "canceled"


def test_html_from_a_proxy_may_come_before_the_effect(client: Client, method: str) -> None:
    client.fault("html_502", effect="before")
    answer = client.post("/payments", charge(method), key="k")
    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")
    assert made_by(client, "k") == []


@pytest.mark.parametrize("retry_after", [None, 1500])
def test_too_many_requests_with_and_without_a_pause_in_milliseconds(
    client: Client, method: str, retry_after: int | None
) -> None:
    client.fault("too_many_requests", retry_after=retry_after)
    body = client.post("/payments", charge(method)).json()
    assert body["code"] == "too_many_requests"
    assert body.get("retry_after") == retry_after


def test_the_legacy_processing_answer(client: Client, method: str) -> None:
    client.fault("processing_202", times=3)
    answers = [client.post("/payments", charge(method), key="k") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 200]
    assert answers[0].json()["type"] == "processing"
    assert answers[0].json()["retry_after"] == 1800


def test_hanging_and_slow_answers(client: Client, method: str) -> None:
    client.fault("hang", seconds=30)
    with pytest.raises(httpx.ReadTimeout):
        client.api.post("/payments", json=charge(method), headers={"Idempotence-Key": "k"}, timeout=0.3)
    assert made_by(client, "k")

    client.fault("slow", seconds=0.4)
    began = time.monotonic()
    assert client.post("/payments", charge(method)).status_code == 200
    assert time.monotonic() - began >= 0.4


def test_a_hanging_connection_ends_without_an_answer(client: Client, method: str) -> None:
    client.fault("hang", seconds=0.1)
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/payments", charge(method))


def test_others_are_served_while_one_hangs(client: Client, method: str) -> None:
    client.fault("hang", seconds=5, match={"key": "slow-one"})
    with pytest.raises(httpx.ReadTimeout):
        client.api.post("/payments", json=charge(method), headers={"Idempotence-Key": "slow-one"}, timeout=0.1)
    assert client.post("/payments", charge(method)).elapsed.total_seconds() < 2


def test_strange_answers_for_a_tolerant_client(client: Client, method: str) -> None:
    client.fault("unknown_fields")
    assert "risk_profile" in client.made("/payments", charge(method))
    client.fault("unknown_method")
    assert client.made("/payments", charge(method))["payment_method"]["type"] == "quantum_wallet"
    client.fault("unknown_status")
    assert client.made("/payments", charge(method))["status"] == "under_review"
    client.fault("unknown_reason")
    odd = client.made("/payments", charge(method))
    assert (odd["status"], odd["cancellation_details"]["reason"]) == ("canceled", "issuer_reconsidered")
    client.fault("unknown_fields")
    assert "risk_profile" in client.got("/payments")["items"][0]


def test_a_match_narrows_by_pattern(client: Client, method: str) -> None:
    client.fault("error_500_before", times=9, match={"method": "GET", "path": "/payments/*"})
    assert client.post("/payments", charge(method)).status_code == 200
    assert client.api.get("/payments").status_code == 200
    assert client.api.get(f"/payments/{method}").status_code == 500
    client.web.delete("/control/faults")
    client.fault("error_500_before", times=9, match={"payment_method_id": method})
    assert client.post("/payments", charge(method)).status_code == 500
    assert client.post("/payments", order()).status_code == 200


def test_a_rate_depends_on_nothing_but_seed_key_and_call_number(client: Client, method: str) -> None:
    def struck(seed: int) -> list[int]:
        client.web.delete("/control/faults")
        client.fault("error_500_before", rate=0.4, seed=seed)
        return [client.post("/payments", charge(method), key=f"k{n % 5}").status_code for n in range(25)]

    first, again, other = struck(1), struck(1), struck(2)
    assert first == again
    assert first != other
    assert set(first) == {200, 500}


def test_a_rule_is_listed_counted_and_switched_off(client: Client, method: str) -> None:
    one = client.fault("error_500_before", times=2)
    client.fault("slow", match={"path": "/refunds"}, seconds=0)
    client.post("/payments", charge(method))

    listed = client.web.get("/control/faults").json()["items"]
    assert [(rule["kind"], rule["fired"]) for rule in listed] == [("error_500_before", 1), ("slow", 0)]
    assert client.web.delete(f"/control/faults/{one['id']}").json() == {"removed": 1}
    assert client.post("/payments", charge(method)).status_code == 200
    assert client.web.delete("/control/faults").json() == {"removed": 1}


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"system": "moon", "kind": "slow"},
        {"system": "yookassa", "kind": "webhook_lost"},
        {"system": "yookassa", "kind": "slow", "times": 0},
        {"system": "yookassa", "kind": "slow", "times": 1, "rate": 0.5},
        {"system": "yookassa", "kind": "slow", "rate": 2},
        {"system": "yookassa", "kind": "slow", "rate": True},
        {"system": "yookassa", "kind": "slow", "match": {"moon": "x"}},
        {"system": "yookassa", "kind": "slow", "match": "x"},
        {"system": "yookassa", "kind": "slow", "seconds": -1},
        {"system": "yookassa", "kind": "slow", "effect": "during"},
        {"system": "yookassa", "kind": "slow", "retry_after": 1.5},
        {"system": "yookassa", "kind": "slow", "seed": "x"},
        {"system": "yookassa", "kind": "slow", "often": 1},
    ],
)
def test_a_rule_that_says_nothing_is_refused(client: Client, rule: dict[str, Any]) -> None:
    refused = client.web.post("/control/faults", json=rule)
    assert refused.status_code == 400
    assert refused.json()["error"]
