"""A day without the CRM: money comes in as on any other day, the portal is left alone, and then it is caught up with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from crm_sync.models import CrmLink
from kernel.db import begin, read
from payments.charging.models import Payment
from payments.contracts.models import Installment
from portal.demo.processes import free_port
from tests.crm_sync.comparing import differences, left_to_do
from tests.crm_sync.conftest import Portal, connection
from tests.support.business import make_agreement, pay_with_consent

pytestmark = pytest.mark.committed

CUSTOMERS = 6
# A probe every five minutes, and what it took to find out.
_MOST_CALLS = 24 * 12 + 10


def _fault(kind: str, **more: object) -> Callable[[Portal], None]:
    return lambda portal: portal.fail(kind, effect="before", **more)


def _lose_the_way(portal: Portal) -> None:
    portal.connect(f"http://127.0.0.1:{free_port()}/rest/1/demo/")


@pytest.mark.parametrize(
    "take_away",
    [
        pytest.param(_fault("html_502"), id="a proxy's 502"),
        pytest.param(_fault("error_500_before"), id="500", marks=pytest.mark.soak),
        pytest.param(_fault("hang", seconds=0.3), id="no answer", marks=pytest.mark.soak),
        pytest.param(_lose_the_way, id="no connection"),
    ],
)
def test_a_day_without_the_crm_costs_no_charge_and_is_caught_up_with_once(
    portal: Portal, take_away: Callable[[Portal], None]
) -> None:
    for number in range(CUSTOMERS):
        with begin() as session:
            it = make_agreement(session, email=f"c{number}@example.com", draft=True)
        pay_with_consent(it)
    portal.sync()
    portal.world.play(advance="PT10M")
    portal.world.play(to=f"{_next_due_on() - timedelta(days=1)}T12:00:00+03:00")
    assert (len(portal.items("payment")), left_to_do()) == (CUSTOMERS, 0)

    take_away(portal)
    asked = len(portal.calls())
    portal.world.play(advance="P1D")

    assert _money_came_in() == 2 * CUSTOMERS
    assert len(portal.items("payment")) == CUSTOMERS
    assert connection().status == "away"
    assert len([call for call in portal.calls()[asked:] if call["method"] != "BATCH"]) <= _MOST_CALLS

    portal.world.mend()
    portal.connect()
    portal.settle(minutes=20)
    assert (connection().status, left_to_do()) == ("ok", 0)
    wrong = differences(portal.held)
    assert not wrong, "\n".join(wrong)
    with read() as session:
        stand_there = session.execute(select(func.count()).where(CrmLink.kind == "payment")).scalar_one()
    assert stand_there == len(portal.items("payment")) == 2 * CUSTOMERS


def _next_due_on() -> date:
    with read() as session:
        to_come = select(func.min(Installment.due_on)).where(Installment.status == "planned")
        return session.execute(to_come).scalar_one()


def _money_came_in() -> int:
    with read() as session:
        return session.execute(select(func.count()).where(Payment.status == "succeeded")).scalar_one()
