"""The charge run beside two Django packages that renew subscriptions, as their authors run them, in the same rounds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench import company
from bench.charges import CONCURRENCY, WORKERS, prove, run
from bench.gateway import gateway
from bench.peers.process import PeerFailed, PeerProcess, peer
from bench.report import Figure, say, table
from bench.stand import servers, use
from bench.workers import workers
from payments.charging.charging import BATCH
from portal.demo.engines import Engines

TITLE = "Charge run beside its peers"
CHARGES = 2_000
WARM_UP = 600
# The folder of each in bench/peers/apart, and how many it renews in a round: some seconds' worth.
PEERS = {"subscriptions_rt": 400, "django_plans": 200}
_PEER_WARM_UP = 20
_NOT_EQUAL = """\
The work is not equal. All commit to one PostgreSQL and pay at the same stub, the charge run in two processes, a peer in
one, as its authors run it: so CPU compares better than rate. django-subscriptions-rt calls from threads, as many as
Python gives, inside the transaction that holds the subscription. It writes a payment and moves the end on: no ledger, no
events, and a crash after the call leaves a charge without a record. django-plans claims, pays and completes one by one;
it writes an order, a payment, a pro forma and a numbered invoice, and was told to send no letters. The charge run
commits before each call and after it, and writes the exchange, the ledger, the paid invoice, the next line and the
events. The peers look for what is due within their time; our scheduler wrote payments from the due lines before it."""


class Beside:
    """A peer that runs, and what it took."""

    def __init__(self, process: PeerProcess, renewals: int) -> None:
        self._process, self._renewals = process, renewals
        self._rate = Figure(f"{process.name}, {renewals} renewals", "a second")
        self._faster = Figure("times as fast as it", least=10)
        self._cpu = Figure("its CPU per renewal", "ms", digits=2)
        self._cheaper = Figure("times less CPU than it", least=5)
        process.renew(_PEER_WARM_UP)

    def renew(self) -> None:
        """Its part of a round.

        Raises:
            PeerFailed: it did not renew what was due.
        """
        took = self._process.renew(self._renewals)
        rate, cpu = self._rate.add(self._renewals / took.seconds), self._cpu.add(1000 * took.cpu_s / self._renewals)
        say(f"{TITLE}: {self._process.name}: {rate:.0f} a second, {cpu:.1f} ms")

    def compare(self, rate: float, cpu: float) -> None:
        """Set it beside our own figures of the same round."""
        self._faster.add(rate / self._rate.rounds[-1])
        self._cheaper.add(self._cpu.rounds[-1] / cpu)

    def figures(self) -> list[Figure]:
        """Its rows of the table."""
        return [self._rate, self._faster, self._cpu, self._cheaper]


class Contest:
    """All peers. One that fails is heard no more: a row says why, and the rest goes on."""

    def __init__(self, stack: ExitStack, engines: Engines) -> None:
        """Install and start them; they end with the stack."""
        self._running: dict[str, Beside] = {}
        self._failed: list[str] = []
        for folder, renewals in PEERS.items():
            with self._hearing(folder):
                self._running[folder] = Beside(stack.enter_context(peer(folder, engines)), renewals)

    def renew(self) -> None:
        """The peers' part of a round."""
        for folder, beside in list(self._running.items()):
            with self._hearing(folder):
                beside.renew()

    def compare(self, rate: float, cpu: float) -> None:
        """Set each beside our own figures of the same round."""
        for beside in self._running.values():
            beside.compare(rate, cpu)

    def table(self, ours: list[Figure]) -> list[str]:
        """Ours, the peers', and who failed."""
        figures = [figure for beside in self._running.values() for figure in beside.figures()]
        return [*table([*ours, *figures]), *self._failed]

    @contextmanager
    def _hearing(self, folder: str) -> Iterator[None]:
        try:
            yield
        except PeerFailed as error:
            self._running.pop(folder, None)
            self._failed.append(f"| {folder} could not be measured: {error} | | | | |")
            say(self._failed[-1])


def measure(rounds: int, charges: int = CHARGES) -> list[str]:
    """Rounds of the peers and of the run, in turn."""
    rate = Figure(f"charge run, {WORKERS} workers of {CONCURRENCY} calls, {charges} charges", "a second", digits=0)
    cpu = Figure("its CPU per charge", "ms", digits=2)
    with servers(durable=True) as engines, ExitStack() as stack:
        use(engines.database_url)
        company.found(contracts=rounds * charges + WARM_UP)
        contest = Contest(stack, engines)
        with gateway(delay_ms=0) as address, workers(WORKERS, gateway=address, concurrency=CONCURRENCY) as processes:
            run(company.make_charges(WARM_UP), processes, per_hint=BATCH // 10)
            for number in range(1, rounds + 1):
                contest.renew()
                took = run(company.make_charges(charges), processes)
                contest.compare(rate.add(charges / took.seconds), cpu.add(1000 * took.cpu_s / charges))
                say(f"{TITLE}, round {number}: {rate.rounds[-1]:.0f} a second, {cpu.rounds[-1]:.2f} ms")
            prove(rounds * charges + WARM_UP, address)
    return [*contest.table([rate, cpu]), "", _NOT_EQUAL]
