"""Consents are chained: each bears the digest of what was agreed to and of the consent before it of the same customer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016_consent_chain"
down_revision = "0015_guards"
branch_labels = None
depends_on = None

# Who and from where goes in by a salted digest of its own: with the salt erased nobody can be found by it, and the chain
# still holds.
_PERSON = """
CREATE FUNCTION consent_person(c consents) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(c.salt || convert_to(jsonb_build_array(c.user_id, host(c.ip), c.user_agent)::text, 'UTF8'))
$$
"""
_HASH = """
CREATE FUNCTION consent_hash(c consents, person bytea, before bytea) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(coalesce(before, '') || person || convert_to(jsonb_build_array(
        c.id, c.customer_id, c.contract_id, c.kind, c.action, c.text_version, c.text, c.shown, c.max_kopecks,
        to_char(c.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'))::text, 'UTF8'))
$$
"""
# At the commit nothing else is waited for, so this lock ends no transaction in a deadlock.
_LINK = """
CREATE FUNCTION link_consent(c consents) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    before bytea;
    person bytea := consent_person(c);
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(c.customer_id::text, 0));
    SELECT hash INTO before FROM consent_links WHERE customer_id = c.customer_id ORDER BY id DESC LIMIT 1;
    INSERT INTO consent_links (consent_id, customer_id, person, before, hash)
    VALUES (c.id, c.customer_id, person, before, consent_hash(c, person, before));
END $$
"""
_LINK_NEW = """
CREATE FUNCTION link_new_consent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM link_consent(NEW);
    RETURN NULL;
END $$
"""
_BACKFILL = """
DO $$
DECLARE
    c consents;
BEGIN
    FOR c IN SELECT * FROM consents ORDER BY id LOOP
        PERFORM link_consent(c);
    END LOOP;
END $$
"""


def upgrade() -> None:
    op.add_column(
        "consents",
        sa.Column("salt", sa.LargeBinary(), server_default=sa.text("uuid_send(gen_random_uuid())"), nullable=True),
    )
    op.create_table(
        "consent_links",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("consent_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("person", sa.LargeBinary(), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["consent_id"], ["consents.id"], name=op.f("fk_consent_links_consent_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_consent_links_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_links")),
        sa.UniqueConstraint("consent_id", name=op.f("uq_consent_links_consent_id")),
        sa.UniqueConstraint(
            "customer_id",
            "before",
            name=op.f("uq_consent_links_customer_id_before"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_consent_links_customer", "consent_links", ["customer_id", "id"])
    for function in (_PERSON, _HASH, _LINK, _LINK_NEW):
        op.execute(function)
    op.execute(_BACKFILL)
    op.execute(
        "CREATE CONSTRAINT TRIGGER consents_are_linked AFTER INSERT ON consents "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION link_new_consent()"
    )
    for name, when, each in (
        ("append_only", "UPDATE OR DELETE", "ROW"),
        ("never_emptied", "TRUNCATE", "STATEMENT"),
    ):
        op.execute(
            f"CREATE TRIGGER consent_links_{name} BEFORE {when} ON consent_links "
            f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
        )
