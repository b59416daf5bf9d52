"""What the scheduler does for the CRM: hints at work that is due, and wants deals again whose debt fell overdue."""

from __future__ import annotations

from sqlalchemy import func, select, text, update

from crm_sync import wanting
from crm_sync.connection import ensure
from crm_sync.models import STALE, CrmConnection, CrmLink
from crm_sync.pushing import PUSH
from kernel.db import begin
from kernel.relay import Send, send_in_parts

# A hint is trusted so long; a push that ends takes it away, so that what comes next is hinted at once.
_HINT_LASTS = "15 seconds"
_BATCH = 500


def hint_push(send: Send) -> int:
    """Hint at the push once for all that is due. Whoever holds the row is pushing: the scheduler does not wait for him."""
    with begin() as session:
        ensure(session)
        unhinted = (
            select(CrmConnection.one)
            .where(func.coalesce(CrmConnection.hinted_until < func.clock_timestamp(), True))
            .with_for_update(skip_locked=True)
        )
        hinted = session.execute(
            update(CrmConnection)
            .where(CrmConnection.one.in_(unhinted.scalar_subquery()))
            .values(hinted_until=func.clock_timestamp() + text(f"interval '{_HINT_LASTS}'"))
            .returning(CrmConnection.one)
        ).all()
    if hinted:
        send_in_parts(send, PUSH, [1], 1)
    return len(hinted)


def refresh_stale(_send: Send) -> int:
    """Want the deals that stopped being true by the passing of time; how many."""
    with begin() as session:
        stale = session.execute(
            select(CrmLink.id, CrmLink.local_id).where(STALE.due()).order_by(CrmLink.id).limit(_BATCH)
        ).all()
        # Jobs before links: in that order they are locked by whoever records what came of a round.
        wanting.want_contracts(session, [row.local_id for row in stale])
        ids = [row.id for row in stale]
        session.execute(update(CrmLink).where(CrmLink.id.in_(ids), STALE.due()).values(stale_at=None))
    return len(stale)
