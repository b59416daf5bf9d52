"""What stops is said once and kept as it happened: what had ended before is not stopped again."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import Session
from kernel.errors import NotFound
from kernel.ids import uuid7
from kernel.outbox import OutboxMessage
from payments.autopay.consents import Evidence
from payments.autopay.ending import end_contract, suspend_contract
from payments.autopay.models import Autopay, Consent, PaymentMethod
from payments.autopay.stopping import charges_under_way, suspend_autopays_of, unlink, withdraw
from payments.history.models import StatusHistory
from tests.support.business import make_agreement
from tests.support.standing import Standing, make_standing


@pytest.fixture
def it(session: Session) -> Standing:
    return make_standing(session)


def _withdraw(session: Session, it: Standing) -> None:
    withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))
    session.flush()


def _unlink(session: Session, it: Standing) -> object:
    customer_id = it.agreement.customer_id
    found = unlink(session, it.due.method_id, customer_id=customer_id, evidence=Evidence(), now=business_now(session))
    session.flush()
    return found


def _end(session: Session, it: Standing) -> None:
    end_contract(session, it.contract_id, now=business_now(session), source="staff")
    session.flush()


def _suspend_method(session: Session, it: Standing) -> None:
    suspend_autopays_of(session, it.due.method_id, now=business_now(session))
    session.flush()


def _consents(session: Session) -> list[str]:
    return list(session.scalars(select(Consent.action).where(Consent.kind == "recurring").order_by(Consent.id)))


def _causes(session: Session) -> list[str]:
    found = select(OutboxMessage).where(OutboxMessage.topic == "payments.autopay_stopped.v1").order_by(OutboxMessage.id)
    return [message.payload["cause"] for message in session.scalars(found)]


def _history(session: Session) -> list[str]:
    rows = select(StatusHistory.new).where(StatusHistory.object_kind == "autopay").order_by(StatusHistory.id)
    return list(session.scalars(rows))


@pytest.mark.parametrize("status", ["sending", "unknown", "pending", "waiting_for_capture"])
def test_a_charge_that_had_left_and_is_not_decided_is_named(session: Session, it: Standing, status: str) -> None:
    it.payment(session).status = status
    session.flush()

    for owner in (it.contract_id, it.due.method_id):
        assert [charge.status for charge in charges_under_way(session, owner)] == [status]


@pytest.mark.parametrize("status", ["created", "succeeded", "canceled", "rejected"])
def test_a_charge_that_never_left_or_is_decided_is_not_named(session: Session, it: Standing, status: str) -> None:
    it.payment(session).status = status
    session.flush()

    assert charges_under_way(session, it.contract_id) == []


def test_an_unlinked_method_takes_the_consents_that_rest_on_it(session: Session, it: Standing) -> None:
    assert _unlink(session, it) == [it.contract_id]

    assert session.get_one(PaymentMethod, it.due.method_id).unlinked_at is not None
    assert it.autopay(session).status == "withdrawn"
    assert _consents(session) == ["given", "withdrawn"]
    assert _causes(session) == ["unlinked"]


def test_an_autopay_that_ended_with_its_contract_stays_ended_when_its_card_is_unlinked(
    session: Session, it: Standing
) -> None:
    _end(session, it)

    assert _unlink(session, it) == []

    assert it.autopay(session).status == "ended"
    assert _consents(session) == ["given"]
    assert _history(session) == ["active", "ended"]
    assert _causes(session) == ["ended"]
    assert session.get_one(PaymentMethod, it.due.method_id).unlinked_at is not None


def test_consent_taken_back_after_the_end_is_kept_and_changes_nothing_else(session: Session, it: Standing) -> None:
    _end(session, it)

    _withdraw(session, it)

    assert it.autopay(session).status == "ended"
    assert _consents(session) == ["given", "withdrawn"]
    assert _history(session) == ["active", "ended"]
    assert _causes(session) == ["ended"]


@pytest.mark.parametrize("first", [_suspend_method, None], ids=["suspended", "paused"])
def test_what_only_rests_is_withdrawn_like_what_runs(session: Session, it: Standing, first: object) -> None:
    if callable(first):
        first(session, it)
    else:
        suspend_contract(session, it.contract_id, now=business_now(session), source="staff")

    _withdraw(session, it)

    assert it.autopay(session).status == "withdrawn"
    assert _causes(session)[-1] == "withdrawn"


def test_stopping_twice_is_said_once(session: Session, it: Standing) -> None:
    _withdraw(session, it)
    _withdraw(session, it)
    assert _unlink(session, it) == []
    assert _unlink(session, it) == []

    assert _causes(session) == ["withdrawn"]
    assert _consents(session) == ["given", "withdrawn"]
    assert _history(session) == ["active", "withdrawn"]


def _save_another(session: Session, it: Standing, **changes: object) -> PaymentMethod:
    # What the gateway keeps when the same customer pays for one more contract.
    first = session.get_one(PaymentMethod, it.due.method_id)
    same = ("customer_id", "shop_id", "kind", "title", "last4", "card_type", "expiry_year", "expiry_month")
    facts = {name: getattr(first, name) for name in same}
    another = PaymentMethod(**facts | {"gateway_id": str(uuid7())} | changes)
    session.add(another)
    session.flush()
    return another


def test_all_tokens_of_a_card_go_with_it_whichever_is_named(session: Session, it: Standing) -> None:
    session.get_one(PaymentMethod, it.due.method_id).expiry_year = 2030
    session.flush()
    another = _save_another(session, it)

    found = unlink(
        session, another.id, customer_id=it.agreement.customer_id, evidence=Evidence(), now=business_now(session)
    )

    assert found == [it.contract_id]
    assert it.payment(session).status == "rejected"
    assert it.autopay(session).status == "withdrawn"
    tokens = session.scalars(select(PaymentMethod.unlinked_at).execution_options(populate_existing=True)).all()
    assert len(tokens) == 2
    assert None not in tokens
    topic = OutboxMessage.topic == "payments.method_unlinked.v1"
    assert len(session.scalars(select(OutboxMessage).where(topic)).all()) == 1


@pytest.mark.parametrize(
    "difference",
    [{"expiry_year": 2031}, {"expiry_month": 7}, {"last4": "4448"}, {"card_type": "Mir"}, {"kind": "sberbank"}],
    ids=lambda it: next(iter(it)),
)
def test_a_card_that_differs_in_what_people_see_stays(
    session: Session, it: Standing, difference: dict[str, object]
) -> None:
    other = _save_another(session, it, **difference)

    _unlink(session, it)

    assert session.get_one(PaymentMethod, other.id, populate_existing=True).unlinked_at is None


def test_accounts_without_digits_are_told_apart_by_their_titles(session: Session, it: Standing) -> None:
    nameless: dict[str, object] = {"kind": "yoo_money", "last4": None, "card_type": None}
    one, same, other = (_save_another(session, it, title=title, **nameless) for title in ("410 1", "410 1", "410 2"))

    unlink(session, one.id, customer_id=it.agreement.customer_id, evidence=Evidence(), now=business_now(session))

    assert (same.unlinked_at is None, other.unlinked_at is None) == (False, True)


def test_the_same_card_of_another_customer_stays(session: Session, it: Standing) -> None:
    stranger = make_agreement(session, email="b@example.com")
    theirs = _save_another(session, it, customer_id=stranger.customer_id)

    _unlink(session, it)

    assert session.get_one(PaymentMethod, theirs.id, populate_existing=True).unlinked_at is None


def test_a_card_that_came_back_is_unlinked_by_its_old_token_too(session: Session, it: Standing) -> None:
    _unlink(session, it)
    again = _save_another(session, it)

    _unlink(session, it)

    assert session.get_one(PaymentMethod, again.id, populate_existing=True).unlinked_at is not None


def test_nobody_takes_back_what_was_never_given(session: Session) -> None:
    it = make_agreement(session)

    with pytest.raises(NotFound):
        withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))


def test_nobody_unlinks_a_method_of_somebody_else(session: Session, it: Standing) -> None:
    other = make_agreement(session, email="b@example.com")

    with pytest.raises(NotFound):
        unlink(session, it.due.method_id, customer_id=other.customer_id, evidence=Evidence(), now=business_now(session))
    assert it.autopay(session).status == "active"
    assert session.scalars(select(Autopay.status)).all() == ["active"]
