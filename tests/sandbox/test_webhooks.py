from __future__ import annotations

from datetime import datetime

import httpx

from tests.sandbox.conftest import Hook
from tests.sandbox.gateway import Client, charge, eventually, order
from tests.sandbox.schemas import NOTIFICATION, check


def deliveries(client: Client) -> int:
    return len(client.journal(system="webhook"))


def test_a_notification_holds_the_object_as_it_was_at_the_event(client: Client, hook: Hook) -> None:
    payment = client.made("/payments", order(capture=False))
    client.pay(payment)
    client.made(f"/payments/{payment['id']}/capture")

    eventually(lambda: hook.events() == ["payment.waiting_for_capture", "payment.succeeded"])

    for notification in hook.received:
        check(notification, NOTIFICATION)
    assert [notification["object"]["status"] for notification in hook.received] == ["waiting_for_capture", "succeeded"]
    assert hook.received[1]["object"] == client.got(f"/payments/{payment['id']}")


def test_success_and_decline_of_a_charge_are_told_too(client: Client, hook: Hook) -> None:
    method = client.saved_method()
    # Two notifications at once may arrive in either order.
    eventually(lambda: hook.events() == ["payment.succeeded"])
    client.control("outcomes", {"payment_method_id": method, "outcomes": ["card_expired"]})
    client.made("/payments", charge(method))

    eventually(lambda: hook.events() == ["payment.succeeded", "payment.canceled"])
    assert hook.received[1]["object"]["cancellation_details"]["reason"] == "card_expired"


def test_nothing_is_told_of_a_pending_payment(client: Client, hook: Hook) -> None:
    client.made("/payments", order())
    assert client.web.get("/control/state").json()["deliveries_due"] == 0
    assert hook.received == []


def test_it_is_told_again_by_the_schedule_until_the_answer_is_200(client: Client, hook: Hook) -> None:
    hook.status = 503
    client.saved_method()
    eventually(lambda: deliveries(client) == 1)
    began = datetime.fromisoformat(client.journal(system="webhook")[0]["at"])
    schedule = (10, 42, 84, 168, 672, 5376, 86016)
    for times, seconds in enumerate(schedule, start=2):
        upcoming = client.web.get("/control/state").json()["next_instant"]
        assert abs((datetime.fromisoformat(upcoming) - began).total_seconds() - seconds) < 1
        hook.status = 200 if seconds == schedule[-1] else 503
        client.control("clock", {"jump": upcoming})
        eventually(lambda: deliveries(client) == times)  # noqa: B023 - asked at once
    client.control("clock", {"jump": "P2D"})

    assert [entry["status"] for entry in client.journal(system="webhook")] == [503] * 7 + [200]
    assert all(notification == hook.received[0] for notification in hook.received)
    assert client.web.get("/control/state").json()["next_instant"] is None


def test_after_a_day_it_is_given_up(client: Client, hook: Hook) -> None:
    hook.status = 500
    client.saved_method()
    eventually(lambda: deliveries(client) == 1)
    client.control("clock", {"jump": "PT23H50M"})
    eventually(lambda: deliveries(client) == 2)
    client.control("clock", {"jump": "PT9M"})
    eventually(lambda: deliveries(client) == 3)
    client.control("clock", {"jump": "P30D"})

    assert client.web.get("/control/state").json()["next_instant"] is None
    assert client.journal(system="webhook")[-1]["outcome"] == "payment.succeeded: given_up"


def test_nobody_listening_is_a_failure_to_be_told_again(client: Client) -> None:
    client.control("targets", {"yookassa_url": "http://127.0.0.1:1/hook"})
    client.saved_method()
    eventually(lambda: deliveries(client) == 1)
    assert client.journal(system="webhook")[0]["status"] is None
    assert client.web.get("/control/state").json()["next_instant"]
    client.control("targets", {"yookassa_url": None})


