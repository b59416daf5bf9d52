"""Names of the CRM's people that stay, kinds of objects that the CRM does not serve for a while, and what it refused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013_crm_mended"
down_revision = "0012_core_money"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("crm_links", sa.Column("named_there", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.alter_column("crm_links", "named_there", server_default=None)
    op.create_table(
        "crm_held_kinds",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('contact', 'company', 'requisite', 'deal', 'invoice', 'payment', 'comment', 'log')",
            name=op.f("ck_crm_held_kinds_kind"),
        ),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_crm_held_kinds")),
    )
    op.create_index(
        "ix_sync_jobs_refused",
        "sync_jobs",
        ["id"],
        unique=False,
        postgresql_where=sa.text("status IN ('parked', 'blocked')"),
    )
