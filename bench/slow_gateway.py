"""The charge run at a gateway that takes 300 ms, beside the same charges one by one, in the same rounds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from bench import company
from bench.charges import WORKERS, prove, run
from bench.gateway import gateway
from bench.one_by_one import PROCESSES, THREADS, charge_one_by_one
from bench.report import Figure, say, table
from bench.stand import servers, use
from bench.workers import Processes, workers
from kernel.settings import get_settings

TITLE = "Charge run, gateway after 300 ms"
DELAY_MS = 300
CONCURRENCY = 256
CHARGES = 20_000
ONE_BY_ONE = 480
WARM_UP = 2000
# In one go, on request: with the preparation it takes the better part of an hour.
A_MILLION, A_MILLION_S = 1_000_000, 20 * 60


def measure(rounds: int, charges: int = CHARGES) -> list[str]:
    """Rounds of one by one and of the run, in turn."""
    in_flight = WORKERS * CONCURRENCY
    slow = Figure(f"one by one, {PROCESSES}×{THREADS} threads, {ONE_BY_ONE} charges", "charges/s", digits=0)
    rate = Figure(f"charge run, {WORKERS} workers of {CONCURRENCY} calls, {charges} charges", "charges/s", digits=0)
    times = Figure("times as fast as one by one", least=20)
    share = Figure("share of calls in flight ÷ latency", least=0.75, digits=2)
    cpu = Figure("worker CPU per charge", "ms", most=1.5, digits=2)
    memory = Figure("peak memory of a worker", "MB", most=150, digits=0, peak=True)
    with _standing(contracts=rounds * (charges + ONE_BY_ONE) + WARM_UP) as (address, processes):
        for number in range(1, rounds + 1):
            one = slow.add(ONE_BY_ONE / charge_one_by_one(company.make_charges(ONE_BY_ONE)))
            took = run(company.make_charges(charges), processes)
            many = rate.add(charges / took.seconds)
            times.add(many / one)
            share.add(many / (in_flight * 1000 / DELAY_MS))
            cpu.add(1000 * took.cpu_s / charges)
            memory.add(processes.peak_mb())
            say(f"{TITLE}, round {number}: {many:.0f} a second, one by one {one:.0f}, {cpu.rounds[-1]:.2f} ms")
        prove(rounds * (charges + ONE_BY_ONE) + WARM_UP, address)
    return table([slow, rate, times, share, cpu, memory])


def title_of(charges: int) -> str:
    """The section of so many charges in one go."""
    number = "A million" if charges == A_MILLION else f"{charges:,}".replace(",", " ")
    return f"{number} charges, gateway after {DELAY_MS} ms"


def measure_once(charges: int) -> list[str]:
    """So many charges in one go; the goal is that of a million."""
    whole = f"charge run, {WORKERS} workers of {CONCURRENCY} calls"
    seconds = Figure(f"{whole}, in all", "s", most=A_MILLION_S if charges == A_MILLION else None, digits=0)
    rate = Figure(whole, "charges/s", digits=0)
    cpu = Figure("worker CPU per charge", "ms", digits=2)
    memory = Figure("peak memory of a worker", "MB", digits=0, peak=True)
    with _standing(contracts=charges + WARM_UP) as (address, processes):
        took = run(company.make_charges(charges), processes)
        seconds.add(took.seconds)
        rate.add(charges / took.seconds)
        cpu.add(1000 * took.cpu_s / charges)
        memory.add(processes.peak_mb())
        prove(charges + WARM_UP, address)
    return table([seconds, rate, cpu, memory])


@contextmanager
def _standing(*, contracts: int) -> Iterator[tuple[str, Processes]]:
    # The gateway's address and the workers, warmed up, over so many contracts.
    with servers(durable=True) as engines:
        use(engines.database_url)
        company.found(contracts=contracts)
        with gateway(DELAY_MS) as address:
            os.environ["KABINET_YOOKASSA_API_URL"] = address
            get_settings.cache_clear()
            with workers(WORKERS, gateway=address, concurrency=CONCURRENCY) as processes:
                run(company.make_charges(WARM_UP), processes)
                yield address, processes
