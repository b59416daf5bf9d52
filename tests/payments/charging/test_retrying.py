"""A failed charge is tried again at an employee's word: by the way of every charge, once, and only where it may be."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from kernel.clock import business_date, business_now
from kernel.db import Session, begin, read
from kernel.errors import NotFound
from payments.autopay.consents import Evidence
from payments.autopay.ending import suspend_contract
from payments.autopay.holding import pause_autopay, resume_autopay
from payments.autopay.models import Autopay, Notice, PaymentMethod
from payments.autopay.stopping import withdraw
from payments.charging.checkout import prepare_checkout
from payments.charging.due import create_due_payments
from payments.charging.models import CREATED, Allocation, Payment
from payments.charging.permits import permit_scheduled
from payments.charging.retrying import CannotRetry, Chance, read_chances, retry_charge
from payments.contracts.models import Installment
from payments.installation.models import Shop
from payments.installation.pausing import pause_charging
from payments.invoicing.models import Invoice
from tests.portal.web.staff.played import agreement, always_pays, at_noon, customer_of, pay_first, play, play_day
from tests.support.business import Agreement, agree, open_company

pytestmark = pytest.mark.committed

BOSS = uuid4()


@pytest.fixture
def company(committed: str) -> None:
    with begin() as session:
        open_company(session)


@pytest.fixture
def failed(company: None) -> tuple[Agreement, UUID]:
    """A monthly contract whose charge of 1 April failed for want of money; its invoice. It is noon of that day."""
    return failing("insufficient_funds")


def failing(reason: str) -> tuple[Agreement, UUID]:
    at_noon(date(2027, 3, 1))
    with begin() as session:
        it = agreement(session, customer_of(session, "Анна", email="anna@example.com"))
        pay_first(session, it)
    play(date(2027, 4, 1), lambda _payment: reason)
    with read() as session:
        found = select(Invoice.id).where(Invoice.contract_id == it.contract_id, Invoice.status == "open")
        return it, session.scalars(found).one()


def retry(invoice_id: UUID) -> str:
    with begin() as session:
        return retry_charge(session, invoice_id, by=BOSS, now=business_now(session))


def chance(invoice_id: UUID) -> Chance:
    with read() as session:
        return read_chances(session, [invoice_id], now=business_now(session))[invoice_id]


def created() -> list[UUID]:
    with begin() as session:
        create_due_payments(session, now=business_now(session))
        return list(session.scalars(select(Payment.id).where(Payment.status == CREATED)))


def test_it_is_charged_at_once_instead_of_at_its_hour(failed: tuple[Agreement, UUID]) -> None:
    _, invoice_id = failed
    planned = chance(invoice_id)
    assert (planned.obstacle, planned.way, planned.attempts, planned.at_most) == (None, "now", 1, 4)
    assert planned.charge_at is not None
    assert created() == [], "the retry is planned for tomorrow"

    assert retry(invoice_id) == "now"

    (payment_id,) = created()
    with begin() as session:
        assert [permit.payment_id for permit in permit_scheduled(session, [payment_id], worker="t")] == [payment_id]


def test_pressing_again_or_together_is_one_charge(failed: tuple[Agreement, UUID]) -> None:
    _, invoice_id = failed

    def press(_number: int) -> str:
        try:
            return retry(invoice_id)
        except CannotRetry as error:
            return error.obstacle

    with ThreadPoolExecutor(4) as people:
        said = sorted(people.map(press, range(4)))

    assert said == ["now", "soon", "soon", "soon"]
    assert len(created()) == 1
    with pytest.raises(CannotRetry) as refused:
        retry(invoice_id)
    assert refused.value.obstacle == "live"
    assert created() == created()


def test_a_warning_that_is_too_old_is_given_afresh_first(failed: tuple[Agreement, UUID]) -> None:
    it, invoice_id = failed
    with begin() as session:
        session.execute(update(Payment).values(next_attempt_at=None))
        session.execute(update(Installment).values(charge_at=None))
    assert chance(invoice_id).way == "announced", "the customer was told that there will be no further try"
    at_noon(date(2027, 4, 12))
    assert chance(invoice_id).way == "announced"

    assert retry(invoice_id) == "announced"

    with pytest.raises(CannotRetry) as waits:
        retry(invoice_id)
    assert waits.value.obstacle == "unheard"
    assert created() == []
    play_day(always_pays)
    with pytest.raises(CannotRetry) as warned:
        retry(invoice_id)
    assert warned.value.obstacle == "warned"
    assert created() == []
    with read() as session:
        newest = session.scalars(select(Notice).order_by(Notice.id.desc())).first()
        assert newest is not None
        assert newest.charge_on >= date(2027, 4, 15)
    play(date(2027, 4, 16), always_pays)
    with read() as session:
        assert session.get_one(Invoice, invoice_id).status == "paid"
        assert session.get_one(Autopay, _autopay_id(it)).status == "active"


def test_after_an_employees_pause_a_fresh_warning_comes_first(failed: tuple[Agreement, UUID]) -> None:
    it, invoice_id = failed
    with begin() as session:
        pause_autopay(session, it.contract_id, by=BOSS, now=business_now(session))
    assert chance(invoice_id).obstacle == "held"
    with begin() as session:
        resume_autopay(session, it.contract_id, by=BOSS, now=business_now(session))

    assert (chance(invoice_id).obstacle, chance(invoice_id).way) == (None, "announced")
    assert retry(invoice_id) == "announced"
    assert created() == []


def test_what_a_pause_kept_from_leaving_stays_to_be_paid_by_hand(failed: tuple[Agreement, UUID]) -> None:
    it, invoice_id = failed
    retry(invoice_id)
    (payment_id,) = created()
    with begin() as session:
        now = business_now(session)
        pause_autopay(session, it.contract_id, by=BOSS, now=now)
        resume_autopay(session, it.contract_id, by=BOSS, now=now)
    with read() as session:
        assert session.get_one(Payment, payment_id).reason == "withdrawn"
        assert read_chances(session, [invoice_id], now=now) == {}
    with pytest.raises(NotFound):
        retry(invoice_id)
    assert created() == []


def test_of_two_periods_the_second_waits_for_its_own_day(failed: tuple[Agreement, UUID]) -> None:
    it, invoice_id = failed
    with begin() as session:
        newest = session.scalars(select(Payment).order_by(Payment.number.desc())).first()
        first = session.scalars(select(Invoice).where(Invoice.id != invoice_id)).first()
        assert newest
        assert first
        session.add(
            Payment(
                invoice_id=first.id,
                customer_id=it.customer_id,
                contract_id=it.contract_id,
                shop_id=newest.shop_id,
                autopay_id=newest.autopay_id,
                method_id=newest.method_id,
                notice_id=newest.notice_id,
                initiator="schedule",
                kopecks=300_000,
                status="canceled",
                body="{}",
                created_at=business_now(session),
            )
        )

    assert retry(invoice_id) == "tomorrow"
    assert created() == []
    with read() as session:
        line = session.get_one(Installment, session.get_one(Invoice, invoice_id).installment_id)
        assert line.charge_at is not None
        assert business_date(line.charge_at) == date(2027, 4, 2)


@pytest.mark.parametrize(
    "reason", ["card_expired", "permission_revoked", "3d_secure_failed", "identification_required"]
)
def test_what_the_bank_refused_for_good_is_not_tried_again(company: None, reason: str) -> None:
    _, invoice_id = failing(reason)

    with pytest.raises(CannotRetry) as refused:
        retry(invoice_id)

    assert refused.value.obstacle in ("hard", "suspended")
    assert created() == []


@pytest.mark.parametrize(
    "obstacle",
    ["withdrawn", "unlinked", "contract", "held", "consent", "limit", "shop", "stopped", "partly", "live", "closed"],
)
def test_whatever_stands_against_it_is_named_and_nothing_is_charged(
    failed: tuple[Agreement, UUID], obstacle: str
) -> None:
    it, invoice_id = failed
    _put_in_the_way(obstacle, it, invoice_id)

    with pytest.raises(CannotRetry) as refused:
        retry(invoice_id)

    assert refused.value.obstacle == obstacle
    with read() as session:
        charges = select(func.count()).where(Payment.initiator == "schedule", Payment.status == CREATED)
        assert session.scalar(charges) == 0


def test_an_invoice_that_was_never_charged_is_not_found(company: None) -> None:
    at_noon(date(2027, 3, 1))
    with begin() as session:
        it = agreement(session, customer_of(session, "Анна"))
        pay_first(session, it)
        invoice_id = session.scalars(select(Invoice.id)).one()

    for unknown in (invoice_id, uuid4()):
        with pytest.raises(NotFound):
            retry(unknown)


def _autopay_id(it: Agreement) -> UUID:
    with read() as session:
        return session.scalars(select(Autopay.id).where(Autopay.contract_id == it.contract_id)).one()


def _put_in_the_way(obstacle: str, it: Agreement, invoice_id: UUID) -> None:
    with begin() as session:
        now = business_now(session)
        payment = session.scalars(select(Payment).where(Payment.invoice_id == invoice_id)).one()
        method_id, payment_id = payment.method_id, payment.id
        assert method_id
        acts: dict[str, Callable[[], object]] = {
            "withdrawn": lambda: withdraw(session, it.contract_id, evidence=Evidence(), now=now),
            "unlinked": lambda: _lose_card_alone(session, method_id),
            "contract": lambda: suspend_contract(session, it.contract_id, now=now, source="staff"),
            "held": lambda: pause_autopay(session, it.contract_id, by=BOSS, now=now),
            "consent": lambda: session.execute(update(Autopay).values(consent_id=agree(session, it, now=now))),
            "limit": lambda: session.execute(update(Autopay).values(max_kopecks=299_999)),
            "shop": lambda: _move_to_another_shop(session, method_id),
            "stopped": lambda: pause_charging(session, "сверяем", now=now, by=None),
            "partly": lambda: session.add(Allocation(payment_id=payment_id, invoice_id=invoice_id, kopecks=100)),
            "live": lambda: prepare_checkout(session, invoice_id, customer_id=it.customer_id, consent_id=None, now=now),
            "closed": lambda: session.execute(update(Invoice).values(status="paid")),
        }
        acts[obstacle]()


def _lose_card_alone(session: Session, method_id: UUID) -> None:
    now = business_now(session)
    session.execute(update(PaymentMethod).where(PaymentMethod.id == method_id).values(unlinked_at=now))


def _move_to_another_shop(session: Session, method_id: UUID) -> None:
    entity_id = session.scalars(select(Shop.legal_entity_id)).one()
    other = Shop(legal_entity_id=entity_id, account_id="200600", test=True)
    session.add(other)
    session.flush()
    session.execute(update(PaymentMethod).where(PaymentMethod.id == method_id).values(shop_id=other.id))
