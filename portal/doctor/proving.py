"""Proving at a wish: the gateway's lists are read, then every check is asked, so that the verdict is no older than they are."""

from __future__ import annotations

from kernel import outbox
from kernel.db import Session

PROVE = "prove"
# A hint is about rows: the installation, which is the only one.
_THE_INSTALLATION = (1,)


def prove_soon(session: Session) -> None:
    """Have a worker read the lists and ask every check now, whatever the hour."""
    outbox.hint(session, outbox.Hint(PROVE, _THE_INSTALLATION))
