"""The product's own reconciliation after everything has come to rest: it must be able to read, and cry no wolf."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from kernel.db import Session
from payments.reconciliation.models import FOREIGN, Difference, SeenPayment
from payments.reconciliation.running import UnderWay, reconcile

if TYPE_CHECKING:
    from tests.crash.harness.checker import Evidence

_PATIENCE_S = 200.0
_PAUSE_S = 1.0


def read_lists() -> None:
    """Read the gateway's lists of 35 days once more and compare; whoever died over his own reading has a lease of 150 s.

    Raises:
        Unread: they cannot be read.
        UnderWay: another reading did not come to its end.
    """
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            reconcile(deep=True)
        except UnderWay:
            if time.monotonic() > until:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def lists(session: Session, evidence: Evidence) -> tuple[int, list[str]]:
    """What differs is what was paid past us, all of it and nothing else."""
    found = {
        row.gateway_id: row.kind
        for row in session.execute(
            select(Difference.gateway_id, Difference.kind).where(Difference.resolved_at.is_(None))
        )
    }
    expected = dict.fromkeys(evidence.foreign_ids, FOREIGN)
    wrong = [f"{key} is listed as {kind}" for key, kind in found.items() if expected.get(key) != kind]
    wrong += [f"{key} was paid past us and is not listed" for key in expected if key not in found]
    return session.execute(select(func.count()).select_from(SeenPayment)).scalar_one(), wrong
