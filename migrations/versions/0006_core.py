"""What the gateway really took is booked: however little it is, and also of payments that we took for never executed.

Only what we ask for is at least a ruble. A rejected payment that the gateway shows as pending has a next check.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_core"
down_revision = "0005_relay_beat"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_payments_at_least_a_ruble"), "payments", type_="check")
    op.create_check_constraint(
        op.f("ck_payments_at_least_a_ruble"),
        "payments",
        "kopecks >= 100 OR (kopecks >= 0 AND gateway_id IS NOT NULL)",
    )
    op.drop_index("ix_payments_next_check_at", "payments")
    op.create_index(
        "ix_payments_next_check_at",
        "payments",
        ["next_check_at"],
        unique=False,
        postgresql_where=sa.text("next_check_at IS NOT NULL"),
    )
