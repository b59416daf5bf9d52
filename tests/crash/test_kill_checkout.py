"""The process behind the pay button is killed around its call: the customer still gets one page and pays once."""

from __future__ import annotations

import os
import subprocess
import sys
from uuid import UUID

import pytest

from kernel.clock import business_now
from kernel.db import begin, read
from payments.charging.checkout import prepare_checkout
from payments.charging.models import Payment
from payments.invoicing.issue import issue_now
from tests.crash.killing import assert_paid_once, end_leases
from tests.support.business import GOOD_CARD, enter_card, make_agreement
from tests.support.processes import ROOT
from tests.support.world import World

PRESS_THE_BUTTON = """
import sys
import portal.wiring
from payments.charging.checkout import send_checkout
send_checkout(sys.argv[1])
"""


@pytest.mark.parametrize(
    "point",
    ["checkout.after_permit", "checkout.after_answer", "record.after_apply", "checkout.after_commit"],
)
def test_a_checkout_killed_around_its_call_becomes_one_payment(world: World, point: str) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
        now = business_now(session)
        invoice = issue_now(session, it.line_id, now=now)
        prepared = prepare_checkout(session, invoice.id, customer_id=it.customer_id, consent_id=None, now=now)
    _press_and_die(prepared.payment_id, point)

    end_leases()
    world.drain()
    enter_card(_page_of(prepared.payment_id), GOOD_CARD)
    world.play(advance="PT30M")

    assert_paid_once(world, prepared.payment_id)


def _press_and_die(payment_id: UUID, point: str) -> None:
    died = subprocess.run(
        [sys.executable, "-c", PRESS_THE_BUTTON, str(payment_id)],
        cwd=ROOT,
        env={**os.environ, "KABINET_FAULTS": f"{point}=kill"},
        check=False,
        timeout=60,
    )
    assert died.returncode == -9


def _page_of(payment_id: UUID) -> str:
    with read() as session:
        url = session.get_one(Payment, payment_id).confirmation_url
    assert url is not None
    return url
