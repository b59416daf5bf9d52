"""Ends the demo's programs when its supervisor is gone, whatever killed it: `python -m portal.demo.warden FILE`.

Its standard input is a pipe that only the supervisor holds open. The end of that pipe is the end of the supervisor.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from portal.demo import roster

PATIENCE = 10.0


def start(file: Path) -> subprocess.Popen[bytes]:
    """Start a warden over the roster in `file`. Close its stdin, or die, to let it act."""
    return subprocess.Popen(
        [sys.executable, "-m", "portal.demo.warden", str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
        start_new_session=True,
    )


def main() -> None:
    """Wait for the end of the supervisor, then end what it left."""
    file = Path(sys.argv[1])
    sys.stdin.buffer.read()
    roster.end_in_order(roster.read(file), patience=PATIENCE)
    file.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
