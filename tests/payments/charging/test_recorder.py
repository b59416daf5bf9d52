"""One outcome that PostgreSQL will not take does not keep the others, nor the permits behind them, waiting."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kernel import db
from kernel.db import begin, read
from kernel.settings import get_settings
from payments.charging.models import SEND, Payment
from payments.charging.permits import permit_customer
from payments.charging.recording import Outcome
from payments.charging.sending import _record_batch
from tests.support.gateway_objects import says
from tests.support.standing import begin_first_payment

pytestmark = pytest.mark.committed


@pytest.fixture
def impatient(committed: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Locks are waited for as long as in production, on a smaller scale."""
    monkeypatch.setattr(db, "_CONNECT_OPTIONS", db._CONNECT_OPTIONS.replace("lock_timeout=3000", "lock_timeout=50"))
    db.dispose()
    yield
    db.dispose()


def _sent(email: str) -> Payment:
    with begin() as session:
        payment = begin_first_payment(session, email=email)[1]
        assert permit_customer(session, [payment.id], worker="test")
        return payment


def _status(payment: Payment) -> tuple[str, bool]:
    with read() as session:
        found = session.get_one(Payment, payment.id)
        return found.status, found.lease_until is not None


@pytest.mark.usefixtures("impatient")
def test_an_outcome_that_cannot_be_written_keeps_its_lease_and_the_others_are_written() -> None:
    held, free = _sent("anna@example.com"), _sent("boris@example.com")
    with begin() as session:
        outcomes = [Outcome(payment.id, SEND, says(session, payment, "succeeded"), 1) for payment in (held, free)]
    with begin() as elsewhere:
        elsewhere.get_one(Payment, held.id, with_for_update=True)

        assert _record_batch(outcomes)

        assert _status(free)[0] == "succeeded"
        assert _status(held) == ("sending", True)


def test_while_the_database_is_away_every_outcome_is_kept(committed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = _sent("anna@example.com")
    with begin() as session:
        outcome = Outcome(payment.id, SEND, says(session, payment, "succeeded"), 1)
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("KABINET_DATABASE_URL", "postgresql://postgres@127.0.0.1:9/none")
        get_settings.cache_clear()
        db.dispose()
        assert not _record_batch([outcome])
    get_settings.cache_clear()
    db.dispose()

    assert _record_batch([outcome])
    assert _status(payment)[0] == "succeeded"
