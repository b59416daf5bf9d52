"""What the gateway really took is booked, however little it is: only what we ask for is at least a ruble."""

from __future__ import annotations

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
