"""`kabinet doctor`: ask every check, print what it found, and say by the exit code whether all is well."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from kernel.db import engine
from payments.doctor.check import SHOWN, Check, Examined, examine, select_checks
from portal.doctor.telling import tell
from portal.doctor.words import PROMISES
from portal.revisions import require_same


def run_doctor(checks: Sequence[Check], names: Sequence[str], *, as_json: bool) -> bool:
    """Print what these checks find, all of them when none is named; say whether nothing is wrong. Changes nothing.

    Raises:
        UnknownCheck: a name that no check has.
        Refused: the database is empty, or of another version than this code.
    """
    chosen = select_checks(checks, names)
    with engine().connect() as connection:
        require_same(connection)
    began = time.monotonic()
    found = examine(chosen)
    took_s = time.monotonic() - began  # not the sum: two checks are asked at a time
    if as_json:
        print(json.dumps([_as_json(it) for it in found], ensure_ascii=False, indent=2))  # noqa: T201  a command
    else:
        _print(Console(highlight=False, soft_wrap=True), found, took_s)
    return all(it.sound for it in found)


def _as_json(found: Examined) -> dict[str, object]:
    return {
        "check": found.name,
        "sound": found.sound,
        "count": found.count,
        "error": found.error or None,
        "millis": found.millis,
        "breaches": [{"object": it.object, "id": it.id, "detail": it.detail} for it in found.breaches],
    }


def _print(to: Console, found: Sequence[Examined], took_s: float) -> None:
    for it in found:
        to.print(_line(it))
        for breach in it.breaches:
            to.print(Text(f"      {tell(breach)}"))
        if it.count > SHOWN:
            to.print(Text(f"      и ещё {it.count - SHOWN}"))
    wrong = sum(not it.sound for it in found)
    verdict = f"нарушено: {wrong} из {len(found)}" if wrong else f"всё верно, проверок: {len(found)}"
    to.print(Text(f"{verdict}, {took_s:.1f} с", style="bold red" if wrong else "bold green"))


def _line(it: Examined) -> Text:
    mark, style = ("✓", "green") if it.sound else ("✗", "bold red")
    ending = f" — не проверено: {it.error}" if it.error else f" — {it.count}" if it.count else ""
    return Text.assemble((mark, style), f" {PROMISES[it.name]}{ending}", (f"  {it.name}, {it.millis} мс", "dim"))
