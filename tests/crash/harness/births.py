"""The nursery of a host as the supervisor speaks to it: who was born, who died with which code."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from portal.demo.processes import Server
from tests.crash.harness.plan import ROOT

_BIRTH_S = 90.0
_END_S = 20.0


class Nursery:
    """The parent of the product's processes on one host: see nursery.py. `prefix` is what puts it onto that host."""

    def __init__(self, prefix: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        with log.open("ab") as errors:
            self._process = Server(
                [*prefix, sys.executable, "-m", "tests.crash.harness.nursery"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=ROOT,
                env=dict(environment),
                start_new_session=True,
            )
        self._told = threading.Condition()
        self._born: dict[str, list[int]] = {}
        self._died: dict[int, int] = {}
        self._ready = False
        threading.Thread(target=self._listen, name="nursery", daemon=True).start()
        with self._told:
            if not self._told.wait_for(lambda: self._ready, _BIRTH_S):
                raise TimeoutError(f"the nursery does not start: {log}")

    @property
    def pid(self) -> int:
        """Its own process."""
        return self._process.pid

    def bear(self, name: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> int:
        """A new process of the product; its id."""
        order = {"name": name, "arguments": list(arguments), "environment": dict(environment), "log": str(log)}
        assert self._process.stdin is not None
        with self._told:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            if not self._told.wait_for(lambda: self._born.get(name), _BIRTH_S):
                raise TimeoutError(f"{name} was not born")
            return self._born[name].pop()

    def code(self, pid: int) -> int | None:
        """With which code a child ended; None while it lives."""
        return self._died.get(pid)

    def close(self) -> None:
        """End it; its children have ended before."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(_END_S)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            with self._told:
                if "born" in told:
                    self._born.setdefault(told["born"], []).append(told["pid"])
                    self._died.pop(told["pid"], None)  # an earlier process may have had the number
                elif "died" in told:
                    self._died[told["died"]] = told["code"]
                self._ready = True
                self._told.notify_all()
