"""The desk's lists: payments by time and by sum, customers by any part of what is known, views that employees keep."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011_desk_lists"
down_revision = "0010_desk_money"
branch_labels = None
depends_on = None

# As portal.web.staff.queries.search compares them.
SEARCHED = ("replace(lower(name), 'ё', 'е')", "lower(email)", "phone", "inn")


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.create_index(
        "ix_customers_search",
        "customers",
        [sa.literal_column(f"{column} gin_trgm_ops") for column in SEARCHED],
        postgresql_using="gin",
    )
    op.create_index(
        "ix_contracts_search", "contracts", [sa.literal_column("lower(number) gin_trgm_ops")], postgresql_using="gin"
    )
    op.create_index(
        "ix_payments_newest", "payments", ["created_at", "number"], postgresql_include=["status", "kopecks"]
    )
    op.create_index("ix_payments_kopecks", "payments", ["kopecks", "number"])
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_saved_views_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
    )
    op.create_index(
        "uq_saved_views_user_name", "saved_views", ["user_id", sa.literal_column("lower(name)")], unique=True
    )
