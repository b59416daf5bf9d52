"""Days without the CRM beside days with it, in one run: the cabinet's home, the charge run, and the queue that is left.

Two hundred customers are charged on one day of each month. On every second of these days the CRM is away, each time in
another way, and work goes on at the desk; when it is back, the queue drains at Bitrix24's usual rate.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import ColumnElement, func, select, update

from bench.door import BUSY, GONE, OPEN, SILENT, Door, standing_before
from bench.report import say
from bench.stand import servers, use
from crm_sync import connection
from crm_sync.models import CrmConnection, SyncJob
from kernel.clock import business_date, business_now, real_now
from kernel.db import Base, begin, read
from kernel.ids import uuid7
from kernel.outbox import UNDELIVERED, UNDISPATCHED, Delivery, OutboxMessage
from payments.autopay.models import Autopay
from payments.charging.models import Payment
from payments.contracts.models import Installment
from payments.customers.models import Customer
from payments.customers.registration import CustomerData, change_customer
from payments.installation.models import LegalEntity, Shop
from payments.invoicing.one_off import OneOff, issue_one_off
from portal.accounts.models import User
from portal.accounts.sessions import CUSTOMER, start_session
from portal.accounts.visitor import Visitor
from portal.demo import acting
from portal.migrating import migrate
from tests.crm_sync.comparing import differences, left_to_do
from tests.crm_sync.held import Held
from tests.sandbox.process import Sandbox, start_sandbox
from tests.support.business import COMPANY, make_agreement, pay_with_consent
from tests.support.stack import PASSWORD, Stack, start_stack

TITLE = "The CRM mirror"
CUSTOMERS = 200
AWAY = (BUSY, GONE, SILENT)
# As Bitrix24 has them on most tariffs; those of the product are set alike.
LIMITS = {"bucket": 50, "per_second": 2}
_PATIENCE_S = 600.0
_INVOICES = 12
_MOMENT_S = 0.02


@dataclass(frozen=True)
class Day:
    """A day of charges: what the cabinet's home took in ms, all day and while charges ran, and charges a second."""

    home: float
    home_in_the_run: float
    charges: float


def measure(rounds: int) -> list[str]:
    """Play the months, each with a day of every way to be away and a day beside it.

    Raises:
        RuntimeError: something is missing, twice or different in the CRM at the end.
    """
    days: dict[bool, list[Day]] = {True: [], False: []}
    queues: dict[str, dict[str, Any]] = {}
    with _running() as (stack, door):
        _open_for_business(stack)
        cookie = _a_customers_cookie()
        for state in AWAY * rounds:
            for present in (True, False):
                _play_to_the_eve(stack)
                door.move(OPEN if present else state)
                stack.control("crm", LIMITS)  # who calls is counted anew
                days[present].append(_play_the_day(stack, cookie))
                say(f"{'CRM on' if present else f'CRM {state}'}: {days[present][-1]}")
            _work_at_the_desk(state)
            queues[state] = _catch_up(stack, door)
            say(f"caught up: {queues[state]}")
        wrong = differences(Held(stack.sandbox.url))
    if wrong:
        raise RuntimeError("\n".join(wrong))
    return [
        *_tables(days, queues),
        "",
        "Every object and every line of a timeline stands in the CRM once, with equal fields.",
    ]


@contextmanager
def _running() -> Iterator[tuple[Stack, Door]]:
    with servers() as engines, tempfile.TemporaryDirectory() as folder:
        use(engines.database_url)
        migrate()
        sandbox = start_sandbox(Path(folder))
        try:
            with standing_before(sandbox.url) as door:
                yield from _started(sandbox, door)
        finally:
            sandbox.stop()


def _started(sandbox: Sandbox, door: Door) -> Iterator[tuple[Stack, Door]]:
    os.environ |= {
        "KABINET_YOOKASSA_WEBHOOK_SECRET": "hook-of-the-bench",
        "KABINET_YOOKASSA_WEBHOOK_IPS": "127.0.0.1/32",
        "KABINET_BITRIX24_BURST": str(LIMITS["bucket"]),
        "KABINET_BITRIX24_PER_SECOND": str(LIMITS["per_second"]),
    }
    stack = start_stack(sandbox, crm_url=f"http://127.0.0.1:{door.port}/bitrix24/rest/1/demo/")
    try:
        yield stack, door
    finally:
        stack.stop()


def _open_for_business(stack: Stack) -> None:
    stack.control("crm", LIMITS)
    with begin() as session:  # the customers below are the company's whose shop the stack has opened
        session.execute(update(LegalEntity).values(inn=COMPANY.inn))
    for number in range(CUSTOMERS):
        with begin() as session:
            it = make_agreement(session, email=f"c{number}@example.com", draft=True)
        pay_with_consent(it)
    stack.control("clock", {"advance": "PT10M"})
    _wait_until_all_is_there()
    say(f"{CUSTOMERS} customers have paid for the first time")


def _a_customers_cookie() -> str:
    with begin() as session:
        customer_id = session.scalars(select(Payment.customer_id).limit(1)).one()
        user = acting.add_login(session, email="c0@example.com", name="Анна Ковалёва", password=PASSWORD)
        acting.give_cabinet(session, user, customer_id)
        return start_session(session, user.id, CUSTOMER, Visitor(None, None), now=real_now())


def _play_to_the_eve(stack: Stack) -> None:
    """Noon before the next day of charges; whatever that brings the CRM stands there."""
    stack.control("clock", {"to": f"{_next_due_on() - timedelta(days=1)}T12:00:00+03:00"})
    _wait_until_all_is_there()


