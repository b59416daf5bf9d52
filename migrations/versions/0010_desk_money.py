"""Invoices at the desk: links to pay by, invoices that supplement a contract, letters about an invoice, held autopays."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_desk_money"
down_revision = "0009_crm"
branch_labels = None
depends_on = None

# The key of these letters names their invoice since there are such letters.
BACKFILL = """
UPDATE messages SET invoice_id = i.id
FROM invoices i
WHERE messages.kind = 'invoice_issued' AND messages.dedupe_key = 'invoice_issued:' || i.id
"""


def upgrade() -> None:
    op.create_table(
        "pay_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("selector", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_pay_links_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pay_links")),
        sa.UniqueConstraint("selector", name=op.f("uq_pay_links_selector")),
    )
    op.create_index(op.f("ix_pay_links_invoice_id"), "pay_links", ["invoice_id"], unique=False)
    op.create_index(
        "uq_pay_links_live",
        "pay_links",
        ["invoice_id"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.add_column("payments", sa.Column("receipt_email", sa.Text(), nullable=True))
    op.add_column("autopays", sa.Column("held_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("contracts", sa.Column("base_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_contracts_base_id"), "contracts", "contracts", ["base_id"], ["id"])
    op.create_index(op.f("ix_contracts_base_id"), "contracts", ["base_id"], unique=False)
    op.add_column("messages", sa.Column("invoice_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_messages_invoice_id"), "messages", "invoices", ["invoice_id"], ["id"])
    op.execute(BACKFILL)
