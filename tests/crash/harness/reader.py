"""An employee who has the gateway's lists read over and over, until a worker has died at each step of it."""

from __future__ import annotations

import time

from sqlalchemy import text

from kernel.db import Session
from kernel.settings import get_settings
from payments.reconciliation.standing import read_soon
from tests.crash.harness.database import insist
from tests.crash.harness.nemesis import Nemesis

_POINTS = "reconcile."
_EVERY_S = 5.0
_END_LEASES = text("""
    UPDATE reconciliations SET lease_until = clock_timestamp()
    WHERE status = 'running' AND lease_until < to_timestamp(:killed) + interval '150 seconds'
""")


class Reader:
    """Has the lists read out of turn."""

    def __init__(self, nemesis: Nemesis) -> None:
        self._nemesis = nemesis
        self._asked = 0.0

    def look(self) -> None:
        """Ask for a reading when the last one was asked for long enough ago, and steps of it are still to be met."""
        due = time.monotonic() - self._asked > _EVERY_S
        if due and any(point.startswith(_POINTS) for point in self._nemesis.open_points()):
            self._asked = time.monotonic()
            insist(self._ask)

    def _ask(self, session: Session) -> None:
        # Five dead readings would take their leases' quarter of an hour. Nobody who lives has left his lease alone since
        # before the last death.
        session.execute(_END_LEASES, {"killed": self._nemesis.last_death})
        read_soon(session, get_settings().yookassa_shop_id)
