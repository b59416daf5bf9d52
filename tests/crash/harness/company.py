"""The company under test: PostgreSQL, Valkey, a sandbox, and the product's own processes."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx

from kernel.clock import set_shift
from kernel.db import begin
from kernel.settings import get_settings
from payments.installation.setup import ensure_installation
from portal.demo.engines import Engines
from portal.demo.installation import Place
from portal.demo.processes import Running, free_port
from portal.migrating import migrate
from tests.crash.harness.hosts import Network
from tests.crash.harness.outside import Outside
from tests.crash.harness.plan import Plan
from tests.crash.harness.programs import Program, Programs, own_environment
from tests.crash.harness.record import Record
from tests.sandbox.process import start_sandbox
from tests.support.web import WEB

# A process is killed here, never the machine: what was written survives without waiting for the disk.
_DATABASE = {"fsync": "off", "full_page_writes": "off", "track_commit_timestamp": "on"}
_BEGINS = "2027-03-01T09:00:00+03:00"
_READY_S = 90.0


@dataclass
class Company:
    """Where everything of one run is, and how it is started and hurt."""

    place: Place
    engines: Engines
    programs: Programs
    outside: Outside
    network: Network

    @property
    def webhook_url(self) -> str:
        """Where notifications go."""
        return self.place.webhook_url.replace("//localhost", f"//{self.network.web}")

    @property
    def base_url(self) -> str:
        """Where the cabinet is."""
        return self.place.base_url.replace("//localhost", f"//{self.network.web}")

    @property
    def journal(self) -> Path:
        """The sandbox's file: its journal is the oracle."""
        return self.outside.sandbox.state

    def hire(self) -> None:
        """Start the product's processes and wait until they are ready."""
        serve = ["serve", "--host", self.network.listen, "--port", str(self.place.port)]
        self.programs.start(
            [
                Program("web", "web", serve, "web"),
                Program("scheduler", "scheduler", ["scheduler"], "web"),
                Program("worker-a", "worker", ["worker"], "a"),
                Program("worker-b", "worker", ["worker"], "b"),
            ]
        )
        until = time.monotonic() + _READY_S
        while not self._is_ready():
            if time.monotonic() > until:
                raise TimeoutError(f"the product was not ready after {_READY_S:.0f} s; logs: {self.place.logs}")
            time.sleep(0.2)

    def _is_ready(self) -> bool:
        try:
            return WEB.get(f"{self.base_url}/readyz", timeout=5).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def empty_redis(self) -> None:
        """Kill Redis and bring it back with nothing in it."""
        running = self.programs.engines["valkey"]
        if process := running.process():
            process.kill()
            process.wait(10)
        for left in self.engines.valkey.place.glob("appendonly*"):
            shutil.rmtree(left)
        self.programs.engine("valkey", self.engines.valkey.start())

    def stop_postgres(self, away_s: float) -> None:
        """Stop PostgreSQL at once, without a word to anybody, and bring it back after so many seconds."""
        running = self.programs.engines["postgres"]
        if process := running.process():
            process.send_signal(signal.SIGQUIT)
            process.wait(30)
        time.sleep(away_s)
        self.programs.engine("postgres", self.engines.postgres.start())

    def close(self) -> None:
        """End everything."""
        self.programs.stop()
        self.outside.sandbox.stop()
        self.engines.close()
        self.programs.close()
        self.network.close()


def found(folder: Path, plan: Plan, record: Record) -> Company:
    """Start the servers and the sandbox, migrate, and point this process's settings at them."""
    network = Network(plan.hosts)
    place = Place(free_port(), free_port(), free_port(), folder)
    place.folder.mkdir(parents=True, exist_ok=True)
    place.prepare()
    engines = Engines(folder, database_options=_DATABASE | network.database_options(), redis_address=network.home)
    # First of all: whatever fails from here on, the warden ends what was started.
    programs = Programs(record, folder, {}, prefix=network.prefix)
    programs.open()
    for name, running in engines.start().items():
        programs.engine(name, running)
    network.admit(engines)
    sandbox = start_sandbox(
        folder, place.sandbox_port, place.smtp_port, host=network.home, log=place.logs / "sandbox.log"
    )
    if running_sandbox := Running.of(sandbox.process.pid):
        programs.engine("sandbox", running_sandbox)
    programs.environment = own_environment() | _settings(place, engines, network)
    _settle_in(programs.environment, engines)
    company = Company(place, engines, programs, Outside(sandbox), network)
    _prepare(company)
    return company


def _settings(place: Place, engines: Engines, network: Network) -> dict[str, str]:
    database, redis = network.addresses(engines)
    settings = place.environment(database, redis) | {
        "KABINET_MODE": "test",
        "KABINET_LOG_LEVEL": "WARNING",
        # Both sides of the CRM's limit are wide open: how fast a portal may be asked is another test's business.
        "KABINET_BITRIX24_BURST": "1000000",
        "KABINET_BITRIX24_PER_SECOND": "1000000",
    }
    return {name: network.seen_from_hosts(value) for name, value in settings.items()}


def _settle_in(environment: Mapping[str, str], engines: Engines) -> None:
    # This process has the product's settings too: it makes the workload by the product's own verbs.
    own = {name: value for name, value in environment.items() if name.startswith("KABINET_")}
    os.environ.update(own | {"KABINET_DATABASE_URL": engines.database_url})
    get_settings.cache_clear()


def _prepare(company: Company) -> None:
    outside = company.outside
    clock = outside.control("clock", {"start": _BEGINS})
    outside.control("crm", {"bucket": 1_000_000, "per_second": 1_000_000})
    migrate()
    with begin() as session:
        ensure_installation(session, get_settings())
    follow(clock["shift_s"])


def follow(shift_s: float) -> None:
    """Take the sandbox's shift over while no scheduler runs that would."""
    with begin() as session:
        set_shift(session, timedelta(seconds=shift_s))
