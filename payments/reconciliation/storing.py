"""What was read becomes the gateway's view: rows are renewed, and what the gateway no longer lists is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from kernel.db import Session
from payments.reconciliation.models import SeenPayment, SeenRefund
from payments.reconciliation.reading import Lists, Row, Window


def keep(session: Session, shop_id: UUID, lists: Lists, window: Window) -> None:
    """Store the lists of one window, read whole."""
    more = {"shop_id": shop_id, "read_at": window.until}
    _renew(session, SeenPayment, [row | more for row in (*lists.payments, *lists.others)])
    _renew(session, SeenRefund, [row | more for row in lists.refunds])
    for view in (SeenPayment, SeenRefund):
        session.execute(
            delete(view).where(
                view.shop_id == shop_id,
                view.created_at >= window.since,
                view.created_at < window.until,
                view.read_at < window.until,
            )
        )


def keep_one(session: Session, shop_id: UUID, row: Row) -> None:
    """Store one payment that was just asked for, if the view has it: it is newer than the list."""
    known = session.get(SeenPayment, row["gateway_id"])
    if known is not None and known.shop_id == shop_id:
        _renew(session, SeenPayment, [row | {"shop_id": shop_id, "read_at": known.read_at}])


def _renew(session: Session, view: type[SeenPayment | SeenRefund], rows: Sequence[Row]) -> None:
    if not rows:
        return
    statement = insert(view)
    names = rows[0].keys() - {"gateway_id"}
    renewed = statement.on_conflict_do_update(
        index_elements=["gateway_id"], set_={name: statement.excluded[name] for name in names}
    )
    # Bound row by row: one text of thousands of rows takes minutes to put together.
    session.execute(renewed, rows)
