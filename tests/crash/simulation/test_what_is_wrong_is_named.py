"""What the machine asks after each step, asked of scenes in which something is wrong."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from sqlalchemy import text

from kernel.db import begin
from tests.crash.simulation.lines import Line, forgotten
from tests.crash.simulation.scene import Scene
from tests.crash.simulation.stops import HELD, UNLINKED, WITHDRAWN, Stop, Stops
from tests.crash.simulation.till import Till

CHARGE = {
    "payment_method_id": "card-1",
    "metadata": {"payment_id": "p-1", "contract_id": "c-1", "invoice_id": "i-1"},
}


@pytest.fixture
def till(scene: Scene) -> Till:
    """The till of the scene."""
    found = Till(lambda _body: None)
    scene.set(found).close()
    return found


def _waiting_charge(scene: Scene) -> str:
    return next(row.id for row in scene.books.rows() if row.status == "created")


def _set(assignment: str, payment_id: str) -> None:
    with begin() as session:
        session.execute(text(f"UPDATE payments SET {assignment} WHERE id = :id"), {"id": payment_id})


def test_nothing_is_wrong_to_begin_with(scene: Scene, till: Till) -> None:
    assert scene.books.wrong_now(till) == []


def test_an_invoice_that_was_taken_twice_is_named(scene: Scene, till: Till) -> None:
    till.payments["gw-9"] = deepcopy(till.payments["gw-1"])
    assert any("was taken 2 times" in wrong for wrong in scene.books.wrong_now(till))


def test_a_key_with_other_bytes_and_a_payment_under_two_keys_are_named(scene: Scene, till: Till) -> None:
    next(iter(till.bodies.values())).add(b"{}")
    next(iter(till.keys.values())).add("another")
    wrong = scene.books.wrong_now(till)
    assert any("2 different bodies" in line for line in wrong)
    assert any("under 2 keys" in line for line in wrong)


def test_money_that_the_till_does_not_hold_is_named(scene: Scene, till: Till) -> None:
    till.payments["gw-1"]["status"] = "canceled"
    del till.payments["gw-2"]
    wrong = scene.books.wrong_now(till)
    assert any("is succeeded, at the till canceled" in line for line in wrong)
    assert any("is succeeded, at the till unknown to it" in line for line in wrong)


def test_a_payment_that_was_given_up_while_its_call_is_on_the_way_is_named(scene: Scene, till: Till) -> None:
    payment_id = _waiting_charge(scene)
    _set("status = 'rejected'", payment_id)
    till.on_the_way.append(("key", payment_id.encode()))
    assert scene.books.wrong_now(till) == [f"payment {payment_id} is rejected, at the till about to arrive"]


def test_what_is_not_decided_or_not_known_here_is_named_at_rest(scene: Scene, till: Till) -> None:
    till.payments["gw-9"] = deepcopy(till.payments["gw-1"]) | {
        "id": "gw-9",
        "status": "canceled",
        "metadata": {"payment_id": "nobody", "invoice_id": "none", "contract_id": "none"},
    }
    wrong = scene.books.wrong_at_rest(till)
    assert f"payment {_waiting_charge(scene)} is still created" in wrong
    assert any("the till holds gw-9" in line for line in wrong)


def test_a_charge_that_was_forgotten_is_named_at_rest(scene: Scene, till: Till) -> None:
    (payment_id, *_) = [row.id for row in scene.books.rows() if row.status == "created"]
    assert not any("is forgotten" in wrong for wrong in scene.books.wrong_at_rest(till))

    _set("status = 'canceled', reason = 'insufficient_funds'", payment_id)
    assert any(
        "its charge was canceled (insufficient_funds), declined 1 times" in wrong
        for wrong in scene.books.wrong_at_rest(till)
    )

    _set("status = 'canceled', reason = 'invalid_csc'", payment_id)
    assert not any("is forgotten" in wrong for wrong in scene.books.wrong_at_rest(till))


def test_a_charge_that_was_announced_and_never_made_is_named_at_rest(scene: Scene, till: Till) -> None:
    with begin() as session:
        session.execute(text("DELETE FROM payments WHERE status = 'created'"))
    found = [wrong for wrong in scene.books.wrong_at_rest(till) if "its charge was never made" in wrong]
    assert len(found) == len(scene.agreements)


@pytest.mark.parametrize(
    "line",
    [
        Line("l-1", waits=True, told=True, live=False, status="canceled", reason="insufficient_funds", declines=1),
        Line("l-1", waits=False, told=False, live=False, status="rejected", reason="not_created", declines=0),
        Line("l-1", waits=False, told=True, live=True, status="unknown", reason=None, declines=0),
        Line("l-1", waits=False, told=True, live=False, status="canceled", reason="insufficient_funds", declines=4),
        Line("l-1", waits=False, told=True, live=False, status="canceled", reason="card_expired", declines=1),
        Line("l-1", waits=False, told=True, live=False, status="rejected", reason="gateway_rejected", declines=0),
        Line("l-1", waits=False, told=True, live=False, status="rejected", reason="over_limit", declines=0),
    ],
)
def test_a_line_that_waits_is_being_charged_or_has_come_to_its_end_is_not_forgotten(line: Line) -> None:
    assert list(forgotten([line])) == []


@pytest.mark.parametrize(
    ("status", "reason", "declines"),
    [
        ("canceled", "insufficient_funds", 3),
        ("canceled", "invented since", 2),
        ("rejected", "paid_by_hand", 0),
        ("rejected", "withdrawn", 0),
        ("rejected", "not_created", 0),
        (None, None, 0),
    ],
)
def test_a_line_with_tries_left_that_waits_for_nothing_is_forgotten(
    status: str | None, reason: str | None, declines: int
) -> None:
    (wrong,) = forgotten([Line("l-1", False, True, False, status, reason, declines)])
    assert wrong.startswith("line l-1 is forgotten")


@pytest.mark.parametrize("kind", [WITHDRAWN, UNLINKED, HELD])
def test_a_charge_that_was_permitted_after_a_stop_must_not_leave(kind: str) -> None:
    stops = Stops([Stop(kind, 5, frozenset({"c-1"}), frozenset({"p-1"}))])
    assert "was permitted after it was" in str(stops.objection(CHARGE, permitted=6, paid=[]))
    assert stops.objection(CHARGE, permitted=4, paid=[]) is None


def test_a_charge_that_had_its_permit_must_not_leave_after_an_answer_that_did_not_name_it() -> None:
    stop = Stop(WITHDRAWN, 5, frozenset({"c-1"}), frozenset({"p-1"}), named=frozenset())
    assert "did not name it" in str(Stops([stop]).objection(CHARGE, permitted=4, paid=[]))
    stop.named = frozenset({"p-1"})
    assert Stops([stop]).objection(CHARGE, permitted=4, paid=[]) is None


def test_a_charge_of_an_unlinked_card_must_not_leave_whoever_it_is_for() -> None:
    stop = Stop(UNLINKED, 5, frozenset(), frozenset(), tokens=frozenset({"card-1"}))
    assert "a card that was unlinked" in str(Stops([stop]).objection(CHARGE, permitted=6, paid=[]))


def test_a_later_charge_needs_a_consent_that_was_given_and_paid_with_after_the_refusal() -> None:
    stops = Stops([Stop(WITHDRAWN, 5, frozenset({"c-1"}), frozenset())], consented={"before": 3, "after": 7})

    def paid(payment_id: str) -> list[dict[str, Any]]:
        return [{"metadata": {"payment_id": payment_id, "contract_id": "c-1"}}]

    assert "without a new consent" in str(stops.objection(CHARGE, permitted=9, paid=paid("before")))
    assert stops.objection(CHARGE, permitted=9, paid=paid("after")) is None


def test_a_later_charge_needs_the_employee_who_holds_the_contract_to_let_go() -> None:
    stops = Stops([Stop(HELD, 5, frozenset({"c-1"}), frozenset())])
    assert "was written while held" in str(stops.objection(CHARGE, permitted=9, paid=[]))
    stops.undo(HELD, "c-1", 10)
    assert stops.objection(CHARGE, permitted=11, paid=[]) is None


def test_no_charge_is_permitted_while_all_are_paused() -> None:
    stops = Stops()
    stops.pause(5)
    assert "while charging was paused" in str(stops.objection(CHARGE, permitted=6, paid=[]))
    stops.resume(8)
    assert "while charging was paused" in str(stops.objection(CHARGE, permitted=6, paid=[]))
    assert stops.objection(CHARGE, permitted=9, paid=[]) is None
