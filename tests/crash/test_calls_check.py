"""Which calls of a crash run asked for what they should not have."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

from tests.crash.harness.check_calls import after_a_refusal, without_permit, wrongly_asked
from tests.crash.harness.oracle import Call, Charge
from tests.crash.harness.workload import Due, agreed

ANNA, BORIS, STRANGER = UUID(int=1), UUID(int=2), UUID(int=3)


def due(invoice_id: UUID, token: str, kopecks: int, fate: str = "plain") -> Due:
    return Due(*(UUID(int=9),) * 3, invoice_id, UUID(int=9), token, kopecks, datetime(2027, 4, 1, tzinfo=UTC), fate)


DUES = [due(ANNA, "card-anna", 100_01, "refused"), due(BORIS, "card-boris", 100_02)]


def call(
    invoice_id: UUID | None, value: str, token: str | None = None, key: str = "key-1", object_id: str | None = None
) -> Call:
    metadata = {"metadata": {"invoice_id": str(invoice_id)}} if invoice_id else {}
    body = json.dumps({"amount": {"value": value, "currency": "RUB"}, **metadata})
    return Call(1, 0.0, "POST", "/payments", key, token, body, 200, None, object_id)


def charge(gateway_id: str, status: str) -> Charge:
    return Charge(gateway_id, status, 100_01, "key-1", None, ANNA)


def test_what_a_customer_pays_is_known_by_his_number() -> None:
    assert agreed("crash-42") == 100_42


def test_the_own_card_and_the_sum_agreed_are_right_by_hand_too() -> None:
    right = [call(ANNA, "100.01", "card-anna"), call(ANNA, "100.01"), call(None, "77.00")]

    assert list(wrongly_asked(right, DUES)) == []


def test_the_card_of_another_customer_is_named() -> None:
    (wrong,) = wrongly_asked([call(ANNA, "100.01", "card-boris")], DUES)

    assert wrong == f"invoice {ANNA}: key key-1 asked for it of the card card-boris, not card-anna"


def test_another_sum_is_named_whoever_pays() -> None:
    wrong = list(wrongly_asked([call(ANNA, "100.02", "card-anna"), call(BORIS, "100.00")], DUES))

    assert wrong == [
        f"invoice {ANNA}: key key-1 asked for 10002 kopecks, not 10001",
        f"invoice {BORIS}: key key-1 asked for 10000 kopecks, not 10002",
    ]


def test_a_card_that_nobody_of_the_run_has_is_named_and_one_of_theirs_may_pay_a_later_invoice() -> None:
    later = call(STRANGER, "5.00", "card-anna")
    strange = call(STRANGER, "5.00", "card-nobody", "key-2")

    assert list(wrongly_asked([later, strange], DUES)) == [
        f"key key-2 asked for {STRANGER} of a card card-nobody that nobody has"
    ]


def test_a_key_may_come_in_as_often_as_it_was_permitted_and_no_more() -> None:
    twice = [call(ANNA, "100.01", "card-anna")] * 2
    foreign = call(None, "77.00", key="not-ours")

    assert list(without_permit([*twice, foreign, foreign], {"key-1": 3, "never-left": 1})) == []
    assert list(without_permit(twice, {"key-1": 1})) == [f"invoice {ANNA}: key key-1 came in 2 times under 1 permits"]


def test_a_card_refused_for_good_is_asked_again_under_no_other_key() -> None:
    lost = call(ANNA, "100.01", "card-anna", "key-0")
    refused = call(ANNA, "100.01", "card-anna", "key-1", "gw-1")
    by_hand = call(ANNA, "100.01", None, "key-2", "gw-2")
    again = call(ANNA, "100.01", "card-anna", "key-3", "gw-3")
    charges = [charge("gw-1", "canceled"), charge("gw-2", "succeeded"), charge("gw-3", "succeeded")]

    assert list(after_a_refusal([lost, refused, refused, by_hand], charges, DUES)) == []
    (wrong,) = after_a_refusal([refused, again], charges, DUES)
    assert f"invoice {ANNA}: 10001 kopecks were refused for good under key key-1" in wrong
    assert "['key-3']" in wrong


def test_a_card_whose_owner_was_not_refused_for_good_may_be_asked_again() -> None:
    declined = [due(ANNA, "card-anna", 100_01, "declined")]
    twice = [call(ANNA, "100.01", "card-anna", key, key) for key in ("key-1", "key-2")]

    assert list(after_a_refusal(twice, [charge("key-1", "canceled")], declined)) == []
