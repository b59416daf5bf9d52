"""What watches over charging: the doctor's answers and its hour, daily limits, and since when staff know of an outage."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017_watch"
down_revision = "0016_consent_chain"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A million consents are hashed by every core that is there.
    op.execute("ALTER FUNCTION consent_person(consents) PARALLEL SAFE")
    op.execute("ALTER FUNCTION consent_hash(consents, bytea, bytea) PARALLEL SAFE")
    op.create_table(
        "check_results",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("breaches", postgresql.JSONB(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("millis", sa.Integer(), nullable=False),
        sa.Column("examined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("broken_since", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_check_results")),
    )
    op.add_column(
        "installation",
        sa.Column("examine_at", sa.DateTime(timezone=True), server_default=sa.text("business_now()"), nullable=False),
    )
    op.add_column("installation", sa.Column("charger_alarm_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("installation", sa.Column("daily_limit_charges", sa.Integer(), nullable=True))
    op.add_column("installation", sa.Column("daily_limit_kopecks", sa.BigInteger(), nullable=True))
    op.create_check_constraint(
        op.f("ck_installation_daily_limits"), "installation", "daily_limit_charges > 0 AND daily_limit_kopecks > 0"
    )
    op.create_table(
        "daily_tallies",
        sa.Column("charged_on", sa.Date(), nullable=False),
        sa.Column("charges", sa.Integer(), nullable=False),
        sa.Column("kopecks", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("charged_on", name=op.f("pk_daily_tallies")),
    )
