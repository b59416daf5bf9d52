"""The relay says that it is alive, as the scheduler does."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_relay_beat"
down_revision = "0004_lapses"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("installation", sa.Column("relay_beat_at", sa.DateTime(timezone=True), nullable=True))
