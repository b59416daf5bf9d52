"""What a restored database does not know of stops: the memory's name, and autopays that wait for their customer's word."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018_stops"
down_revision = "0017_watch"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("installation", sa.Column("stops_memory", sa.Text))
    for name in ("recalled_at", "unconfirmed_before"):
        op.add_column("installation", sa.Column(name, sa.DateTime(timezone=True)))
    op.add_column("autopays", sa.Column("unconfirmed_since", sa.DateTime(timezone=True)))
    op.create_check_constraint(
        op.f("ck_autopays_unconfirmed_is_paused"), "autopays", "unconfirmed_since IS NULL OR status = 'paused'"
    )
    op.create_index(
        "ix_autopays_unconfirmed",
        "autopays",
        ["contract_id"],
        postgresql_where=sa.text("unconfirmed_since IS NOT NULL"),
    )
