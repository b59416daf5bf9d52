"""`python -m tests.crash.mutation`: eight known mistakes, each in a scratch copy, each of which the crash run must catch.

A harness that lets a planted mistake through proves nothing when it lets the product through.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATCHES = Path(__file__).parent / "mutants"
_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".kabinet", "__pycache__", ".*_cache", "node_modules")
_CHARGES, _SEED = 80, 1
# A mutant often never comes to rest; it is caught all the same.
_LIMITS = ("--short-leases", "--attack", "75", "--patience", "45")
_GIVE_UP_S = 900


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a mutant: the checks that caught it, and the first thing that one of them found."""

    name: str
    caught_by: tuple[str, ...]
    first: str
    seconds: float


def main() -> int:
    """Try them all, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.mutation", description=__doc__)
    parser.add_argument("names", nargs="*", help="file names in tests/crash/mutants without .patch")
    parser.add_argument("--n", type=int, default=_CHARGES)
    parser.add_argument("--seed", type=int, default=_SEED)
    arguments = parser.parse_args()
    known = sorted(path.stem for path in PATCHES.glob("*.patch"))
    if unknown := set(arguments.names) - set(known):
        parser.error(f"no such mutant: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    fates = []
    for name in arguments.names or known:
        fate = try_mutant(name, arguments.n, arguments.seed)
        fates.append(fate)
        print(line_of(fate), flush=True)
    print(f"\n{sum(bool(fate.caught_by) for fate in fates)} of {len(fates)} mutants caught")
    return 0 if all(fate.caught_by for fate in fates) else 1


def try_mutant(name: str, charges: int, seed: int) -> Fate:
    """Plant it in a scratch copy and let the crash run loose on that."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kabinet-mutant-") as scratch:
        copy, folder = Path(scratch) / "kabinet", Path(scratch) / "run"
        Path(scratch).chmod(0o711)  # PostgreSQL of root runs as an account that must walk through
        shutil.copytree(ROOT, copy, ignore=_LEFT_OUT)
        subprocess.run(["git", "apply", str(PATCHES / f"{name}.patch")], cwd=copy, check=True)
        command = [sys.executable, "-m", "tests.crash.harness", "--n", str(charges), "--seed", str(seed)]
        done = subprocess.run(
            [*command, "--folder", str(folder), *_LIMITS],
            cwd=copy,
            capture_output=True,
            text=True,
            check=False,
            timeout=_GIVE_UP_S,
        )
        verdict = folder / "verdict.json"
        if not verdict.exists():
            raise RuntimeError(
                f"{name}: the run broke off with code {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            )
        found = json.loads(verdict.read_text(encoding="utf-8"))
    first = next(iter(found["first"].values()), "")
    return Fate(name, tuple(found["failed"]), first, time.monotonic() - started)


def line_of(fate: Fate) -> str:
    """One row of the table."""
    word = ", ".join(fate.caught_by) if fate.caught_by else "SURVIVED"
    return f"{fate.name:<34} {fate.seconds:5.0f} s  {word}\n{'':<34}          {fate.first[:120]}"


if __name__ == "__main__":
    sys.exit(main())
