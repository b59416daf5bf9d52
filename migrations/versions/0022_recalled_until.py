"""A memory of stops that was itself put back from a copy is told by what the gateway took after it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022_recalled_until"
down_revision = "0021_declined"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("installation", sa.Column("recalled_until", sa.DateTime(timezone=True)))
