"""Indexes of payments hold only the rows that have what they index: a charge is written into them once, not thrice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019_lighter_payments"
down_revision = "0018_stops"
branch_labels = None
depends_on = None

_UNIQUE = ("gateway_id", "return_token")


def upgrade() -> None:
    for column in _UNIQUE:
        name = op.f(f"uq_payments_{column}")
        op.drop_constraint(name, "payments", type_="unique")
        op.create_index(name, "payments", [column], unique=True, postgresql_where=sa.text(f"{column} IS NOT NULL"))
    op.drop_index("ix_payments_last4", table_name="payments")
    op.create_index("ix_payments_last4", "payments", ["last4"], postgresql_where=sa.text("last4 IS NOT NULL"))
    op.drop_index("ix_payments_decided", table_name="payments")
    op.create_index(
        "ix_payments_decided",
        "payments",
        ["decided_at"],
        postgresql_include=["status", "kopecks", "initiator"],
        postgresql_where=sa.text("decided_at IS NOT NULL"),
    )
