"""The company moves to another shop at the gateway: what was agreed before is paid there, by hand and with a new card."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import begin, read
from kernel.errors import Refused
from payments.autopay.models import Autopay, PaymentMethod
from payments.charging.checkout import prepare_checkout, send_checkout
from payments.charging.models import Payment
from payments.contracts.models import Contract, Installment
from payments.installation.models import Shop
from payments.invoicing.issue import issue_now
from tests.support.another_shop import Move
from tests.support.business import (
    GOOD_CARD,
    Agreement,
    agree,
    enter_card,
    make_agreement,
    pay_with_consent,
    payments_of,
)
from tests.support.world import World


@pytest.fixture
def it(world: World) -> Agreement:
    """A customer who has an autopay in the shop of before."""
    with begin() as session:
        agreement = make_agreement(session, draft=True)
    pay_with_consent(agreement)
    world.play(advance="PT20M")
    return agreement


def _pay(it: Agreement, *, with_consent: bool) -> UUID:
    with begin() as session:
        now = business_now(session)
        planned = select(Installment.id).where(Installment.contract_id == it.contract_id, Installment.status != "paid")
        invoice = issue_now(session, session.scalars(planned).one(), now=now)
        consent_id = agree(session, it, now=now) if with_consent else None
        checkout = prepare_checkout(session, invoice.id, customer_id=it.customer_id, consent_id=consent_id, now=now)
    url = send_checkout(checkout.payment_id)
    assert url is not None
    enter_card(url, GOOD_CARD)
    return checkout.payment_id


def test_a_contract_of_before_is_paid_in_the_new_shop(world: World, it: Agreement, move: Move) -> None:
    shop_id = move.in_the(world)

    payment_id = _pay(it, with_consent=False)
    world.play(advance="PT20M")

    with read() as session:
        payment = session.get_one(Payment, payment_id)
        assert (payment.status, payment.shop_id) == ("succeeded", shop_id)


def test_a_card_saved_in_the_new_shop_is_charged_there(world: World, it: Agreement, move: Move) -> None:
    shop_id = move.in_the(world)

    _pay(it, with_consent=True)
    world.play(advance="P2M1D")

    with read() as session:
        autopay = session.scalars(select(Autopay)).one()
        assert session.get_one(PaymentMethod, autopay.method_id).shop_id == shop_id
        *_, charge = payments_of(session, it.contract_id)
        assert (charge.initiator, charge.status, charge.shop_id) == ("schedule", "succeeded", shop_id)


def test_an_invoice_of_another_company_of_the_owner_is_refused_at_once(world: World, it: Agreement, move: Move) -> None:
    with begin() as session:
        move.here(session, other_company=True)

    with pytest.raises(Refused, match="другая компания"):
        _pay(it, with_consent=False)

    with read() as session:
        assert len(payments_of(session, it.contract_id)) == 1
        of_before = session.get_one(Shop, session.get_one(Contract, it.contract_id).shop_id)
        assert of_before.account_id == "100500"
