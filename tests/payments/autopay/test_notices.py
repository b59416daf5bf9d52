"""A letter that left late, or under another permission: what it announced is announced afresh, or not charged at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.clock import business_now, start_of
from kernel.db import ReadSession, begin, read
from kernel.outbox import OutboxMessage
from payments.autopay.ending import resume_contract, suspend_contract
from payments.autopay.models import Notice
from payments.autopay.notices import announce, mark_notice_sent
from payments.contracts.models import Installment
from payments.contracts.periods import Period
from payments.invoicing.issue import issue_due
from payments.invoicing.models import Invoice
from tests.portal.web.staff.played import agreement, at_noon, customer_of, pay_first
from tests.support.another_shop import Move
from tests.support.business import open_company

pytestmark = pytest.mark.committed

FIRST = date(2027, 3, 1)
DUE = FIRST + timedelta(days=7)
NOTICED = FIRST + timedelta(days=4)


@dataclass(frozen=True)
class Announced:
    """A line whose notice is written and has not left."""

    contract_id: UUID
    line_id: UUID
    notice_id: UUID

    def charge_at(self) -> object:
        """When it may be charged."""
        with read() as session:
            return session.get_one(Installment, self.line_id).charge_at

    def notices(self) -> list[Notice]:
        """All its notices, oldest first."""
        with read() as session:
            mine = select(Notice).where(Notice.installment_id == self.line_id).order_by(Notice.id)
            return list(session.scalars(mine))

    def letter_leaves(self) -> None:
        """Its first letter is accepted now."""
        with begin() as session:
            mark_notice_sent(session, self.notice_id, now=business_now(session))


@pytest.fixture
def it(committed: str) -> Announced:
    contract_id = _subscribed()
    at_noon(NOTICED)
    with begin() as session:
        assert issue_due(session, now=business_now(session)) == 1
        notice = session.scalars(select(Notice)).one()
    return Announced(contract_id, notice.installment_id, notice.id)


def _subscribed() -> UUID:
    """A weekly contract whose first line was paid with consent; its id."""
    at_noon(FIRST)
    with begin() as session:
        open_company(session)
        agreed = agreement(session, customer_of(session, "Анна"), period=Period("week"))
        pay_first(session, agreed)
        return agreed.contract_id


def _announcements(session: ReadSession) -> int:
    return len(
        session.scalars(select(OutboxMessage).where(OutboxMessage.topic == "payments.charge_announced.v1")).all()
    )


def test_the_charge_follows_its_letter_by_a_whole_notice_on_the_day_that_it_names(it: Announced) -> None:
    it.letter_leaves()

    (notice,) = it.notices()
    assert notice.sent_at is not None
    assert it.charge_at() == notice.sent_at + timedelta(hours=72)
    assert start_of(DUE) < it.charge_at() < start_of(DUE + timedelta(days=1))  # type: ignore[operator]


def test_a_letter_too_late_for_the_day_that_it_names_is_followed_by_another(it: Announced) -> None:
    at_noon(NOTICED + timedelta(days=2))

    it.letter_leaves()

    assert it.charge_at() is None
    assert [(notice.charge_on, notice.sent_at is None) for notice in it.notices()] == [
        (DUE, False),
        (DUE + timedelta(days=2), True),
    ]
    with read() as session:
        assert _announcements(session) == 2


def test_a_letter_that_a_newer_one_overtook_arms_nothing(it: Announced) -> None:
    with begin() as session:
        announce(session, [it.line_id], now=business_now(session))

    it.letter_leaves()

    assert it.charge_at() is None
    assert len(it.notices()) == 2


def test_a_letter_that_was_held_up_does_not_revive_what_was_stopped_meanwhile(it: Announced) -> None:
    for verb in (suspend_contract, resume_contract):
        with begin() as session:
            verb(session, it.contract_id, now=business_now(session), source="staff")

    it.letter_leaves()

    assert it.charge_at() is None
    assert len(it.notices()) == 1


def _asked_for() -> list[str]:
    with read() as session:
        told = (
            select(OutboxMessage).where(OutboxMessage.topic == "payments.invoice_issued.v1").order_by(OutboxMessage.id)
        )
        return [message.payload["invoice_id"] for message in session.scalars(told)]


def _invoice_of(line_id: UUID) -> str:
    with read() as session:
        return str(session.scalars(select(Invoice.id).where(Invoice.installment_id == line_id)).one())


@pytest.mark.usefixtures("committed")
def test_a_card_of_another_shop_is_not_announced_and_its_invoice_is_asked_for_by_hand(move: Move) -> None:
    _subscribed()
    with begin() as session:
        move.here(session)
    at_noon(NOTICED)

    with begin() as session:
        assert issue_due(session, now=business_now(session)) == 1

    with read() as session:
        assert session.scalars(select(Notice)).all() == []
        line = session.scalars(select(Installment).where(Installment.status == "invoiced")).one()
    assert _asked_for() == [_invoice_of(line.id)]


def test_what_a_late_letter_cannot_promise_any_more_is_asked_for_by_hand_when_its_card_is_of_another_shop(
    it: Announced, move: Move
) -> None:
    with begin() as session:
        move.here(session)
    at_noon(NOTICED + timedelta(days=2))

    it.letter_leaves()

    assert it.charge_at() is None
    assert len(it.notices()) == 1
    assert _asked_for() == [_invoice_of(it.line_id)]
