"""The cabinet's home beside its bare template, the webhook intake beside a bare commit, and what the web process weighs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from uuid import uuid4

import httpx
from sqlalchemy import select, text

from bench import company, site
from bench.load import http, load
from bench.report import Figure, say, table
from bench.stand import servers, use
from bench.wire import first_load_kb
from bench.workers import Processes, running
from kernel.clock import real_now
from kernel.db import begin
from payments.customers.models import Customer
from portal.accounts.sessions import CUSTOMER, start_session
from portal.accounts.visitor import Visitor
from portal.demo import acting
from portal.demo.processes import LOOPBACK, free_port

TITLE = "Web"
CONNECTIONS = 16
SECONDS = 4.0
CONTRACTS = 2000
_SECRET = "hook-of-the-bench"  # noqa: S105  of this run alone
_PATIENCE_S = 30


def measure(rounds: int) -> list[str]:
    """Rounds of each page and what stands beside it, at sixteen connections."""
    home, intake, without_redis = (
        Pair("cabinet home", "the same template without queries", share=0.25, p99=120),
        Pair("webhook intake", "one insert and commit", share=0.7, p99=300),
        Pair("webhook intake without Redis", "one insert and commit", share=0.7, p99=300),
    )
    memory = Figure("peak memory of the web process", "MB", most=150, digits=0, peak=True)
    weight = Figure("first load of the home page", "KB", most=120)
    with servers(durable=True) as engines:
        use(engines.database_url)
        company.found(contracts=CONTRACTS)
        with begin() as session:
            session.execute(text(site.TABLE))
        cookie = _sign_in()
        page = partial(http, "GET", Cookie=f"kabinet={cookie}")
        with _serving() as (address, process):
            weight.add(first_load_kb(address, cookie))
            for number in range(1, rounds + 1):
                home.compare(address, lambda: page("/"), lambda: page(site.TEMPLATE))
                intake.compare(address, _notification, _commit)
                engines.valkey.stop()
                without_redis.compare(address, _notification, _commit)
                engines.valkey.start()
                memory.add(process.peak_mb())
                say(f"{TITLE}, round {number}: {home}, {intake}, {without_redis}")
    return table([*home.figures(), *intake.figures(), *without_redis.figures(), memory, weight])


class Pair:
    """An address and what stands beside it."""

    def __init__(self, what: str, beside: str, *, share: float, p99: float) -> None:
        self._rate = Figure(what, "requests/s", digits=0)
        self._beside = Figure(f"beside it: {beside}", "requests/s", digits=0)
        self._share = Figure(f"{what}, share of that", least=share, digits=2)
        self._p99 = Figure(f"{what}, p99", "ms", most=p99, digits=0)

    def __str__(self) -> str:
        return f"{self._share.rounds[-1]:.2f} ({self._rate.rounds[-1]:.0f}/s)"

    def figures(self) -> list[Figure]:
        """The lines of the table."""
        return [self._rate, self._beside, self._share, self._p99]

    def compare(self, address: str, what: Callable[[], bytes], beside: Callable[[], bytes]) -> None:
        """One more round of both."""
        least = load(address, beside, connections=CONNECTIONS, seconds=SECONDS)
        found = load(address, what, connections=CONNECTIONS, seconds=SECONDS)
        self._beside.add(least.per_second)
        self._share.add(self._rate.add(found.per_second) / least.per_second)
        self._p99.add(found.p99_ms)


@contextmanager
def _serving() -> Iterator[tuple[str, Processes]]:
    port = free_port()
    address = f"http://{LOOPBACK}:{port}"
    settings = {"KABINET_YOOKASSA_WEBHOOK_SECRET": _SECRET}
    with running("-m", "bench.site", str(port), **settings) as process:
        until = time.monotonic() + _PATIENCE_S
        while not _answers(address):
            if time.monotonic() > until:
                raise TimeoutError("the web process did not start")
            time.sleep(0.1)
        yield address, process


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz", trust_env=False).is_success
    except httpx.TransportError:
        return False


def _sign_in() -> str:
    """A customer's session; its cookie."""
    with begin() as session:
        customer = session.scalars(select(Customer.id).order_by(Customer.id).offset(CONTRACTS // 2).limit(1)).one()
        user = acting.add_login(session, email="anna@example.com", name="Анна Ковалёва", password=str(uuid4()))
        acting.give_cabinet(session, user, customer)
        return start_session(session, user.id, CUSTOMER, Visitor(None, None), now=real_now())


def _notification() -> bytes:
    """Of another payment each time: a copy of one would be counted only."""
    body = {
        "type": "notification",
        "event": "payment.succeeded",
        "object": {"id": str(uuid4()), "status": "succeeded", "amount": {"value": "490.00", "currency": "RUB"}},
    }
    text_of_it = json.dumps(body).encode()
    return http("POST", f"/webhooks/yookassa/{_SECRET}", text_of_it, Content_Type="application/json")


def _commit() -> bytes:
    return http("POST", site.COMMIT, b"x" * 200, Sec_Fetch_Site="same-origin")
