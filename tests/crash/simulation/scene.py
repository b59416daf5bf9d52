"""Where each run begins: made once by the product's verbs, kept in tables of its own, and copied back for each run."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from sqlalchemy import select, text

from kernel.clock import business_date, business_now
from kernel.db import Base, begin, engine
from payments.contracts.models import BY_CALENDAR, ON_PAYMENT, Installment
from payments.contracts.opening import Terms, open_contract
from payments.contracts.periods import Period
from payments.customers.registration import CustomerData, create_customer
from tests.crash.simulation.books import Books
from tests.crash.simulation.house import START, House
from tests.crash.simulation.people import KOPECKS, People
from tests.crash.simulation.stops import Stops
from tests.crash.simulation.till import Till, answering
from tests.support.business import Agreement, open_company
from tests.support.charging import make_due

_KEPT = "scene"
_LATER = timedelta(days=1)


class Scene:
    """One customer with two contracts: the first payments have come in, the next charges wait to be sent.

    `seen` counts the faults and deaths of all runs.
    """

    def __init__(self) -> None:
        self._till = Till(lambda _body: None)
        with answering(self._till):
            house = House(START)
            self.agreements = _agree()
            people = People(house, Stops(), self.agreements)
            for it in self.agreements:
                people.pay(it, 0, consent=True)
            for gateway_id in self._till.waiting(hosted=True):
                self._till.decide(gateway_id, "yes")
            self._till.notifications.clear()
            house.pass_time(timedelta(minutes=2))  # then the gateway is asked about what is pending
            assert house.settle()
            house.pass_time(_LATER)
            with begin() as session:
                assert len(make_due(session, self.agreements)) == len(self.agreements)
            house.close()
        self._again = _keep_rows()
        self.books, self.seen = Books(), Counter[str]()

    def set(self, till: Till) -> House:
        """Forget whatever happened since, and let this till be the one that was paid at; the product on this scene."""
        with engine().begin() as connection:
            connection.exec_driver_sql(self._again)
        till.take_over(self._till)
        return House(START + _LATER + timedelta(minutes=10))


def _agree() -> list[Agreement]:
    with begin() as session:
        entity, shop = open_company(session)
        now = business_now(session)
        customer = create_customer(session, CustomerData(name="Анна Ковалёва", email="anna@example.com"))
        made = []
        for advance in (ON_PAYMENT, BY_CALENDAR):
            terms = Terms(
                customer_id=customer.id,
                legal_entity_id=entity.id,
                shop_id=shop.id,
                title="Абонемент",
                kopecks=KOPECKS,
                first_due_on=business_date(now),
                period=Period("month"),
                advance=advance,
            )
            contract = open_contract(session, terms, now=now, draft=True)
            line = select(Installment.id).where(Installment.contract_id == contract.id)
            made.append(Agreement(customer.id, contract.id, session.execute(line).scalar_one()))
        return made


def _keep_rows() -> str:
    """Copy every row aside; the statements that bring the database back to this moment."""
    tables = [table.name for table in Base.metadata.sorted_tables]
    with begin() as session:
        session.execute(text(f"CREATE SCHEMA {_KEPT}"))
        filled = [name for name in tables if session.execute(text(f"SELECT 1 FROM {name} LIMIT 1")).first()]
        for name in filled:
            session.execute(text(f"CREATE TABLE {_KEPT}.{name} AS TABLE {name}"))
    # Without triggers nothing refuses that, or links the consents a second time.
    begun = "SET LOCAL session_replication_role = replica"
    gone = [f"DELETE FROM {name}" for name in tables]
    back = [f"INSERT INTO {name} OVERRIDING SYSTEM VALUE TABLE {_KEPT}.{name}" for name in filled]
    return "; ".join([begun, *gone, *back])
