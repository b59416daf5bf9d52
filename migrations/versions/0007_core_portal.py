"""Personal links of letters that have left are forgotten, letters in hand have an index, refused notifications a count."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007_core_portal"
down_revision = "0006_core"
branch_labels = None
depends_on = None

FORGET = """
UPDATE messages SET text_body = '', html_body = ''
WHERE kind IN ('confirm_email', 'reset_password', 'confirm_new_email') AND status IN ('sent', 'failed')
"""


def upgrade() -> None:
    op.execute(FORGET)
    op.create_index(
        "ix_messages_sending", "messages", ["created_at"], unique=False, postgresql_where=sa.text("status = 'sending'")
    )
    op.create_table(
        "webhook_refusals",
        sa.Column("refused_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("last_ip", postgresql.INET(), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
        sa.CheckConstraint("reason IN ('secret', 'address', 'body')", name=op.f("ck_webhook_refusals_reason")),
        sa.PrimaryKeyConstraint("refused_on", "reason", name=op.f("pk_webhook_refusals")),
    )
