"""A restored autopay waits for its customer's word, and that word lets it go on, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from kernel.clock import business_now
from kernel.db import Session
from kernel.errors import NotFound, Refused
from payments.autopay.confirming import confirm_autopay, hold_unconfirmed
from payments.autopay.consents import Evidence
from payments.autopay.holding import pause_autopay, resume_autopay
from payments.autopay.stopping import withdraw
from tests.support.business import make_agreement
from tests.support.standing import Standing, causes_told, make_standing

ANNA, BOSS = uuid4(), uuid4()


@pytest.fixture
def it(session: Session) -> Standing:
    return make_standing(session)


def _hold(session: Session) -> int:
    # The consent was given in this very transaction, whose business_now() stands still.
    held = hold_unconfirmed(session, before=business_now(session) + timedelta(minutes=1), now=business_now(session))
    session.flush()
    return held


def _confirm(session: Session, it: Standing) -> bool:
    done = confirm_autopay(session, it.contract_id, by=ANNA, now=business_now(session))
    session.flush()
    return done


def test_the_customers_word_lets_a_held_autopay_go_on_once(session: Session, it: Standing) -> None:
    assert _hold(session) == 1
    assert it.autopay(session).status == "paused"

    assert [_confirm(session, it), _confirm(session, it)] == [True, False]

    assert (it.autopay(session).status, it.autopay(session).unconfirmed_since) == ("active", None)
    assert causes_told(session) == ["consented", "unconfirmed", "confirmed"]


def test_an_autopay_that_waits_for_nothing_needs_no_word(session: Session, it: Standing) -> None:
    assert _confirm(session, it) is False

    assert it.autopay(session).status == "active"
    assert it.payment(session).status == "created"
    assert causes_told(session) == ["consented"]


def test_the_customers_word_does_not_end_an_employees_pause(session: Session, it: Standing) -> None:
    pause_autopay(session, it.contract_id, by=BOSS, now=business_now(session))
    session.flush()
    assert _hold(session) == 1

    assert _confirm(session, it) is True

    assert (it.autopay(session).status, it.autopay(session).unconfirmed_since) == ("paused", None)
    assert "confirmed" not in causes_told(session)
    assert resume_autopay(session, it.contract_id, by=BOSS, now=business_now(session)) is True
    assert it.autopay(session).status == "active"


def test_an_autopay_that_was_taken_back_is_not_confirmed(session: Session, it: Standing) -> None:
    withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))

    with pytest.raises(Refused, match="отключён"):
        _confirm(session, it)
    assert it.autopay(session).status == "withdrawn"


def test_where_there_is_no_autopay_there_is_nothing_to_confirm(session: Session, it: Standing) -> None:
    without = make_agreement(session, email="boris@example.com")
    for contract_id in (without.contract_id, uuid4()):
        with pytest.raises(NotFound):
            confirm_autopay(session, contract_id, by=ANNA, now=business_now(session))
