"""`kabinet demo`: the whole product on this machine, from nothing to a page that can be clicked."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
from rich.console import Console

from kernel.errors import KabinetError
from portal.demo import roster
from portal.demo.engines import Engines
from portal.demo.installation import COLLEAGUES, CUSTOMER, ROOT, STAFF, Place
from portal.demo.keeper import Keeper, Program, ProgramFailed, last_words, python_program
from portal.demo.processes import require_free

APP_PATIENCE = 75.0
READY_PATIENCE = 120.0
# Before the demo is ready, a program that fell this often will not recover by itself.
FALLS = 3


class AlreadyRunning(KabinetError):
    """The demo of this folder runs already."""


class Demo:
    """One run of the demo."""

    def __init__(self, place: Place, console: Console) -> None:
        self.place = place
        self.console = console
        self.engines = Engines(
            place.folder,
            given_database=os.environ.get("KABINET_DATABASE_URL"),
            given_redis=os.environ.get("KABINET_REDIS_URL"),
        )
        self.keeper = Keeper(place.run / "programs.json", self.say)
        self.environment: dict[str, str] = {}

    def say(self, text: str) -> None:
        """One line to the person at the terminal."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show what is being done, then how long it took."""
        started = time.monotonic()
        with self.console.status(name):
            yield
        self.say(f"  {name:<34} {time.monotonic() - started:5.1f} s")

    def start(self) -> None:
        """Bring everything up, in the order in which one part needs the other."""
        with self.step("PostgreSQL and Valkey"):
            self._start_engines()
        with self.step("database schema, sandbox"):
            self._start_sandbox()
            self._run("migrate", quiet=True)
            self._wait_for(f"{self.place.sandbox_url}/healthz")
        if not self.engines.is_seeded():
            self._run("seed")
        self._point_sandbox_here()
        with self.step("web, worker, scheduler"):
            self._start_apps()

    def _start_engines(self) -> None:
        for program in self._engine_programs():
            self.keeper.add(program)
        self.engines.prepare_database()
        settings = self.place.environment(self.engines.database_url, self.engines.redis_url)
        self.place.keep_environment(settings)
        foreign = {name: value for name, value in os.environ.items() if not name.startswith("KABINET_")}
        self.environment = foreign | settings | {"PYTHONUNBUFFERED": "1"}

    def _engine_programs(self) -> list[Program]:
        postgres, valkey = self.engines.postgres, self.engines.valkey
        programs = []
        if not self.engines.given_database:
            log = postgres.place / "server.log"
            programs.append(Program("PostgreSQL", postgres.start, roster.POSTGRES, log, signal.SIGINT, 30.0))
        if not self.engines.given_redis:
            programs.append(Program("Valkey", valkey.start, roster.VALKEY, valkey.place / "server.log"))
        return programs

    def _start_sandbox(self) -> None:
        place = self.place
        arguments = ["sandbox", "--port", str(place.sandbox_port), "--smtp-port", str(place.smtp_port)]
        arguments += ["--state", str(place.folder / "sandbox.sqlite"), "--public-url", place.sandbox_url]
        self.keeper.add(replace(self._program("sandbox", arguments), stage=roster.SANDBOX))

    def _point_sandbox_here(self) -> None:
        targets = {"yookassa_url": self.place.webhook_url}
        httpx.post(f"{self.place.sandbox_url}/control/targets", json=targets, trust_env=False).raise_for_status()

    def _start_apps(self) -> None:
        serve = ["portal.cli", "serve", "--port", str(self.place.port)]
        for name, arguments in (
            ("web", serve),
            ("worker", ["portal.cli", "worker"]),
            ("scheduler", ["portal.cli", "scheduler"]),
        ):
            self.keeper.add(replace(self._program(name, arguments), patience=APP_PATIENCE))
        self._wait_for(f"http://127.0.0.1:{self.place.port}/readyz")

    def _program(self, name: str, arguments: list[str]) -> Program:
        log = self.place.logs / f"{name}.log"
        return python_program(name, arguments, log=log, cwd=ROOT, environment=self.environment)

    def _run(self, command: str, *, quiet: bool = False) -> None:
        secrets = self.place.secrets
        # Beside the progress that the commands show, only trouble is worth a line.
        own = {
            "KABINET_LOG_LEVEL": "WARNING",
            "KABINET_DEMO_CUSTOMER_PASSWORD": secrets["customer_password"],
            "KABINET_DEMO_STAFF_PASSWORD": secrets["staff_password"],
            # The seed pushes a year to the CRM at once; the sandbox lets it.
            "KABINET_BITRIX24_BURST": "100000",
        }
        log = self.place.logs / f"{command}.log" if quiet else None
        environment = self.environment | own
        code = self.keeper.run(command, ["portal.cli", command], cwd=ROOT, environment=environment, log=log)
        if self.keeper.stopping:
            raise KeyboardInterrupt
        if code:
            raise ProgramFailed(last_words(f"kabinet {command}", log) if log else f"kabinet {command} failed")

    def _wait_for(self, url: str) -> None:
        answer = "no answer"

        def ready() -> bool:
            nonlocal answer
            try:
                response = httpx.get(url, timeout=5, trust_env=False)
            except httpx.TransportError:
                return False
            answer = response.text
            return response.status_code == httpx.codes.OK

        done = self.keeper.wait(ready, patience=READY_PATIENCE, falls=FALLS)
        if self.keeper.stopping:
            raise KeyboardInterrupt
        if not done:
            raise ProgramFailed(f"{url} after {READY_PATIENCE:.0f} s: {answer}; the logs are in {self.place.logs}")

    def announce(self, started: float) -> None:
        """Say where everything is."""
        place, secrets = self.place, self.place.secrets
        self.say(f"ready {place.base_url} after {time.monotonic() - started:.1f} s; Ctrl-C stops everything")
        self.say(f"  cabinet   {place.base_url}/         {CUSTOMER}  {secrets['customer_password']}")
        self.say(f"  staff     {place.base_url}/staff    {STAFF}  {secrets['staff_password']}")
        others = ", ".join(email.partition("@")[0] for email, _name, _role in COLLEAGUES)
        self.say(f"            the same password: {others} @example.com")
        self.say(f"  sandbox   {place.sandbox_url}/     time, cards, faults, every call to the gateway")
        self.say(f"  crm       {place.sandbox_url}/bitrix24/     the CRM, as its people see it")
        self.say(f"  mail      {place.sandbox_url}/mail/")
        if standstill := self.engines.standstill():
            self.say(f"  charging  {standstill}")


