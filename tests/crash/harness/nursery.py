"""Where the product's processes are born: `python -m tests.crash.harness.nursery`.

A process that is killed every few seconds would spend its life importing. This one has imported everything, started
nothing, and forks: each child is a process of its own that runs the very command that production runs. Orders come as
JSON lines on standard input, births and deaths go as JSON lines to standard output.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import sys
from typing import Any, NoReturn

_TICK_S = 0.05
_MODULES = ("alembic.command", "uvicorn", "portal.app", "portal.cli", "portal.scheduler", "portal.worker")


def main() -> None:
    """Bear and bury until standard input ends."""
    for module in _MODULES:
        importlib.import_module(module)
    _say({"ready": True})
    waiting = b""
    while True:
        if select.select([0], [], [], _TICK_S)[0]:
            read = os.read(0, 65536)
            if not read:
                return
            *orders, waiting = (waiting + read).split(b"\n")
            for order in orders:
                _bear(json.loads(order))
        _bury()


def _bear(order: dict[str, Any]) -> None:
    pid = os.fork()
    if pid == 0:
        _live(order)
    _say({"born": order["name"], "pid": pid})


def _live(order: dict[str, Any]) -> NoReturn:
    from portal import cli

    os.setsid()
    os.environ.clear()
    os.environ.update(order["environment"])
    nothing, output = (
        os.open(os.devnull, os.O_RDONLY),
        os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600),
    )
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = ["kabinet", *order["arguments"]]
    try:
        cli.main()
    except SystemExit as leaving:
        _leave(leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None))
    except BaseException:  # noqa: BLE001  whatever it was, it must not reach the nursery's own loop
        import traceback

        traceback.print_exc()
        _leave(1)
    _leave(0)


def _leave(code: int) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _bury() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _say({"died": pid, "code": os.waitstatus_to_exitcode(status)})


def _say(what: dict[str, Any]) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    main()
