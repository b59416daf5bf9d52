"""`kabinet seed`: the demo's year, played with the production verbs in one process beside the sandbox."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from dateutil.relativedelta import relativedelta
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import func, text, update

from kernel import clock
from kernel.clock import business_date
from kernel.db import Base, begin
from kernel.errors import Refused
from kernel.settings import get_settings
from payments.doctor.house import APPEND_ONLY
from payments.installation.models import Installation
from payments.installation.pausing import limit_days
from payments.installation.setup import ensure_installation
from portal.demo import acting
from portal.demo.cast import Role, anna, others, pay_days
from portal.demo.inline import InlineProduct
from portal.demo.installation import COLLEAGUES, CUSTOMER, STAFF
from portal.public import Part
from portal.wiring import Wiring

CUSTOMERS = 40
# Requests at once and a second: for the year's backlog, and as Bitrix24 has them on most tariffs.
_CRM_WITHOUT_LIMITS = {"bucket": 100_000, "per_second": 100_000}
_CRM_LIMITS = {"bucket": 50, "per_second": 2}
YEAR = timedelta(days=365)
MONTHS = 12
_SEED = 20261121
_NOON = timedelta(hours=12)
# Some times what the busiest day of the year brings.
_MOST_CHARGES_A_DAY = 60
_MOST_KOPECKS_A_DAY = 200_000_000


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a person does at an instant."""

    at: datetime
    what: Callable[[], None]


class Story:
    """The year: who joins when, and what they do later."""

    def __init__(self, start: datetime, product: InlineProduct) -> None:
        self._start = start
        self._product = product
        self._acts: list[Act] = []
        self._contracts: dict[str, UUID] = {}

    def acts(self) -> list[Act]:
        """All acts so far, by time."""
        return sorted(self._acts, key=lambda act: act.at)

    def cast(self, roles: list[Role]) -> None:
        """Plan the year of each customer."""
        for role in roles:
            self._plan(role)

    def _plan(self, role: Role) -> None:
        month, day = role.joins
        self._at(month, day, lambda: self._join(role))
        if not role.autopay:
            # By hand, some days after each due date; the last month is still owed.
            for later in range(month + 1, MONTHS - 1):
                self._at(later, day + 2, lambda: self._pay(role))
        if role.trouble == "no_money":
            for late in (9, 10):
                self._at(late, 2, lambda: self._script(role, ["insufficient_funds", "insufficient_funds", "succeeded"]))
        if role.trouble == "expired":
            self._at(10, 2, lambda: self._script(role, ["card_expired"]))
        if role.trouble == "unlinks":
            self._at(10, 12, lambda: self._with(role, acting.unlink_card))
        if role.trouble == "withdraws":
            self._at(9, 12, lambda: self._with(role, acting.withdraw_consent))

    def _at(self, month: int, day: int, what: Callable[[], None]) -> None:
        first = business_date(self._start).replace(day=1) + relativedelta(months=month + 1)
        at = clock.start_of(first + timedelta(days=day - 1)) + _NOON
        if at < clock.real_now() - timedelta(days=1):
            self._acts.append(Act(at, what))

    def _join(self, role: Role) -> None:
        contract_id = acting.sign_up(role, acting.join(role))
        if contract_id:
            self._contracts[role.email] = contract_id

    def _with(self, role: Role, what: Callable[[UUID], None]) -> None:
        if role.email in self._contracts:
            what(self._contracts[role.email])

    def _pay(self, role: Role) -> None:
        self._with(role, lambda contract_id: acting.pay_open_invoice(contract_id, role.card))

    def _script(self, role: Role, outcomes: list[str]) -> None:
        self._with(role, lambda contract_id: self._say(contract_id, outcomes))

    def _say(self, contract_id: UUID, outcomes: list[str]) -> None:
        for token in acting.tokens_of(contract_id):
            self._product.control("outcomes", {"payment_method_id": token, "outcomes": outcomes})


