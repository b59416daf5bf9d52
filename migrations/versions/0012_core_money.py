"""What came otherwise than it was asked for is marked, until an employee has seen to it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012_core_money"
down_revision = "0011_desk_lists"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payments", sa.Column("oddity", sa.Text(), nullable=True))
    op.create_index(
        "ix_payments_oddity", "payments", ["number"], unique=False, postgresql_where=sa.text("oddity IS NOT NULL")
    )