def _next_due_on() -> date:
    with read() as session:
        charged = Installment.contract_id.in_(select(Autopay.contract_id))
        to_come = select(func.min(Installment.due_on)).where(charged, Installment.status.in_(("planned", "invoiced")))
        return session.execute(to_come).scalar_one()


def _play_the_day(stack: Stack, cookie: str) -> Day:
    """Play a day on, asking for the cabinet's home all the while."""
    over = threading.Event()
    took: list[tuple[float, float]] = []

    def look() -> None:
        with httpx.Client(base_url=stack.base_url, cookies={"kabinet": cookie}, trust_env=False, timeout=30) as web:
            while not over.wait(_MOMENT_S):
                began = time.time()
                web.get("/").raise_for_status()
                took.append((began, 1000 * (time.time() - began)))

    seen = len(stack.items("/control/journal", system="yookassa", limit=10_000))
    looking = threading.Thread(target=look)
    looking.start()
    try:
        stack.control("clock", {"advance": "P1D"})
    finally:
        over.set()
        looking.join()
    first, last = _run_of_charges(stack, seen)
    in_the_run = [ms for at, ms in took if first <= at <= last]
    median = statistics.median(ms for _, ms in took)
    return Day(median, statistics.median(in_the_run), (CUSTOMERS - 1) / (last - first))


def _run_of_charges(stack: Stack, seen: int) -> tuple[float, float]:
    """When the first and the last charge came to the gateway, in real seconds."""
    calls = stack.items("/control/journal", system="yookassa", limit=10_000)[seen:]
    at = [
        datetime.fromisoformat(call["real_at"]).timestamp()
        for call in calls
        if (call["method"], call["path"]) == ("POST", "/payments") and call["payment_method_id"]
    ]
    if len(at) != CUSTOMERS:
        raise RuntimeError(f"{len(at)} charges of {CUSTOMERS}")
    return min(at), max(at)


def _work_at_the_desk(name: str) -> None:
    """Each customer moves to another address and gets invoices: only a queue much longer than a burst meets the limit."""
    with begin() as session:
        shop, customers = session.scalars(select(Shop)).one(), session.scalars(select(Customer)).all()
        staff = session.scalars(select(User.id).where(User.staff_role == "owner")).one()
        now = business_now(session)
        due_on = business_date(now) + timedelta(days=7)
        for number, customer in enumerate(customers):
            email = f"{len(name)}-{number}@example.com"
            change_customer(session, customer.id, CustomerData(customer.name, email=email))
            for _ in range(_INVOICES):
                wanted = OneOff(uuid7(), customer.id, "Доставка", 45_000, due_on, told=False)
                issue_one_off(session, wanted, shop=shop, by=staff, now=now)


def _catch_up(stack: Stack, door: Door) -> dict[str, Any]:
    """The CRM is back and staff say so; what it took until nothing was left, as the sandbox counted it."""
    _wait(_all_is_noted, "the changes to be noted")
    changes = _count(SyncJob)
    if came := _at_the_crm(stack):
        raise RuntimeError(f"the CRM was away, but these came to it: {came}")
    door.move(OPEN)
    _wait(_is_back, "the CRM to be asked again")
    _wait_until_all_is_there()
    (source,) = _at_the_crm(stack)
    return {"changes": changes} | source


def _all_is_noted() -> bool:
    return not _count(OutboxMessage, UNDISPATCHED.where) and not _count(Delivery, UNDELIVERED.where)


def _at_the_crm(stack: Stack) -> list[dict[str, Any]]:
    """Who called the CRM since its limits were set, and how often."""
    sources: list[dict[str, Any]] = httpx.get(f"{stack.sandbox.url}/control/crm", trust_env=False).json()["sources"]
    return sources


def _is_back() -> bool:
    """Staff ask again until it answers: a probe that was under way before it came back still ends in vain."""
    with begin() as session:
        connection.try_now(session, now=business_now(session))
        return session.scalars(select(CrmConnection.status)).one() == "ok"


def _wait_until_all_is_there() -> None:
    _wait(lambda: left_to_do() == 0, "the CRM to be caught up with")


def _wait(done: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + _PATIENCE_S
    while not done():
        if time.monotonic() > until:
            raise TimeoutError(f"waited {_PATIENCE_S:.0f} s for {what}")
        time.sleep(0.2)


def _count(table: type[Base], *where: ColumnElement[bool]) -> int:
    with read() as session:
        return session.execute(select(func.count()).select_from(table).where(*where)).scalar_one()


def _tables(days: dict[bool, list[Day]], queues: dict[str, dict[str, Any]]) -> list[str]:
    lines = [
        f"| median of {len(days[True])} days | CRM on | CRM off | off : on |",
        "|---|---:|---:|---:|",
    ]
    for name, words in (
        ("home", "cabinet's home, ms"),
        ("home_in_the_run", "the same while charges run, ms"),
        ("charges", "charges a second"),
    ):
        on, off = (statistics.median(getattr(day, name) for day in days[present]) for present in (True, False))
        lines.append(f"| {words} | {on:.1f} | {off:.1f} | {off / on:.2f} |")
    lines += [
        "",
        "| the CRM, away for a day | changes | requests | virtual seconds | share of the ceiling, ≥0.95 | 503 |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for state, queue in queues.items():
        cells = (queue["changes"], queue["admitted"], queue["seconds"], queue["share"], queue["refused"])
        lines.append(f"| {state} | {' | '.join(map(str, cells))} |")
    return lines
