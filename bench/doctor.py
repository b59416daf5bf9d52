"""The doctor over sound books of ten thousand, a hundred thousand and a million payments: milliseconds of each check.

`python -m bench.doctor 10000 100000` asks about other sizes.
"""

from __future__ import annotations

import statistics
import sys
import time

from bench.stand import COMPANY, ROOT, migrate, servers, use
from crm_sync.part import CRM
from kernel import log
from kernel.db import begin, engine
from kernel.settings import get_settings
from payments.doctor.check import examine
from payments.installation.setup import name_company
from portal.demo.engines import sibling
from portal.demo.postgres import create_database
from portal.wiring import Wiring

SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 3
GOAL_S = 30.0


def main() -> int:
    """Fill a database of each size, examine it, print the table; 1 when sound books are not found to be sound."""
    log.configure("WARNING")
    sizes = tuple(int(it) for it in sys.argv[1:]) or SIZES
    figures: dict[str, dict[int, float]] = {}
    broken: list[str] = []
    with servers() as engines:
        for size in sizes:
            name = f"kabinet_books_{size}"
            create_database(engines.server_url, name)
            use(sibling(engines.server_url, name))
            fill(size)
            broken += _examine(figures, size)
    _print(figures, sizes)
    for line in broken:
        print(line)
    return 1 if broken else 0


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
    print(f"filled {payments} payments in {time.perf_counter() - started:.0f} s", file=sys.stderr)


def _examine(figures: dict[str, dict[int, float]], size: int) -> list[str]:
    rounds = [examine(Wiring(CRM).checks) for _ in range(ROUNDS)]
    for same in zip(*rounds, strict=True):
        figures.setdefault(same[0].name, {})[size] = statistics.median(it.millis for it in same)
    return [f"{size}: {it.name} {it.error} {it.breaches[:2]}" for it in rounds[0] if not it.sound]


def _print(figures: dict[str, dict[int, float]], sizes: tuple[int, ...]) -> None:
    print("| check, ms | " + " | ".join(f"{size:,}".replace(",", " ") for size in sizes) + " |")
    print("|---|" + "---:|" * len(sizes))
    for name, by_size in figures.items():
        print(f"| {name} | " + " | ".join(f"{by_size[size]:.0f}" for size in sizes) + " |")
    totals = [sum(by_size[size] for by_size in figures.values()) / 1000 for size in sizes]
    print("| all, s (goal ≤" + f"{GOAL_S:.0f}) | " + " | ".join(f"{total:.1f}" for total in totals) + " |")


if __name__ == "__main__":
    sys.exit(main())
