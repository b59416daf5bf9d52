"""The desk's pages over a thousand payments and over a hundred thousand, in one run: milliseconds and their ratio."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from starlette.testclient import TestClient

from bench.report import say
from bench.stand import COMPANY, ROOT, servers, use
from kernel import db
from kernel.clock import business_date, now, real_now
from kernel.db import begin, engine
from kernel.settings import get_settings
from payments.installation.setup import name_company
from portal.accounts.models import User
from portal.accounts.passwords import NO_PASSWORD
from portal.accounts.sessions import STAFF, start_session
from portal.accounts.visitor import Visitor
from portal.demo.engines import sibling
from portal.demo.postgres import create_database
from portal.migrating import migrate

TITLE = "Staff pages"
SIZES = (1_000, 100_000)
REQUESTS = 15
MONTH_AGO = timedelta(days=120)
YEAR_AGO = timedelta(days=365)


@dataclass(frozen=True)
class Case:
    """A page by its address; a goal is the most that the ratio, or the larger time in ms, should be."""

    name: str
    url: str
    ratio: float = 0.0
    most_ms: float = 0.0


def cases() -> list[Case]:
    """Addresses that mean the same in both databases."""
    first_on = business_date(now() - MONTH_AGO).replace(day=1)
    last_on = (first_on + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    month = f"first_on={first_on:%d.%m.%Y}&last_on={last_on:%d.%m.%Y}"
    listed = "/staff/payments"
    return [
        Case("payments, first page", listed, ratio=1.5),
        Case("payments, a year deep", f"{listed}?after={_cursor()}", ratio=1.5),
        Case("payments, by sum", f"{listed}?sort=-sum", ratio=1.5),
        Case("payments, one month", f"{listed}?{month}", ratio=1.5),
        Case("payments, one month by sum", f"{listed}?{month}&sort=-sum", ratio=1.5),
        Case("payments, declined", f"{listed}?status=canceled", ratio=1.5),
        Case("payments, of one contract", f"{listed}?contract=2025-0077", ratio=1.5),
        Case("payments, of a surname that every twentieth has", f"{listed}?q=жук"),
        Case("payments, all counted", f"{listed}?total=all"),
        Case("customers", "/staff/customers"),
        Case("a customer's card", f"/staff/customers/{_customer_id()}"),
        Case("dashboard, month", "/staff"),
        Case("dashboard, year", "/staff?period=year"),
        Case("letters, of an address", "/staff/messages?q=client77@"),
        Case("jobs", "/staff/jobs"),
        Case("search, surname", "/staff/search?q=ковалев", most_ms=1000),
        Case("search, name and surname", "/staff/search?q=жук+алена", most_ms=1000),
        Case("search, phone", "/staff/search?q=8+(916)+000-00-77", most_ms=1000),
        Case("search, part of an address", "/staff/search?q=client77@", most_ms=1000),
        Case("search, INN", "/staff/search?q=7700000070", most_ms=1000),
        Case("search, last four", "/staff/search?q=0077", most_ms=1000),
        Case("search, sum", "/staff/search?q=1079,19", most_ms=1000),
        Case("search, number", "/staff/search?q=2025-0077", most_ms=1000),
        Case("search, gateway id", f"/staff/search?q={_gateway_id()}", most_ms=1000),
        Case("search, nothing found", "/staff/search?q=неттакого", most_ms=1000),
    ]


def measure(rounds: int) -> list[str]:
    """Fill both databases, ask for each page in turn."""
    with _databases() as urls:
        figures: dict[str, dict[int, list[float]]] = {}
        for number in range(1, rounds + 1):
            for size, url in urls.items():
                use(url)
                _ask(figures, size)
            say(f"{TITLE}, round {number}")
        return _table(figures)


@contextmanager
def _databases() -> Iterator[dict[int, str]]:
    with servers() as engines:
        urls = {}
        for size in SIZES:
            name = f"kabinet_bench_{size}"
            create_database(engines.server_url, name)
            urls[size] = sibling(engines.server_url, name)
            use(urls[size])
            _fill(size)
        yield urls


def _fill(payments: int) -> None:
    migrate()
    with begin() as session:
        name_company(session, COMPANY, get_settings())
        session.add(
            User(email="staff@example.com", name="Ирина Мельник", password_hash=NO_PASSWORD, staff_role="owner")
        )
    script = (ROOT / "bench" / "filling.sql").read_text(encoding="utf-8").replace(":payments", str(payments))
    started = time.perf_counter()
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.exec_driver_sql(f"BEGIN; {script.replace('%', '%%')} COMMIT")
        connection.execute(text("VACUUM ANALYZE"))
    say(f"{TITLE}: {payments} payments after {time.perf_counter() - started:.0f} s")


def _ask(figures: dict[str, dict[int, list[float]]], size: int) -> None:
    from portal.app import build_app

    with begin() as session:
        user = session.execute(text("SELECT id FROM users")).scalar_one()
        token = start_session(session, user, STAFF, Visitor(None, None), now=real_now())
    client = TestClient(build_app(), base_url="http://localhost:8000", headers={"Accept": "text/html"})
    client.cookies.set("kabinet_staff", token)
    for case in cases():
        client.get(case.url)
        for _request in range(REQUESTS):
            started = time.perf_counter()
            answer = client.get(case.url)
            took = 1000 * (time.perf_counter() - started)
            answer.raise_for_status()
            figures.setdefault(case.name, {}).setdefault(size, []).append(took)


def _table(figures: dict[str, dict[int, list[float]]]) -> list[str]:
    lines = ["| page | 1 thousand, ms | 100 thousand, ms | ratio | goal | |", "|---|---:|---:|---:|---|---|"]
    goals = {case.name: case for case in cases()}
    for name, by_size in figures.items():
        small, large = (statistics.median(by_size[size]) for size in SIZES)
        case = goals[name]
        goal = f"≤{case.ratio}" if case.ratio else f"≤{case.most_ms:.0f} ms" if case.most_ms else ""
        met = large / small <= case.ratio if case.ratio else large <= case.most_ms
        verdict = ("met" if met else "**missed**") if goal else ""
        lines.append(f"| {name} | {small:.1f} | {large:.1f} | {large / small:.2f} | {goal} | {verdict} |")
    return lines


def _cursor() -> str:
    from portal.web.kit.paging import write_cursor

    return write_cursor(((now() - YEAR_AGO).isoformat(), "999999999"))


def _customer_id() -> str:
    with db.read() as session:
        return str(session.execute(text("SELECT id FROM customers ORDER BY id LIMIT 1 OFFSET 50")).scalar_one())


def _gateway_id() -> str:
    with db.read() as session:
        return str(
            session.execute(text("SELECT gateway_id FROM payments ORDER BY number LIMIT 1 OFFSET 500")).scalar_one()
        )
