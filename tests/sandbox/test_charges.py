from __future__ import annotations

import pytest

from tests.sandbox.conftest import Hook
from tests.sandbox.gateway import Client, charge, eventually, order
from tests.sandbox.process import Sandbox


def test_a_charge_is_final_at_once_and_keeps_the_saved_methods_id(client: Client) -> None:
    method = client.saved_method()

    paid = client.made("/payments", charge(method))

    assert paid["status"] == "succeeded"
    assert paid["id"] != method
    assert paid["payment_method"]["id"] == method
    assert "confirmation" not in paid


def test_scripted_outcomes_come_in_order_and_then_success_again(client: Client) -> None:
    method = client.saved_method()
    script = ["insufficient_funds", "permission_revoked", "succeeded", "country_forbidden"]
    client.control("outcomes", {"payment_method_id": method, "outcomes": script})

    payments = [client.made("/payments", charge(method)) for _ in range(5)]

    reasons = [payment.get("cancellation_details") for payment in payments]
    assert reasons == [
        {"party": "payment_network", "reason": "insufficient_funds"},
        {"party": "payment_network", "reason": "permission_revoked"},
        None,
        {"party": "yoo_money", "reason": "country_forbidden"},
        None,
    ]
    assert all(payment["payment_method"]["saved"] for payment in payments)
    assert payments[0]["paid"] is False


def test_a_script_is_for_one_method_and_can_be_cleared(client: Client) -> None:
    poor, rich = client.saved_method(), client.saved_method()
    client.control("outcomes", {"payment_method_id": poor, "outcomes": ["general_decline"] * 3})

    assert client.made("/payments", charge(rich))["status"] == "succeeded"
    assert client.made("/payments", charge(poor))["status"] == "canceled"
    client.control("outcomes", {"payment_method_id": poor, "outcomes": []})
    assert client.made("/payments", charge(poor))["status"] == "succeeded"


def test_a_repeated_key_does_not_use_up_another_outcome(client: Client) -> None:
    method = client.saved_method()
    client.control("outcomes", {"payment_method_id": method, "outcomes": ["insufficient_funds"]})

    first, again = (client.made("/payments", charge(method), key="k") for _ in range(2))

    assert first == again
    assert client.made("/payments", charge(method))["status"] == "succeeded"


def test_the_journal_shows_what_a_charge_came_to(client: Client) -> None:
    method = client.saved_method()
    client.control("outcomes", {"payment_method_id": method, "outcomes": ["insufficient_funds"]})
    paid = client.made("/payments", charge(method), key="charge-1")

    entry = client.journal(payment_method_id=method)[0]

    assert entry["outcome"] == "canceled: insufficient_funds"
    assert (entry["system"], entry["method"], entry["path"]) == ("yookassa", "POST", "/payments")
    assert (entry["key"], entry["status"], entry["object_id"]) == ("charge-1", 200, paid["id"])
    assert entry["request"]["payment_method_id"] == method
    assert entry["fault"] is None


@pytest.mark.parametrize("outcome", ["gone_fishing", 5, None])
def test_an_unknown_outcome_is_refused(client: Client, outcome: object) -> None:
    refused = client.web.post("/control/outcomes", json={"payment_method_id": "m", "outcomes": [outcome]})
    assert refused.status_code == 400
    assert "insufficient_funds" in refused.json()["error"]


def test_a_charge_with_confirmation_is_refused(client: Client) -> None:
    method = client.saved_method()
    refused = client.post("/payments", order(payment_method_id=method))
    assert (refused.status_code, refused.json()["parameter"]) == (400, "confirmation")


def test_unknown_unsaved_and_foreign_methods_cannot_be_charged(client: Client, running: Sandbox) -> None:
    unsaved = client.made("/payments", order(save_payment_method=False))
    client.pay(unsaved)
    client.control("shops", {"account_id": "200", "secret": "test_other"})
    other = Client(running, "200", "test_other")
    foreign = other.saved_method()
    other.close()

    answers = [client.post("/payments", charge(method)) for method in ("unknown", unsaved["id"], foreign)]

    assert [answer.status_code for answer in answers] == [400, 400, 403]
    assert answers[0].json()["description"] == "Payment method is not found"
    assert answers[1].json()["description"] == "Payment method is not saved"
    assert [answer.json().get("parameter") for answer in answers[:2]] == ["payment_method_id"] * 2


def test_a_shop_without_autopayments_may_not_charge(client: Client) -> None:
    method = client.saved_method()
    client.control("shops", {"account_id": "100500", "autopayments": False})
    assert client.post("/payments", charge(method)).status_code == 403


def test_a_method_is_not_saved_before_the_payment_succeeds(client: Client) -> None:
    payment = client.made("/payments", order(save_payment_method=True))
    refused = client.post("/payments", charge(payment["id"]))
    assert refused.json()["description"] == "Payment method is not found"


def test_with_the_receipt_first_a_charge_is_pending_until_the_till_answers(client: Client, hook: Hook) -> None:
    method = client.saved_method()
    client.control("shops", {"account_id": "100500", "receipt_first": True})
    eventually(lambda: hook.events() == ["payment.succeeded"])

    pending = client.made("/payments", charge(method))

    assert pending["status"] == "pending"
    assert pending["receipt_registration"] == "pending"
    assert "confirmation" not in pending
    client.control("clock", {"jump": "PT11M"})
    assert client.got(f"/payments/{pending['id']}")["status"] == "succeeded"
    eventually(lambda: hook.events() == ["payment.succeeded"] * 2)


def test_with_the_receipt_first_a_failing_till_cancels(client: Client) -> None:
    method = client.saved_method()
    client.control("shops", {"account_id": "100500", "receipt_first": True, "receipt_fails": True})

    pending = client.made("/payments", charge(method))
    client.control("clock", {"jump": "PT11M"})

    canceled = client.got(f"/payments/{pending['id']}")
    assert (canceled["status"], canceled["receipt_registration"]) == ("canceled", "canceled")


def test_an_outcome_may_be_pending_and_end_as_scripted(client: Client) -> None:
    method = client.saved_method()
    client.control(
        "outcomes", {"payment_method_id": method, "outcomes": ["pending", "pending_then_insufficient_funds"]}
    )
    good, bad = (client.made("/payments", charge(method)) for _ in range(2))

    assert (good["status"], bad["status"]) == ("pending", "pending")
    client.control("clock", {"jump": "PT11M"})
    assert client.got(f"/payments/{good['id']}")["status"] == "succeeded"
    ended = client.got(f"/payments/{bad['id']}")
    assert ended["cancellation_details"]["reason"] == "insufficient_funds"


def test_a_charge_may_be_held_first(client: Client) -> None:
    method = client.saved_method()
    held = client.made("/payments", charge(method, capture=False))
    assert held["status"] == "waiting_for_capture"
    assert client.made(f"/payments/{held['id']}/capture")["status"] == "succeeded"
