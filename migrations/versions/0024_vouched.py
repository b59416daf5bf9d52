"""How often a database vouched for its memory of stops: one that was put back in its own place has done so less often."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024_vouched"
down_revision = "0023_audit_chain"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("installation", sa.Column("vouched", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.alter_column("installation", "vouched", server_default=None)
