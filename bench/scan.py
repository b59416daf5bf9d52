"""The scheduler's look for what is due, over ten thousand contracts and over a million, with as many of them due."""

from __future__ import annotations

import time
from collections.abc import Callable

from bench import company
from bench.report import Figure, say, table
from bench.stand import servers, use
from crm_sync.part import CRM
from kernel.clock import business_now
from kernel.db import begin
from payments.charging.due import create_due_payments
from portal.demo.engines import Engines, sibling
from portal.demo.postgres import create_database
from portal.playing import look
from portal.wiring import Wiring

TITLE = "Due scan"
SIZES = (10_000, 100_000, 1_000_000)
DUE = 1500


def measure(rounds: int) -> list[str]:
    """Each round: as many lines fall due in each database, and are turned into payments there."""
    scans = {size: Figure(f"{DUE} due lines become payments, of {_words(size)} contracts", "ms") for size in SIZES}
    looks = {size: Figure(f"a look when nothing is due, at {_words(size)} contracts", "ms") for size in SIZES}
    scan_ratios = {size: Figure(f"scan, {_words(size)} : {_words(SIZES[0])}", most=1.3, digits=2) for size in SIZES[1:]}
    look_ratios = {size: Figure(f"look, {_words(size)} : {_words(SIZES[0])}", most=1.3, digits=2) for size in SIZES[1:]}
    waits = Wiring(CRM).waits
    with servers() as engines:
        urls = {size: _filled(engines, size) for size in SIZES}
        for number in range(1, rounds + 1):
            for size in SIZES:
                use(urls[size])
                look(waits)  # the scheduler looks twice a second: its connection is no new one
                looks[size].add(_ms(lambda: look(waits)))
                company.fall_due(DUE)
                company.settle()
                scans[size].add(_ms(_scan))
            for size in SIZES[1:]:
                scan_ratios[size].add(scans[size].rounds[-1] / scans[SIZES[0]].rounds[-1])
                look_ratios[size].add(looks[size].rounds[-1] / looks[SIZES[0]].rounds[-1])
            say(f"{TITLE}, round {number}: " + ", ".join(f"{scans[size].rounds[-1]:.0f} ms" for size in SIZES))
    return table([*scans.values(), *scan_ratios.values(), *looks.values(), *look_ratios.values()])


def _filled(engines: Engines, size: int) -> str:
    began = time.monotonic()
    create_database(engines.server_url, f"scan_{size}")
    url = sibling(engines.server_url, f"scan_{size}")
    use(url)
    company.found(contracts=size)
    say(f"{TITLE}: {_words(size)} contracts after {time.monotonic() - began:.0f} s")
    return url


def _scan() -> None:
    found = 1
    while found:
        with begin() as session:
            found = create_due_payments(session, now=business_now(session))


def _ms(work: Callable[[], object]) -> float:
    # Once more for the first plan and the first connection would spoil the due lines: a read warms both up.
    with begin() as session:
        business_now(session)
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def _words(size: int) -> str:
    return f"{size:,}".replace(",", " ")
