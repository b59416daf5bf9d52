"""The demo's programs are kept running, end in order, and never outlive their supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal.demo import roster
from portal.demo.keeper import Keeper, Program, ProgramFailed, python_program
from portal.demo.processes import Running, free_port
from portal.demo.roster import Member

ROOT = Path(__file__).parents[3]


def wait_until(true: Callable[[], bool], patience: float = 20.0) -> None:
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def server(folder: Path, name: str = "server") -> Program:
    arguments = ["http.server", str(free_port()), "--bind", "127.0.0.1"]
    return python_program(name, arguments, log=folder / f"{name}.log", cwd=folder, environment=dict(os.environ))


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def keeper(tmp_path: Path, said: list[str]) -> Iterator[Keeper]:
    made = Keeper(tmp_path / "programs.json", said.append)
    made.open()
    yield made
    made.close()


def pid_of(program: Program) -> int:
    assert program.running is not None
    return program.running.pid


def test_a_killed_program_is_started_again(keeper: Keeper, tmp_path: Path, said: list[str]) -> None:
    program = server(tmp_path)
    keeper.add(program)
    first = pid_of(program)

    os.kill(first, signal.SIGKILL)

    assert keeper.wait(lambda: program.up() and pid_of(program) != first, patience=20)
    assert "starting it again" in said[0]


def test_a_program_that_keeps_falling_is_reported_with_its_last_words(keeper: Keeper, tmp_path: Path) -> None:
    program = python_program(
        "broken", ["no_such_module"], log=tmp_path / "broken.log", cwd=tmp_path, environment=dict(os.environ)
    )
    keeper.add(program)

    with pytest.raises(ProgramFailed, match="no_such_module"):
        keeper.wait(patience=30, falls=1)


def test_closing_leaves_nobody_behind(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path / "programs.json", print)
    keeper.open()
    keeper.add(server(tmp_path))
    running = keeper.programs[0].running

    keeper.close()

    assert running is not None
    assert running.process() is None
    assert not (tmp_path / "programs.json").exists()


SUPERVISOR = """
import os, sys
from pathlib import Path
from portal.demo.keeper import Keeper, python_program
folder = Path(sys.argv[1])
keeper = Keeper(folder / "programs.json", print)
keeper.open()
keeper.add(python_program("server", ["http.server", sys.argv[2], "--bind", "127.0.0.1"],
                          log=folder / "log", cwd=folder, environment=dict(os.environ)))
print(keeper.programs[0].running.pid, flush=True)
keeper.wait()
"""


def test_nothing_outlives_a_supervisor_killed_with_9(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(tmp_path), str(free_port())], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as supervisor:
        assert supervisor.stdout is not None
        running = Running.of(int(supervisor.stdout.readline()))
        supervisor.kill()

    assert running is not None
    wait_until(lambda: running.process() is None)


def test_what_an_earlier_supervisor_left_is_ended_at_the_next_start(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as left:
        running = Running.of(left.pid)
        assert running is not None
        roster.write(tmp_path / "programs.json", [Member("left", running, roster.APPS)])
        keeper = Keeper(tmp_path / "programs.json", print)

        keeper.open()

        assert running.process() is None
        keeper.close()


FINISHES_ITS_CALL = """
import os, signal, sys, time
def finish(*_):
    time.sleep(0.5)
    os.kill(int(sys.argv[1]), 0)
    open(sys.argv[2], "w").write("the database was still there")
    sys.exit()
signal.signal(signal.SIGTERM, finish)
print("up", flush=True)
time.sleep(60)
"""


def test_applications_finish_their_work_before_the_database_goes(tmp_path: Path) -> None:
    note = tmp_path / "note"
    with (
        subprocess.Popen(["sleep", "60"], start_new_session=True) as database,
        subprocess.Popen(
            [sys.executable, "-c", FINISHES_ITS_CALL, str(database.pid), str(note)],
            stdout=subprocess.PIPE,
            start_new_session=True,
        ) as worker,
    ):
        assert worker.stdout is not None
        worker.stdout.readline()
        members = [
            Member(name, running, stage)
            for name, process, stage in (("PostgreSQL", database, roster.POSTGRES), ("worker", worker, roster.APPS))
            if (running := Running.of(process.pid))
        ]

        roster.end_in_order(members)

    assert note.read_text() == "the database was still there"


def test_who_does_not_end_in_time_is_killed() -> None:
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        running = Running.of(process.pid)
        assert running is not None

        roster.end_in_order([Member("stubborn", running, roster.APPS)], patience=0.3)

        assert running.process() is None
