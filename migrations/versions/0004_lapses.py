"""Unpaid purchases lapse: when an invoice gives up waiting, and when one was voided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_lapses"
down_revision = "0003_people"
branch_labels = None
depends_on = None

# Purchases that were left unpaid before there was this rule lapse by it too.
BACKFILL = """
UPDATE invoices i
SET lapses_at = (i.due_on + 4)::timestamp AT TIME ZONE (SELECT business_tz FROM installation)
FROM contracts c
WHERE c.id = i.contract_id AND c.status = 'draft' AND i.status = 'open'
"""


def upgrade() -> None:
    op.add_column("invoices", sa.Column("lapses_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("invoices", sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_invoices_lapses_at", "invoices", ["lapses_at"], unique=False, postgresql_where=sa.text("status = 'open'")
    )
    op.execute(BACKFILL)
