"""The charge run at a gateway that answers at once, beside the bound of the machine, in the same rounds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, text

from bench import company
from bench.bound import Bound
from bench.gateway import counted, gateway
from bench.report import Figure, say, table
from bench.stand import servers, use
from bench.workers import Processes, workers
from kernel.broker import Jobs
from kernel.db import read
from payments.charging.charging import BATCH, CHARGE
from payments.charging.models import SUCCEEDED, Payment
from portal.wiring import JOBS

TITLE = "Charge run, gateway at once"
WORKERS = 2
CONCURRENCY = 64
# So many that the beginning and the end of a run, when one worker has nothing to do, weigh little.
CHARGES = 10_000
WARM_UP = 600
_WHAT = (
    "A charge here is its permit, its call, and the record of its answer with books, history and events. What follows from"
    " the events, the letter and the entry in the CRM, is other jobs' work and not in these figures. A worker makes 16"
    f" calls at a time unless told otherwise; here it is {CONCURRENCY}."
)
# However many: so slow a run measures nothing any more.
_LEAST_PATIENCE_S, _LEAST_PER_S = 90.0, 20
_LOOK_S = 0.02


@dataclass(frozen=True)
class Run:
    """What a run took."""

    seconds: float
    cpu_s: float


def measure(rounds: int, charges: int = CHARGES) -> list[str]:
    """Rounds of the bound and of the run, in turn."""
    bound_rate = Figure("the bound: pgbench, 8 clients", "charges/s", digits=0)
    rate = Figure(f"charge run, {WORKERS} workers of {CONCURRENCY} calls", "charges/s", digits=0)
    ratio = Figure("share of the bound", least=0.35, digits=2)
    cpu = Figure("worker CPU per charge", "ms", most=1.5, digits=2)
    memory = Figure("peak memory of a worker", "MB", most=150, digits=0, peak=True)
    with servers(durable=True) as engines:
        use(engines.database_url)
        company.found(contracts=rounds * charges + WARM_UP)
        bound = Bound(engines)
        with gateway(delay_ms=0) as address, workers(WORKERS, gateway=address, concurrency=CONCURRENCY) as processes:
            run(company.make_charges(WARM_UP), processes, per_hint=BATCH // 10)
            for number in range(1, rounds + 1):
                ids = company.make_charges(charges)
                most = bound_rate.add(bound.measure(charges))
                took = run(ids, processes)
                ratio.add(rate.add(charges / took.seconds) / most)
                cpu.add(1000 * took.cpu_s / charges)
                memory.add(processes.peak_mb())
                say(f"{TITLE}, round {number}: {rate.rounds[-1]:.0f} of {most:.0f} a second, {cpu.rounds[-1]:.2f} ms")
            prove(rounds * charges + WARM_UP, address)
    return [*table([bound_rate, rate, ratio, cpu, memory]), "", _WHAT]


def patience_s(charges: int) -> float:
    """How long so many charges may take before the run is given up."""
    return max(_LEAST_PATIENCE_S, charges / _LEAST_PER_S)


def run(ids: Sequence[UUID], processes: Processes, *, per_hint: int = BATCH) -> Run:
    """Hint at these charges, as the relay does, and wait until each has succeeded.

    Raises:
        TimeoutError: they have not, and the patience is over.
    """
    jobs = Jobs(JOBS)
    before, booked_before = _succeeded(), _booked()
    cpu_before, began = processes.cpu_s(), time.monotonic()
    until = began + patience_s(len(ids))
    for start in range(0, len(ids), per_hint):
        jobs.send(CHARGE, ids[start : start + per_hint])
    while _booked() - booked_before < len(ids) and time.monotonic() < until:
        time.sleep(_LOOK_S)
    while (done := _succeeded() - before) < len(ids):  # the last ones are booked, but not committed
        if time.monotonic() > until:
            raise TimeoutError(f"{done} of {len(ids)} charges after {until - began:.0f} s")
        time.sleep(_LOOK_S)
    return Run(time.monotonic() - began, processes.cpu_s() - cpu_before)


def prove(charges: int, address: str) -> None:
    """Speed counts only when the books are right: each charge once at the gateway and once in the ledger.

    Raises:
        RuntimeError: they are not.
    """
    with read() as session:
        posted = session.execute(text("SELECT count(*) FROM ledger_transactions WHERE kind = 'payment'")).scalar_one()
        sum_of_all = session.execute(text("SELECT sum(kopecks) FROM ledger_entries")).scalar_one()
        lines = session.execute(text("SELECT count(*) FROM installments WHERE status = 'planned'")).scalar_one()
    found = {"succeeded": _succeeded(), "posted": posted, "next lines": lines, "keys": counted(address)["keys"]}
    if set(found.values()) != {charges} or sum_of_all:
        raise RuntimeError(f"{charges} charges, but {found}, and the ledger sums to {sum_of_all}")


def _succeeded() -> int:
    with read() as session:
        return session.execute(select(func.count()).where(Payment.status == SUCCEEDED)).scalar_one()


def _booked() -> int:
    # A sequence tells it without reading a row: asked often, it must cost the database nothing.
    with read() as session:
        return int(
            session.execute(text("SELECT coalesce(pg_sequence_last_value('allocations_id_seq'), 0)")).scalar_one()
        )
