"""The gateway's view beside ours: its payments and refunds as last read, each reading, and where the two differ."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014_reconciliation"
down_revision = "0013_crm_mended"
branch_labels = None
depends_on = None

KINDS = "'missing_here', 'missing_there', 'other_sum', 'other_status', 'foreign', 'second_success', 'refund'"


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def upgrade() -> None:
    op.add_column("installation", _at("unproven_since", nullable=True))
    op.add_column(
        "shops",
        sa.Column("reconcile_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
    )
    op.create_index("ix_shops_reconcile_at", "shops", ["reconcile_at"])
    op.drop_constraint(op.f("ck_payments_initiator"), "payments", type_="check")
    op.execute(
        "ALTER TABLE payments ADD CONSTRAINT ck_payments_initiator"
        " CHECK (initiator IN ('customer', 'schedule', 'gateway')) NOT VALID"
    )
    op.execute("ALTER TABLE payments VALIDATE CONSTRAINT ck_payments_initiator")
    _create_reconciliations()
    _create_view()
    _create_differences()


def _create_reconciliations() -> None:
    op.create_table(
        "reconciliations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        _text("status"),
        sa.Column("deep", sa.Boolean(), nullable=False),
        _at("since_at"),
        _at("until_at"),
        _at("lease_until"),
        sa.Column("begun_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        _at("finished_at", nullable=True),
        sa.Column("payments", sa.Integer(), nullable=False),
        sa.Column("refunds", sa.Integer(), nullable=False),
        _text("error", nullable=True),
        sa.CheckConstraint("status IN ('running', 'done', 'failed')", name=op.f("ck_reconciliations_status")),
        sa.CheckConstraint("since_at < until_at", name=op.f("ck_reconciliations_window")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_reconciliations_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliations")),
    )
    op.create_index(
        "uq_reconciliations_one_running",
        "reconciliations",
        ["shop_id"],
        unique=True,
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_index("ix_reconciliations_newest", "reconciliations", ["shop_id", "until_at"])


def _create_view() -> None:
    op.create_table(
        "gateway_payments",
        _text("gateway_id"),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        _text("status"),
        sa.Column("kopecks", sa.BigInteger(), nullable=False),
        _text("currency"),
        sa.Column("refunded_kopecks", sa.BigInteger(), nullable=False),
        _at("created_at"),
        _at("captured_at", nullable=True),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("contract_id", sa.Uuid(), nullable=True),
        sa.Column("numbers", postgresql.ARRAY(sa.Text()), nullable=False),
        _text("method_digest", nullable=True),
        _at("read_at"),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_gateway_payments_shop_id")),
        sa.PrimaryKeyConstraint("gateway_id", name=op.f("pk_gateway_payments")),
    )
    op.create_index("ix_gateway_payments_created", "gateway_payments", ["shop_id", "created_at"])
    op.create_index("ix_gateway_payments_payment", "gateway_payments", ["payment_id"])
    op.create_index(
        "ix_gateway_payments_invoice",
        "gateway_payments",
        ["invoice_id"],
        postgresql_where=sa.text("status = 'succeeded'"),
    )
    op.create_table(
        "gateway_refunds",
        _text("gateway_id"),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        _text("payment_gateway_id"),
        _text("status"),
        sa.Column("kopecks", sa.BigInteger(), nullable=False),
        _text("currency"),
        _at("created_at"),
        _at("read_at"),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_gateway_refunds_shop_id")),
        sa.PrimaryKeyConstraint("gateway_id", name=op.f("pk_gateway_refunds")),
    )
    op.create_index("ix_gateway_refunds_created", "gateway_refunds", ["shop_id", "created_at"])
    op.create_index("ix_gateway_refunds_payment", "gateway_refunds", ["payment_gateway_id"])


def _create_differences() -> None:
    op.create_table(
        "differences",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        _text("kind"),
        _text("gateway_id"),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        _text("our_status", nullable=True),
        sa.Column("our_kopecks", sa.BigInteger(), nullable=True),
        _text("their_status", nullable=True),
        sa.Column("their_kopecks", sa.BigInteger(), nullable=True),
        _at("happened_at"),
        _text("repair", nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        _at("resolved_at", nullable=True),
        _text("resolution", nullable=True),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_differences_kind")),
        sa.CheckConstraint("repair IN ('apply', 'import')", name=op.f("ck_differences_repair")),
        sa.CheckConstraint("resolution IN ('vanished', 'repaired', 'seen_to')", name=op.f("ck_differences_resolution")),
        sa.CheckConstraint(
            "(resolved_at IS NULL) = (resolution IS NULL)", name=op.f("ck_differences_resolved_somehow")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_differences_shop_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_differences_payment_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_differences_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_differences")),
    )
    op.create_index(
        "uq_differences_open",
        "differences",
        ["kind", "gateway_id"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_index("ix_differences_gateway", "differences", ["gateway_id"])
