"""The hosts of a run have names of the machine: a second run must not tear down those of the first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.harness.hosts import NoHosts, hold
from tests.crash.harness.plan import ROOT

HOLD = """
import sys, time
from pathlib import Path
from tests.crash.harness.hosts import hold
lock = hold(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_run_on_several_hosts_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "hosts.lock"
    first = hold(path)
    with pytest.raises(NoHosts, match="another run has its hosts on this machine"):
        hold(path)

    first.close()

    hold(path).close()


def test_a_run_that_was_killed_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "hosts.lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], cwd=ROOT, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        with pytest.raises(NoHosts):
            hold(path)
        first.kill()

    hold(path).close()
