"""The bound of a charge run: pgbench with the row work and the two commits of each charge, and nothing else."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import psycopg

from portal.demo.engines import Engines, sibling
from portal.demo.postgres import create_database, programs

CLIENTS = 8
_HERE = Path(__file__).parent
_RATE = re.compile(r"tps = ([\d.]+) \(without initial connection time\)")


class Bound:
    """A database of its own on the server that the product is measured on."""

    def __init__(self, engines: Engines) -> None:
        create_database(engines.server_url, "bound")
        self._url = sibling(engines.server_url, "bound")
        self._run_sql("schema.sql")

    def measure(self, charges: int) -> float:
        """Charges a second of eight clients.

        Raises:
            RuntimeError: pgbench failed; the text is its own.
        """
        self._run_sql("fill.sql", n=charges)
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("ANALYZE")
            connection.execute("CHECKPOINT")
        each = ["-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-t", str(charges // CLIENTS)]
        command = [str(programs() / "bin" / "pgbench"), *each, "-f", str(_HERE / "charge.sql"), self._url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        rate = _RATE.search(done.stdout)
        if done.returncode or rate is None:
            raise RuntimeError(f"pgbench: {done.stderr or done.stdout}")
        return float(rate[1])

    def _run_sql(self, name: str, **values: int) -> None:
        script = (_HERE / name).read_text(encoding="utf-8")
        for key, value in values.items():
            script = script.replace(f":{key}", str(value))
        with psycopg.connect(self._url) as connection:
            connection.execute(script.encode())
