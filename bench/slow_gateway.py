"""The charge run at a gateway that takes 300 ms, beside the same charges one by one, in the same rounds."""

from __future__ import annotations

import os

from bench import company
from bench.charges import WORKERS, prove, run
from bench.gateway import gateway
from bench.one_by_one import PROCESSES, THREADS, charge_one_by_one
from bench.report import Figure, say, table
from bench.stand import servers, use
from bench.workers import workers
from kernel.settings import get_settings

TITLE = "Charge run, gateway after 300 ms"
DELAY_MS = 300
CONCURRENCY = 256
CHARGES = 20_000
ONE_BY_ONE = 480
WARM_UP = 2000


def measure(rounds: int, charges: int = CHARGES) -> list[str]:
    """Rounds of one by one and of the run, in turn."""
    in_flight = WORKERS * CONCURRENCY
    slow = Figure(f"one by one, {PROCESSES}×{THREADS} threads, {ONE_BY_ONE} charges", "charges/s", digits=0)
    rate = Figure(f"charge run, {WORKERS} workers of {CONCURRENCY} calls, {charges} charges", "charges/s", digits=0)
    times = Figure("times as fast as one by one", least=20)
    share = Figure("share of calls in flight ÷ latency", least=0.75, digits=2)
    cpu = Figure("worker CPU per charge", "ms", most=1.5, digits=2)
    memory = Figure("peak memory of a worker", "MB", most=150, digits=0, peak=True)
    with servers(durable=True) as engines:
        use(engines.database_url)
        company.found(contracts=rounds * (charges + ONE_BY_ONE) + WARM_UP)
        with gateway(DELAY_MS) as address:
            os.environ["KABINET_YOOKASSA_API_URL"] = address
            get_settings.cache_clear()
            with workers(WORKERS, gateway=address, concurrency=CONCURRENCY) as processes:
                run(company.make_charges(WARM_UP), processes)
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
