"""Personal links of letters that have left, or never will, are forgotten; letters in hand are found by an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

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
