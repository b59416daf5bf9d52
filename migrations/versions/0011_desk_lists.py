"""The desk's lists: payments by time and by sum, customers by any part of what is known, views that employees keep, files, notes."""

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
    op.create_index(
        "ix_payments_decided", "payments", ["decided_at"], postgresql_include=["status", "kopecks", "initiator"]
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
    op.create_table(
        "exports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('queued', 'making', 'ready', 'failed')", name=op.f("ck_exports_status")),
        sa.CheckConstraint("format IN ('xlsx', 'csv')", name=op.f("ck_exports_format")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_exports_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    op.create_index(
        "ix_exports_unfinished",
        "exports",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'making')"),
    )
    op.create_index("ix_exports_user", "exports", ["user_id", "id"])
    op.create_index("ix_exports_expires_at", "exports", ["expires_at"])
    op.create_table(
        "customer_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_customer_notes_author_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_customer_notes_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_notes")),
    )
    op.create_index("ix_customer_notes_customer", "customer_notes", ["customer_id", "created_at"])
    op.create_table(
        "duty_runs",
        sa.Column("duty", sa.Text(), nullable=False),
        sa.Column("ran_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("broke_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("duty", name=op.f("pk_duty_runs")),
    )
    op.create_table(
        "worker_beats",
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column(
            "started_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("beat_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("worker", name=op.f("pk_worker_beats")),
    )