def test_a_shop_may_have_an_address_of_its_own(client: Client, hook: Hook) -> None:
    client.control("targets", {"yookassa_url": "http://127.0.0.1:1/"})
    client.control("shops", {"account_id": "100500", "webhook_url": hook.url})
    client.saved_method()
    assert eventually(hook.events) == ["payment.succeeded"]


def test_duplicated(client: Client, hook: Hook) -> None:
    client.fault("webhook_duplicate", "webhook")
    client.saved_method()
    eventually(lambda: hook.events() == ["payment.succeeded"] * 2)
    assert hook.received[0] == hook.received[1]


def test_duplicated_each_copy_late_by_a_time_of_its_own(client: Client, hook: Hook) -> None:
    client.fault("webhook_duplicate", "webhook", seconds=3600)
    client.pay(client.made("/payments", order(capture=True), key="late-copies"))
    came = []
    for _ in range(31):
        client.control("clock", {"jump": "PT2M"})
        eventually(lambda: client.web.get("/control/state").json()["deliveries_due"] == 0)
        came.append(len(hook.received))
    assert 1 in came
    assert came[-1] == 2


def test_delayed(client: Client, hook: Hook) -> None:
    client.fault("webhook_delay", "webhook", seconds=3600)
    client.saved_method()
    client.control("clock", {"jump": "PT59M"})
    assert hook.received == []
    client.control("clock", {"jump": "PT2M"})
    assert eventually(hook.events) == ["payment.succeeded"]


def test_lost(client: Client, hook: Hook) -> None:
    client.fault("webhook_lost", "webhook", match={"event": "payment.succeeded"})
    client.saved_method()
    client.control("clock", {"jump": "P2D"})
    assert client.web.get("/control/state").json()["deliveries_due"] == 0
    assert hook.received == []


def test_out_of_order(client: Client, hook: Hook) -> None:
    client.fault("webhook_shuffle", "webhook", match={"event": "payment.waiting_for_capture"}, seconds=600)
    payment = client.made("/payments", order(capture=False))
    client.pay(payment)
    client.made(f"/payments/{payment['id']}/capture")
    eventually(lambda: hook.events() == ["payment.succeeded"])
    client.control("clock", {"jump": "PT11M"})
    eventually(lambda: hook.events() == ["payment.succeeded", "payment.waiting_for_capture"])
    assert hook.received[1]["object"]["status"] == "waiting_for_capture"


def test_before_the_answer(client: Client, hook: Hook) -> None:
    method = client.saved_method()
    eventually(lambda: len(hook.received) == 1)
    client.fault("webhook_before_answer", "webhook")
    for _ in range(5):
        before = len(hook.received)
        payment = client.made("/payments", charge(method))
        if before == 1:
            assert len(hook.received) == 2
            assert hook.received[1]["object"]["id"] == payment["id"]


def test_shuffled_by_a_seed_the_same_way_each_time(client: Client, hook: Hook) -> None:
    method = client.saved_method()
    eventually(lambda: len(hook.received) == 1)

    def lost(seed: int) -> list[bool]:
        client.web.delete("/control/faults")
        client.fault("webhook_lost", "webhook", rate=0.5, seed=seed)
        before = client.web.get("/control/faults").json()["items"][0]["fired"]
        fates = []
        for n in range(12):
            client.control("clock", {"jump": "P2D"})
            client.made("/payments", charge(method), key=f"same-{n}")
            now = client.web.get("/control/faults").json()["items"][0]["fired"]
            fates.append(now > before)
            before = now
        return fates

    first, again, other = lost(7), lost(7), lost(8)
    assert first == again
    assert first != other
    assert any(first)
    assert not all(first)


def test_answers_are_not_followed_elsewhere(client: Client, hook: Hook) -> None:
    hook.status = 302
    client.saved_method()
    eventually(lambda: deliveries(client) == 1)
    assert client.journal(system="webhook")[0]["status"] == 302
    assert httpx.get(f"{client.sandbox.url}/healthz").status_code == 200