def run_demo(port: int, sandbox_port: int, smtp_port: int, *, reset: bool, folder: Path = ROOT / ".kabinet") -> int:
    """Run the demo until Ctrl-C or SIGTERM; answers the exit code. Its data lies in `folder`; `reset` removes it first.

    The mail port is the sandbox's + 25 when it is 0.

    Raises:
        KabinetError: it runs already, a port is busy, or a program does not start; the text says which and why.
    """
    started = time.monotonic()
    place = Place(port, sandbox_port, smtp_port or sandbox_port + 25, folder)
    place.prepare()
    with _only_one(place):
        demo = Demo(place, Console())
        demo.keeper.heed_signals()
        demo.keeper.open()
        try:
            if reset:
                _erase(demo)
            for number, purpose in (
                (port, "web; another with PORT="),
                (sandbox_port, "sandbox; another with SANDBOX_PORT="),
                (place.smtp_port, "sandbox's mail; another with SMTP_PORT="),
            ):
                require_free(number, purpose)
            demo.start()
            demo.announce(started)
            demo.keeper.wait()
        except KeyboardInterrupt:
            pass
        finally:
            if demo.keeper.programs:
                demo.say("stopping: payments under way are finished first")
            demo.keeper.close()
            demo.engines.close()
    return 0


def _erase(demo: Demo) -> None:
    if demo.engines.given_database:
        raise KabinetError("RESET does not empty the database in KABINET_DATABASE_URL: drop and create it yourself")
    demo.engines.erase()
    for path in demo.place.folder.iterdir():
        if path != demo.place.run:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    demo.place.prepare()


@contextmanager
def _only_one(place: Place) -> Iterator[None]:
    with (place.run / "lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise AlreadyRunning(f"the demo of {ROOT} runs already, process {lock.read().strip()}") from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield
