"""`make bench`: measure every part, or those that are named, and write bench/RESULTS.md."""

from __future__ import annotations

import argparse
import importlib
import sys
import time

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


def main() -> int:
    """Measure, write, and say how long it took."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all unless named")
    parser.add_argument("--rounds", type=int, help="instead of the usual number")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    log.configure("WARNING")
    commit()  # now: the tree may change while this goes on
    began = time.monotonic()
    for name in asked.parts or PARTS:
        module, usual = PARTS[name]
        part, rounds = importlib.import_module(module), asked.rounds or usual
        section = RESULTS.write(part.TITLE, part.measure(rounds), said=f"rounds: {rounds}")
        print(f"\n## {section}", flush=True)
    say(f"measured in {(time.monotonic() - began) / 60:.1f} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
