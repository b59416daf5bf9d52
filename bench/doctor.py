"""The doctor over sound books of ten thousand, a hundred thousand and a million payments: how long all take, and each."""

from __future__ import annotations

import time

from bench.report import Figure, say, table
from bench.stand import COMPANY, ROOT, servers, use
from crm_sync.part import CRM
from kernel.db import begin, engine
from kernel.settings import get_settings
from payments.doctor.check import examine
from payments.installation.setup import name_company
from portal.demo.engines import sibling
from portal.demo.postgres import create_database
from portal.migrating import migrate
from portal.wiring import Wiring

SIZES = (10_000, 100_000, 1_000_000)
TITLE = "The doctor"
GOAL_S = 30.0


def measure(rounds: int) -> list[str]:
    """Fill a database of each size and examine it.

    Raises:
        RuntimeError: sound books were not found to be sound.
    """
    millis: dict[str, dict[int, float]] = {}
    whole = [Figure(f"all checks, {size} payments", "s", most=GOAL_S) for size in SIZES]
    with servers() as engines:
        for size, figure in zip(SIZES, whole, strict=True):
            name = f"kabinet_books_{size}"
            create_database(engines.server_url, name)
            use(sibling(engines.server_url, name))
            fill(size)
            for _ in range(rounds):
                figure.add(_examine(millis, size))
    return [*table(whole), "", *_by_check(millis)]


def fill(payments: int) -> None:
    """Make the tables and sound books of so many payments in the database in use."""
    migrate()
    with begin() as session:
        name_company(session, COMPANY, get_settings())
    script = (ROOT / "bench" / "books.sql").read_text(encoding="utf-8").replace(":payments", str(payments))
    started = time.perf_counter()
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("SET statement_timeout = 0")
        connection.exec_driver_sql("SET idle_in_transaction_session_timeout = 0")
        connection.exec_driver_sql(f"BEGIN; {script.replace('%', '%%')} COMMIT")
        connection.exec_driver_sql("VACUUM ANALYZE")
    say(f"filled {payments} payments in {time.perf_counter() - started:.0f} s")


def _examine(millis: dict[str, dict[int, float]], size: int) -> float:
    began = time.perf_counter()
    found = examine(Wiring(CRM).checks)
    took = time.perf_counter() - began
    if wrong := [f"{it.name} {it.error} {it.breaches[:2]}" for it in found if not it.sound]:
        raise RuntimeError(f"{size}: " + "; ".join(wrong))
    for it in found:
        millis.setdefault(it.name, {})[size] = it.millis
    return took


def _by_check(millis: dict[str, dict[int, float]]) -> list[str]:
    sizes = " | ".join(f"{size:,}".replace(",", " ") for size in SIZES)
    lines = [
        f"| {name} | " + " | ".join(f"{by_size[size]:.0f}" for size in SIZES) + " |" for name, by_size in millis.items()
    ]
    return [f"| check, ms of the last round, two at a time | {sizes} |", "|---|" + "---:|" * len(SIZES), *lines]
