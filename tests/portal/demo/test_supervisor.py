"""`kabinet demo` from nothing to ready, again, and away without a trace."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from portal.demo import roster
from portal.demo.engines import Engines
from portal.demo.installation import Place
from portal.demo.processes import free_port
from tests.portal.demo.test_keeper import wait_until

ROOT = Path(__file__).parents[3]
DEMO = """
import sys
from pathlib import Path
from portal.demo import seed
from portal.demo.supervisor import run_demo
seed.CUSTOMERS = 20  # half of them: whose year it is does not matter here
port, sandbox_port, smtp_port = map(int, sys.argv[2:])
sys.exit(run_demo(port, sandbox_port, smtp_port, reset=False, folder=Path(sys.argv[1])))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "a b"
    yield made
    Engines(made).erase()


def start(folder: Path, ports: list[int]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", DEMO, str(folder), *map(str, ports)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def read_until_ready(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("ready "):
            return said
    raise AssertionError(f"the demo ended before it was ready:\n{said}")


@pytest.mark.timeout(600)
def test_the_demo_gets_ready_goes_on_where_it_stopped_and_leaves_nobody_behind(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KABINET_DATABASE_URL")
    monkeypatch.delenv("KABINET_REDIS_URL")
    ports = [free_port(), free_port(), free_port()]
    with start(folder, ports) as first:
        read_until_ready(first)
        home = httpx.get(f"http://localhost:{ports[0]}/", follow_redirects=True)
        first.send_signal(signal.SIGINT)
        assert first.wait(120) == 0
    assert home.status_code == 200
    customers = customers_of(folder)

    with start(folder, ports) as second:
        read_until_ready(second)
        programs = roster.read(folder / "run" / "programs.json")
        second.kill()

    assert {program.name for program in programs} >= {"PostgreSQL", "Valkey", "sandbox", "web", "worker", "scheduler"}
    wait_until(lambda: all(program.running.process() is None for program in programs), patience=60)
    assert customers_of(folder) == customers


def customers_of(folder: Path) -> int:
    engines = Engines(folder)
    engines.start()
    with psycopg.connect(engines.database_url) as connection:
        row = connection.execute("SELECT count(*) FROM customers").fetchone()
    engines.close()
    assert row is not None
    return int(row[0])


def test_a_second_demo_of_the_same_folder_is_refused(folder: Path) -> None:
    holder = "import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True); time.sleep(60)"
    (folder / "run").mkdir(parents=True)
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(folder / "run" / "lock")], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        refused = subprocess.run(
            [sys.executable, "-c", DEMO, str(folder), "0", "0", "1"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        other.kill()

    assert refused.returncode == 1
    assert "runs already" in refused.stderr


def test_its_secrets_are_drawn_once_and_kept_from_others(tmp_path: Path) -> None:
    place = Place(8000, 8100, 8125, tmp_path / "demo")
    place.prepare()
    drawn = dict(place.secrets)

    assert Place(8000, 8100, 8125, tmp_path / "demo").secrets == drawn
    assert (tmp_path / "demo" / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert all(re.fullmatch(r"[\w-]{10,}=*", value) for value in drawn.values())


def test_a_demo_of_an_earlier_version_is_given_the_secrets_it_lacks(tmp_path: Path) -> None:
    place = Place(8000, 8100, 8125, tmp_path / "demo")
    place.prepare()
    (place.folder / "secrets.json").write_text('{"staff_password": "kept-as-it-is"}', encoding="utf-8")

    assert place.secrets["staff_password"] == "kept-as-it-is"
    assert place.secrets["encryption_key"]
    assert Place(8000, 8100, 8125, tmp_path / "demo").secrets == place.secrets
