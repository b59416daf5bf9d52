"""An invoice for once: for something new or beside a contract, one invoice however often the button is pressed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from kernel.clock import business_date, business_now
from kernel.db import Session, begin, read
from kernel.errors import NotFound, Refused
from kernel.outbox import OutboxMessage
from kernel.settings import get_settings
from payments.autopay.models import Notice
from payments.charging.untold import announce_untold
from payments.contracts.models import Contract, Installment, PaymentPlan
from payments.history.models import StatusHistory
from payments.installation.models import Shop
from payments.installation.setup import ensure_installation
from payments.invoicing.issue import issue_due
from payments.invoicing.models import Invoice
from payments.invoicing.one_off import OneOff, issue_one_off
from payments.ledger.models import LedgerEntry
from tests.support.another_shop import Move
from tests.support.blocking import meanwhile
from tests.support.business import Agreement, make_agreement, open_company
from tests.support.standing import make_standing

BOSS = uuid4()


@pytest.fixture
def anna(session: Session) -> Agreement:
    ensure_installation(session, get_settings())
    return make_agreement(session)


def wanted(session: Session, whose: UUID, **changes: object) -> OneOff:
    due_on = business_date(business_now(session)) + timedelta(days=5)
    return replace(OneOff(uuid4(), whose, "Замена замка", 150_000, due_on), **changes)  # type: ignore[arg-type]


def issue(session: Session, what: OneOff) -> Invoice:
    shop = session.scalars(select(Shop)).one()
    return issue_one_off(session, what, shop=shop, by=BOSS, now=business_now(session))


def topics(session: Session) -> list[str]:
    return list(session.scalars(select(OutboxMessage.topic).order_by(OutboxMessage.id)))


def test_it_has_a_contract_a_line_of_a_one_off_plan_and_a_posting(session: Session, anna: Agreement) -> None:
    invoice = issue(session, wanted(session, anna.customer_id))

    contract = session.get_one(Contract, invoice.contract_id)
    line = session.get_one(Installment, invoice.installment_id)
    plan = session.get_one(PaymentPlan, line.plan_id)
    assert (invoice.status, invoice.kopecks, invoice.lapses_at) == ("open", 150_000, None)
    assert (contract.status, contract.base_id, contract.title) == ("active", None, "Замена замка")
    assert (plan.kind, plan.kopecks, line.status, line.charge_at) == ("one_off", 150_000, "invoiced", None)
    assert session.scalar(select(func.sum(LedgerEntry.kopecks))) == 0
    assert topics(session)[-1] == "payments.invoice_issued.v1"
    (said,) = session.scalars(select(StatusHistory).where(StatusHistory.object_id == invoice.id))
    assert (said.new, said.source) == ("open", f"staff:{BOSS}")


def test_it_is_told_only_when_wanted(session: Session, anna: Agreement) -> None:
    issue(session, wanted(session, anna.customer_id, told=False))

    assert "payments.invoice_issued.v1" not in topics(session)


def test_beside_a_contract_it_bears_that_number_and_its_own_behind_it(session: Session, anna: Agreement) -> None:
    base = session.get_one(Contract, anna.contract_id)

    first, second = (
        session.get_one(Contract, issue(session, wanted(session, anna.customer_id, base_id=base.id)).contract_id)
        for _ in range(2)
    )
    of_first = issue(session, wanted(session, anna.customer_id, base_id=first.id))

    assert (first.number, second.number) == (f"{base.number}/1", f"{base.number}/2")
    assert session.get_one(Contract, of_first.contract_id).number == f"{base.number}/3"
    assert {first.base_id, second.base_id} == {base.id}
    assert first.legal_entity_id == base.legal_entity_id
    assert f"договор № {base.number}/3" in of_first.purpose


def test_beside_a_contract_of_before_it_is_made_in_the_shop_of_today(
    session: Session, anna: Agreement, move: Move
) -> None:
    shop = session.get_one(Shop, move.here(session))
    what = wanted(session, anna.customer_id, base_id=anna.contract_id)

    invoice = issue_one_off(session, what, shop=shop, by=BOSS, now=business_now(session))

    assert session.get_one(Contract, invoice.contract_id).shop_id == shop.id


def test_beside_a_contract_of_another_company_it_stays_with_that_company(
    session: Session, anna: Agreement, move: Move
) -> None:
    base = session.get_one(Contract, anna.contract_id)
    shop = session.get_one(Shop, move.here(session, other_company=True))
    what = wanted(session, anna.customer_id, base_id=base.id)

    invoice = issue_one_off(session, what, shop=shop, by=BOSS, now=business_now(session))

    made = session.get_one(Contract, invoice.contract_id)
    assert (made.legal_entity_id, made.shop_id) == (base.legal_entity_id, base.shop_id)


def test_a_number_that_an_import_has_taken_is_passed_over(session: Session, anna: Agreement) -> None:
    base = session.get_one(Contract, anna.contract_id)
    other = make_agreement(session, email="b@example.com")
    session.get_one(Contract, other.contract_id).number = f"{base.number}/1"
    session.flush()

    invoice = issue(session, wanted(session, anna.customer_id, base_id=base.id))

    assert session.get_one(Contract, invoice.contract_id).number == f"{base.number}/2"


def test_an_autopay_beside_it_never_charges_it(session: Session) -> None:
    it = make_standing(session)
    before = session.scalar(select(func.count()).select_from(Notice))

    invoice = issue(session, wanted(session, it.agreement.customer_id, base_id=it.contract_id))
    issue_due(session, now=business_now(session))
    announce_untold(session, now=business_now(session))

    line = session.get_one(Installment, invoice.installment_id, populate_existing=True)
    assert line.charge_at is None
    assert session.scalar(select(func.count()).where(Notice.installment_id == line.id)) == 0
    assert session.scalar(select(func.count()).select_from(Notice)) == before


def test_the_same_act_repeated_is_one_invoice(session: Session, anna: Agreement) -> None:
    what = wanted(session, anna.customer_id, base_id=anna.contract_id)

    assert issue(session, what).id == issue(session, what).id
    assert topics(session).count("payments.invoice_issued.v1") == 1


def test_what_makes_no_sense_is_refused_and_leaves_nothing(session: Session, anna: Agreement) -> None:
    other = make_agreement(session, email="b@example.com")
    yesterday = business_date(business_now(session)) - timedelta(days=1)

    for changes, error in (
        ({"kopecks": 99}, Refused),
        ({"due_on": yesterday}, Refused),
        ({"base_id": other.contract_id}, NotFound),
        ({"base_id": uuid4()}, NotFound),
        ({"customer_id": uuid4()}, NotFound),
    ):
        with pytest.raises(error):
            issue(session, wanted(session, anna.customer_id, **changes))
    assert session.scalar(select(func.count()).select_from(Invoice)) == 0


def test_the_key_of_somebody_elses_invoice_brings_nothing_of_theirs(session: Session, anna: Agreement) -> None:
    theirs = issue(session, wanted(session, make_agreement(session, email="b@example.com").customer_id))

    with pytest.raises(NotFound):
        issue(session, wanted(session, anna.customer_id, key=theirs.contract_id))


@pytest.mark.committed
def test_two_presses_at_once_are_one_invoice(committed: str) -> None:
    with begin() as session:
        open_company(session)
        it = make_agreement(session)
    with begin() as session:
        what = wanted(session, it.customer_id, base_id=it.contract_id)

    def press() -> UUID:
        with begin() as session:
            return issue(session, what).id

    with begin() as session:
        first = issue(session, what).id
        with meanwhile(press) as second:
            session.commit()
            assert second.result(20) == first
    with read() as session:
        assert session.scalar(select(func.count()).select_from(Invoice)) == 1
