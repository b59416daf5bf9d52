"""The mirror in a CRM: what stands there, what does not yet, and whether it can be reached."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009_crm"
down_revision = "0008_access"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "crm_links",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("local_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("remote_id", sa.BigInteger(), nullable=False),
        sa.Column("written", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("stale_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('contact', 'company', 'requisite', 'deal', 'invoice', 'payment', 'comment', 'log')",
            name=op.f("ck_crm_links_kind"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_crm_links_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_links")),
        sa.UniqueConstraint("kind", "local_id", name=op.f("uq_crm_links_kind_local_id")),
        sa.UniqueConstraint("kind", "remote_id", name=op.f("uq_crm_links_kind_remote_id")),
    )
    op.create_index(op.f("ix_crm_links_customer_id"), "crm_links", ["customer_id"], unique=False)
    op.create_index(
        "ix_crm_links_stale_at",
        "crm_links",
        ["stale_at"],
        unique=False,
        postgresql_where=sa.text("stale_at IS NOT NULL"),
    )
    op.create_table(
        "sync_jobs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("local_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('contact', 'company', 'requisite', 'deal', 'invoice', 'payment', 'comment', 'log')",
            name=op.f("ck_sync_jobs_kind"),
        ),
        sa.CheckConstraint("status IN ('waiting', 'uncertain', 'blocked', 'parked')", name=op.f("ck_sync_jobs_status")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_sync_jobs_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_jobs")),
        sa.UniqueConstraint("kind", "local_id", name=op.f("uq_sync_jobs_kind_local_id")),
    )
    op.create_index(
        "ix_sync_jobs_due",
        "sync_jobs",
        ["next_try_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('waiting', 'uncertain')"),
    )
    op.create_index(
        "ix_sync_jobs_to_do",
        "sync_jobs",
        ["customer_id", "rank", "id"],
        unique=False,
        postgresql_where=sa.text("status IN ('waiting', 'uncertain')"),
    )
    op.create_table(
        "timeline_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.CheckConstraint("kind IN ('comment', 'log')", name=op.f("ck_timeline_entries_kind")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_timeline_entries_contract_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_timeline_entries_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline_entries")),
        sa.UniqueConstraint("key", name=op.f("uq_timeline_entries_key")),
    )
    op.create_index(op.f("ix_timeline_entries_contract_id"), "timeline_entries", ["contract_id"], unique=False)
    op.create_index(op.f("ix_timeline_entries_customer_id"), "timeline_entries", ["customer_id"], unique=False)
    op.create_table(
        "crm_connection",
        sa.Column("one", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hinted_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("status IN ('ok', 'away', 'refused')", name=op.f("ck_crm_connection_status")),
        sa.CheckConstraint("one", name=op.f("ck_crm_connection_single_row")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_crm_connection")),
    )
