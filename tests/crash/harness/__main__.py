"""`python -m tests.crash.harness --n 300 --seed 1 [--hosts 3]`: exit code 0 only if every check passed and counted."""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
import traceback
from pathlib import Path

from kernel import log
from kernel.errors import KabinetError

_LEAST, _MOST = 50, 1_000_000
_RESULT, _FAILED, _USAGE = 0, 1, 2


def main() -> int:
    """Run once, print the figures, write the report."""
    arguments = _read_arguments()
    # After the arguments: a wrong one must not cost the seconds that these take.
    from tests.crash.harness import kept, report
    from tests.crash.harness.plan import ROOT, Plan
    from tests.crash.harness.run import run

    for name in [name for name in os.environ if name.startswith("KABINET_")]:
        del os.environ[name]
    log.configure("ERROR")
    plan = Plan(
        arguments.n, arguments.seed, arguments.hosts, arguments.patience, arguments.short_leases, arguments.attack
    )
    folder = arguments.folder or ROOT / ".kabinet" / "crash" / f"{time.strftime('%Y%m%d-%H%M%S')}-{plan.seed}"
    print(f"crash run: N={plan.charges} SEED={plan.seed} HOSTS={plan.hosts}  {folder}", flush=True)
    try:
        result = run(plan, folder, lambda line: print(line, flush=True))
        report.write(result, folder / "report.html")
        report.write_verdict(result, folder / "verdict.json")
        if arguments.keep:
            kept.write(result, arguments.keep)
    except KabinetError as error:
        print(f"crash: {error}", file=sys.stderr)
        return _USAGE
    except Exception:  # noqa: BLE001  whatever it was: what is needed to look and to repeat is printed last
        traceback.print_exc()
        print(report.printed_end(plan, folder), flush=True)
        return _FAILED
    print(report.printed(result), flush=True)
    return _RESULT if result.passed else _FAILED


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash.harness", description=__doc__)
    parser.add_argument("--n", type=_number("N", _LEAST, _MOST), default=300, help="how many charges fall due")
    parser.add_argument("--seed", type=_number("SEED", 0, 2**31 - 1), default=None, help="drawn when not given")
    parser.add_argument(
        "--hosts", type=int, choices=(1, 3), default=1, help="3: web, worker A, worker B on hosts of their own"
    )
    parser.add_argument("--patience", type=float, default=300.0, help="seconds from the last fault to rest")
    parser.add_argument("--attack", type=float, default=0.0, help="seconds after which the attack ends at the latest")
    parser.add_argument("--short-leases", action="store_true", help="end the leases of the dead at once")
    parser.add_argument("--folder", type=Path, help="where the run keeps its files")
    parser.add_argument(
        "--keep", metavar="TITLE", help="keep the verdict in bench/SOAK.md, in the section of this title"
    )
    found = parser.parse_args()
    if found.seed is None:
        found.seed = random.randrange(2**31)
    return found


class _number:  # noqa: N801  argparse calls it as a type
    """A whole number within bounds, with an error that says so."""

    def __init__(self, name: str, least: int, most: int) -> None:
        self._name, self._least, self._most = name, least, most

    def __call__(self, text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{self._name}={text!r} is no whole number") from None
        if not self._least <= value <= self._most:
            raise argparse.ArgumentTypeError(f"{self._name}={value}: {self._least} to {self._most}")
        return value


if __name__ == "__main__":
    sys.exit(main())
