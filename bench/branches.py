"""Say how many branches and lines the tests took, and fail if it is too few of the branches.

    coverage json -o - | python -m bench.branches 95

With `--keep` the figures are kept in bench/SOAK.md. The one figure of `coverage report` mixes lines and branches, and
lines hide what branches lack.
"""

from __future__ import annotations

import argparse
import json
import sys

from bench.sections import SOAK

_TITLE = "Branches of payments/ that its own tests take"


def main() -> int:
    """Read the report of `coverage json` and hold its branches to so many percent; 1 when it is fewer.

    Raises:
        SystemExit: nothing was measured.
    """
    parser = argparse.ArgumentParser(prog="python -m bench.branches", description=__doc__)
    parser.add_argument("least", type=float, help="percent of the branches")
    parser.add_argument("--keep", action="store_true", help="keep the figures in bench/SOAK.md")
    asked = parser.parse_args()
    totals = json.load(sys.stdin)["totals"]
    if not totals["num_branches"]:
        sys.exit("no branch was measured")
    branches = 100 * totals["covered_branches"] / totals["num_branches"]
    lines = 100 * totals["covered_lines"] / totals["num_statements"]
    said = [
        f"branches: {totals['covered_branches']} of {totals['num_branches']}, {branches:.2f} %",
        f"lines: {totals['covered_lines']} of {totals['num_statements']}, {lines:.2f} %",
    ]
    print("\n".join(said))
    enough = branches >= asked.least
    if asked.keep:
        verdict = f"{'Passed' if enough else '**Failed**'}: at least {asked.least:g} % of the branches"
        SOAK.write(_TITLE, [verdict, "", *(f"- {line}." for line in said)])
    if not enough:
        print(f"fewer than {asked.least:g} % of the branches", file=sys.stderr)
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
