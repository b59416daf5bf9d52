"""The drill: a dump, a hundred further charges, refusals after it, and the dump restored.

Nobody is charged twice, and nobody who refused is charged at all, whether Redis remembers the refusals or not.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select, text

from kernel.clock import business_now
from kernel.db import Session, begin, read
from kernel.errors import Refused
from payments.autopay.confirming import confirm_autopay
from payments.autopay.consents import Evidence
from payments.autopay.models import Autopay
from payments.autopay.stopping import unlink, wait_for_calls, withdraw
from payments.charging.models import Payment
from payments.doctor.check import examine
from payments.doctor.checks import CHECKS
from payments.installation.pausing import resume_charging
from payments.ledger.models import LedgerEntry
from payments.reconciliation.models import Difference
from payments.reconciliation.repairing import repair_all
from payments.reconciliation.running import reconcile
from payments.stops.keeping import keep_memory
from payments.stops.recalling import recall
from portal.checks import check_start
from tests.payments.stops.conftest import autopay_of, charge_again, method_of, subscribers
from tests.support.business import Agreement
from tests.support.going_back import Backup
from tests.support.world import World

FEW, MANY = 12, 104
UNLINKING, WITHDRAWING = slice(0, 2), slice(2, 4)
OWNER = uuid.uuid4()

pytestmark = pytest.mark.timeout(600)


@dataclass
class Drill:
    """What was done before the restore: who refused after the dump, and who did not."""

    world: World
    refused: list[Agreement]
    others: list[Agreement]
    tokens: dict[uuid.UUID, str]

    def charges(self) -> Counter[str]:
        """How often each card was charged at the gateway."""
        calls = self.world.journal(system="yookassa")
        return Counter(it["payment_method_id"] for it in calls if it["method"] == "POST" and it["payment_method_id"])

    def tokens_of(self, some: list[Agreement]) -> list[str]:
        """Their cards' names at the gateway."""
        return [self.tokens[it.contract_id] for it in some]


@pytest.fixture(params=[FEW, pytest.param(MANY, marks=pytest.mark.soak)])
def drill(world: World, backup: Backup, request: pytest.FixtureRequest) -> Drill:
    """A dump; then all but the refusing are charged once more, and these refuse."""
    agreements = subscribers(world, request.param)
    tokens = {it.contract_id: method_of(it).gateway_id for it in agreements}
    backup.make()
    unlinking, withdrawing = agreements[UNLINKING], agreements[WITHDRAWING]
    others = agreements[WITHDRAWING.stop :]
    for it in unlinking:
        method = method_of(it)
        with begin() as session:
            now = business_now(session)
            unlink(session, method.id, customer_id=it.customer_id, evidence=Evidence(), now=now)
        wait_for_calls(method.id)
    for it in withdrawing:
        with begin() as session:
            withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))
        wait_for_calls(it.contract_id)
    charge_again(world, others)
    keep_memory()  # as the scheduler does every five seconds
    return Drill(world, [*unlinking, *withdrawing], others, tokens)


def test_after_a_restore_nobody_is_charged_twice_and_nobody_who_refused(drill: Drill, backup: Backup) -> None:
    assert drill.charges() == Counter(drill.tokens_of(drill.others))
    backup.go_back()
    _start(drill.world)

    found = recall()
    assert found is not None
    assert (found.whole, found.held) == (True, 0)
    assert found.stopped == {"card": 2, "withdrawn": 2}
    _reconcile_and_resume(drill)
    drill.world.play(advance="P2M5D")

    charged = drill.charges()
    assert [charged[token] for token in drill.tokens_of(drill.refused)] == [0, 0, 0, 0]
    # The one of after the dump, which pays the line that looked due next, and that of the month after it.
    assert {charged[token] for token in drill.tokens_of(drill.others)} == {2}
    _assert_books_are_right()


def test_a_redis_that_forgot_holds_everybody_until_each_has_confirmed(
    drill: Drill, backup: Backup, empty_redis: Callable[[], None]
) -> None:
    backup.go_back()
    empty_redis()
    _start(drill.world)

    found = recall()
    assert found is not None
    assert (found.whole, found.held) == (False, len(drill.tokens))
    _reconcile_and_resume(drill)
    keeping, silent = drill.others[:3], drill.others[3:]
    for it in keeping:
        with begin() as session:
            assert confirm_autopay(session, it.contract_id, by=OWNER, now=business_now(session))
    drill.world.play(advance="P2M5D")

    charged = drill.charges()
    assert {charged[token] for token in drill.tokens_of(keeping)} == {2}
    assert {charged[token] for token in drill.tokens_of(silent)} == {1}
    assert [charged[token] for token in drill.tokens_of(drill.refused)] == [0, 0, 0, 0]
    assert {autopay_of(it).status for it in silent} == {"paused"}
    with read() as session:
        waiting = select(func.count()).where(Autopay.unconfirmed_since.is_not(None))
        assert session.execute(waiting).scalar_one() == len(drill.tokens) - len(keeping)
    _assert_books_are_right()


def _start(world: World) -> None:
    world.product.follow()
    check_start()


def _resume() -> None:
    with begin() as session:
        resume_charging(session, now=business_now(session), by=OWNER)


def _reconcile_and_resume(drill: Drill) -> None:
    before = drill.charges()
    # What looks due is not sent: charging stands still.
    drill.world.play(advance="PT2H")
    assert drill.charges() == before
    with pytest.raises(Refused):
        _resume()
    reconcile()
    done = repair_all(by=OWNER, note=_note)
    assert (done.done, done.refused) == (len(drill.others), {})
    reconcile()
    recall()
    keep_memory()
    assert drill.charges() == before
    _resume()


def _note(_session: Session, _difference: Difference) -> None:
    """Nothing is written into a log here."""


def _assert_books_are_right() -> None:
    with read() as session:
        assert session.execute(select(func.sum(LedgerEntry.kopecks))).scalar_one() == 0
        doubles = text(
            "SELECT count(*) FROM (SELECT invoice_id FROM payments WHERE status = 'succeeded'"
            " GROUP BY invoice_id HAVING count(*) > 1) twice"
        )
        assert session.execute(doubles).scalar_one() == 0
        assert session.execute(select(func.count()).where(Payment.status == "unknown")).scalar_one() == 0
    assert [it.name for it in examine(CHECKS) if not it.sound] == []