def seed(console: Console, mirror: Part) -> None:
    """Fill an empty demo; a seeded one is left alone, a half-seeded one is begun again.

    Raises:
        Refused: this is not a demo, or the sandbox does not let its clock start a year back.
    """
    settings = get_settings()
    if settings.mode != "demo" or not settings.clock_url:
        raise Refused("kabinet seed: only for the demo (KABINET_MODE=demo and KABINET_CLOCK_URL)")
    with begin() as session:
        if ensure_installation(session, settings).seeded_at is not None:
            return
    # What the year brings to the mirror is only noted, and pushed once at its end.
    product = InlineProduct(settings.clock_url, Wiring(replace(mirror, duties=())))
    _begin_afresh(product)
    start = _a_year_ago()
    product.control("clock", {"start": start.isoformat()})
    product.follow()
    days = pay_days(business_date(clock.real_now()))
    roles = [*anna(CUSTOMER, days), *others(random.Random(_SEED), CUSTOMERS - 1, days)]
    _people(roles[0])
    story = Story(start, product)
    story.cast(roles)
    _play(product, story, console)
    product.control("clock", {"jump": "now"})
    product.follow()
    product.drain()
    product.close()
    _push(InlineProduct(settings.clock_url, Wiring(mirror)))
    with begin() as session:
        session.execute(update(Installation).values(seeded_at=func.business_now()))


def _play(product: InlineProduct, story: Story, console: Console) -> None:
    acts = story.acts()
    columns = (TextColumn("  demo's year {task.fields[date]}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("seed", total=len(acts) + 1, date="")
        for act in acts:
            if act.at > clock.now():
                product.play({"to": act.at.isoformat()})
            progress.update(task, date=business_date(clock.now()).strftime("%d.%m.%Y"))
            act.what()
            product.drain()
            progress.advance(task)
        product.play({"to": _almost_now()})
        progress.update(task, advance=1, date=business_date(clock.now()).strftime("%d.%m.%Y"))


def _push(product: InlineProduct) -> None:
    product.control("crm", _CRM_WITHOUT_LIMITS)
    product.drain()
    product.control("crm", _CRM_LIMITS)
    product.close()


def _people(first: Role) -> None:
    with begin() as session:
        acting.open_shop(session)
        limit_days(session, charges=_MOST_CHARGES_A_DAY, kopecks=_MOST_KOPECKS_A_DAY)
    customer_id = acting.join(first)
    with begin() as session:
        login = acting.add_login(
            session, email=CUSTOMER, name="Анна Ковалёва", password=os.environ["KABINET_DEMO_CUSTOMER_PASSWORD"]
        )
        acting.give_cabinet(session, login, customer_id)
        acting.add_login(
            session,
            email=STAFF,
            name="Ирина Мельник",
            password=os.environ["KABINET_DEMO_STAFF_PASSWORD"],
            staff_role="owner",
        )
        for email, name, role in COLLEAGUES:
            password = os.environ["KABINET_DEMO_STAFF_PASSWORD"]
            acting.add_login(session, email=email, name=name, password=password, staff_role=role)


def _begin_afresh(product: InlineProduct) -> None:
    # A seed that was cut off leaves rows on both sides that do not belong to a whole year.
    with begin() as session:
        tables = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
        # Nothing empties the books and the audit log by mistake; a made-up year that was cut off has none to keep.
        for table in APPEND_ONLY:
            session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {table}_never_emptied"))
        session.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
        for table in APPEND_ONLY:
            session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER {table}_never_emptied"))
        ensure_installation(session, get_settings())
    product.control("reset", {})


def _a_year_ago() -> datetime:
    today = business_date(clock.real_now())
    return clock.start_of(today - YEAR) + _NOON


def _almost_now() -> str:
    # Not quite: virtual time that got ahead could not be brought back to real time.
    return (clock.real_now() - timedelta(seconds=2)).isoformat()
