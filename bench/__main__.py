"""`make bench`: measure every part, or those that are named, and write bench/RESULTS.md."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import traceback

from bench.report import say
from bench.sections import RESULTS, commit
from kernel import log

# The name of a part, its module, and how many rounds it goes unless told otherwise.
PARTS = {
    "charges": ("bench.charges", 5),
    "peers": ("bench.peers", 5),
    "slow": ("bench.slow_gateway", 5),
    "scan": ("bench.scan", 5),
    "web": ("bench.web", 5),
    "desk": ("bench.desk", 5),
    "doctor": ("bench.doctor", 5),
    "mirror": ("bench.mirror", 1),
}


# The one that can be asked for so many charges at a time.
_LARGE = "slow"


def main() -> int:
    """Measure, write, and say how long it took; 1 when a part broke off."""
    asked = _read_arguments()
    log.configure("WARNING")
    commit()  # now: the tree may change while this goes on
    began = time.monotonic()
    broken = [name for name in asked.parts or PARTS if not _measure(name, asked.rounds, asked.charges)]
    say(f"measured in {(time.monotonic() - began) / 60:.1f} minutes")
    return 1 if broken else 0


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all unless named")
    parser.add_argument("--rounds", type=int, help="instead of the usual number")
    parser.add_argument(
        "--charges", type=int, help=f"of the part {_LARGE}: so many in one go, into a section of their own"
    )
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    if asked.charges is not None and (asked.parts != [_LARGE] or asked.rounds or asked.charges < 1):
        parser.error(f"--charges: a number from 1 on, with the part {_LARGE} alone and without --rounds")
    return asked


def _measure(name: str, rounds: int | None, charges: int | None) -> bool:
    module, usual = PARTS[name]
    try:
        part = importlib.import_module(module)
        if charges:
            title, lines, said = part.title_of(charges), part.measure_once(charges), ""
        else:
            title, lines, said = part.TITLE, part.measure(rounds or usual), f"rounds: {rounds or usual}"
    except Exception:  # noqa: BLE001  whatever it was, the other parts are wanted too
        traceback.print_exc()
        say(f"{name} broke off: its section stays as it was")
        return False
    print(f"\n## {RESULTS.write(title, lines, said=said)}", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
