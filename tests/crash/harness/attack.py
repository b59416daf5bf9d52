"""The attack: everybody who does something to the company while it charges."""

from __future__ import annotations

from dataclasses import dataclass

from portal.wiring import Wiring
from tests.crash.harness.cable import Cable
from tests.crash.harness.checker import Evidence
from tests.crash.harness.clockwork import Clockwork
from tests.crash.harness.company import Company
from tests.crash.harness.mischief import Mischief
from tests.crash.harness.nemesis import Nemesis
from tests.crash.harness.oracle import Oracle
from tests.crash.harness.people import People
from tests.crash.harness.plan import Plan
from tests.crash.harness.record import Record
from tests.crash.harness.workload import Due


@dataclass
class Attack:
    """Who takes part in it."""

    clock: Clockwork
    people: People
    mischief: Mischief
    nemesis: Nemesis
    cable: Cable | None

    def begin(self) -> None:
        """All at once."""
        for start in (self.clock.start, self.people.start, self.mischief.start, self.nemesis.start):
            start()
        if self.cable:
            self.cable.start()

    def end_of_the_day(self) -> None:
        """Customers and liars go home; who kills stays."""
        if self.cable:
            self.cable.end_of_the_day()
        self.people.stop()
        self.mischief.stop()
        self.clock.hold()

    def end(self) -> None:
        """Nobody is there any more who could note something; the nemesis has ended before."""
        self.clock.stop()
        if self.cable:
            self.cable.stop()

    @property
    def to_come(self) -> int:
        """How many acts are still to come that no run may end without."""
        return self.people.waiting + self.mischief.waiting + bool(self.cable and self.cable.waiting)

    def evidence(self, oracle: Oracle, wiring: Wiring) -> Evidence:
        """What it leaves behind to be judged by."""
        return Evidence(
            self.people.plan,
            self.people.dues,
            self.people.stops,
            self.clock.shifts,
            self.mischief.forged_ids,
            self.mischief.foreign_ids,
            self.people.gave_up,
            self.people.record,
            oracle,
            wiring,
        )


def prepare(plan: Plan, company: Company, record: Record, dues: list[Due]) -> Attack:
    """Everybody in his place; the product's processes, which are not started yet, with the fault points that kill them."""
    nemesis = Nemesis(plan, company, record)
    company.programs.arm, company.programs.on_death = nemesis.arm, nemesis.note_death
    third, two_thirds = dues[len(dues) // 3].due_at, dues[2 * len(dues) // 3].due_at
    return Attack(
        Clockwork(company.outside, company.engines.database_url, skips=not plan.is_long),
        People(plan, company, record, dues),
        Mischief(plan, company, record),
        nemesis,
        # In the middle: a third of the charges have fallen due, and enough are still to come.
        Cable(company, record, third, two_thirds) if plan.hosts > 1 else None,
    )
