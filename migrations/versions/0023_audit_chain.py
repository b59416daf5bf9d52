"""Entries of the audit log are chained: each link bears the digest of its entry and of the link before it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023_audit_chain"
down_revision = "0022_recalled_until"
branch_labels = None
depends_on = None

_HASH = """
CREATE FUNCTION audit_hash(e audit_entries, before bytea) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT sha256(coalesce(before, '') || convert_to(jsonb_build_array(
        e.id, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), e.user_id, e.act, e.subject_kind,
        e.subject_id, e.details, host(e.ip), e.request_id)::text, 'UTF8'))
$$
"""
# At the commit nothing else is waited for, so this lock ends no transaction in a deadlock.
_LINK = """
CREATE FUNCTION link_audit_entry(e audit_entries) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    before bytea;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('audit_entries', 0));
    SELECT hash INTO before FROM audit_links ORDER BY id DESC LIMIT 1;
    INSERT INTO audit_links (entry_id, before, hash) VALUES (e.id, before, audit_hash(e, before));
END $$
"""
_LINK_NEW = """
CREATE FUNCTION link_new_audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM link_audit_entry(NEW);
    RETURN NULL;
END $$
"""
_BACKFILL = """
DO $$
DECLARE
    e audit_entries;
BEGIN
    FOR e IN SELECT * FROM audit_entries ORDER BY id LOOP
        PERFORM link_audit_entry(e);
    END LOOP;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "audit_links",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["audit_entries.id"], name=op.f("fk_audit_links_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_links")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_links_entry_id")),
        sa.UniqueConstraint("before", name=op.f("uq_audit_links_before"), postgresql_nulls_not_distinct=True),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_links_hash")),
    )
    for function in (_HASH, _LINK, _LINK_NEW):
        op.execute(function)
    op.execute(_BACKFILL)
    op.execute(
        "CREATE CONSTRAINT TRIGGER audit_entries_are_linked AFTER INSERT ON audit_entries "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION link_new_audit_entry()"
    )
    for name, when, each in (
        ("append_only", "UPDATE OR DELETE", "ROW"),
        ("never_emptied", "TRUNCATE", "STATEMENT"),
    ):
        op.execute(
            f"CREATE TRIGGER audit_links_{name} BEFORE {when} ON audit_links "
            f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
        )
