"""Checks of the house itself: nothing waits past its hour, what the schema forbids is still forbidden."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, literal, select, text, union_all
from sqlalchemy.dialects import postgresql

from kernel.clock import Wait
from kernel.db import Base
from payments.doctor.check import Check

# Readings are hourly.
_UNREAD_FOR = "interval '3 hours'"
# And begin again ten minutes after a failure: a shop that is not read any more is nobody's.
_TRIED_WITHIN = "interval '2 hours'"
_PATIENCE = "interval '15 minutes'"
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # a class without annotations
# What is written once: nobody changes or removes it, and nobody empties the table.
APPEND_ONLY = (
    "ledger_transactions",
    "ledger_entries",
    "consents",
    "consent_links",
    "status_history",
    "allocations",
    "audit_entries",
    "audit_links",
)
# Constraints that the money rules rest on, beside the checks of single rows.
_CONSTRAINTS = (
    ("uq_payments_one_live_per_invoice", "payments"),
    ("uq_payments_key", "payments"),
    ("uq_payments_gateway_id", "payments"),
    ("uq_ledger_transactions_kind_source_id", "ledger_transactions"),
    ("uq_invoices_number", "invoices"),
    ("ex_installments_periods_never_overlap", "installments"),
    ("uq_deliveries_message_id_consumer", "deliveries"),
    ("uq_consent_links_customer_id_before", "consent_links"),
    ("uq_audit_links_before", "audit_links"),
)
_TRIGGERS = (
    *((f"{table}_append_only", table) for table in APPEND_ONLY),
    *((f"{table}_never_emptied", table) for table in APPEND_ONLY),
    ("ledger_sums_to_zero", "ledger_entries"),
    ("consents_are_linked", "consents"),
    ("audit_entries_are_linked", "audit_entries"),
)


def _values(pairs: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"('{name}', '{table}')" for name, table in pairs)


HOUSE = (
    Check(
        "guards_stand",
        f"""
        SELECT 'index' AS object, g.name AS id, jsonb_build_object('table', g.on_table) AS figures
        FROM (VALUES {_values(_CONSTRAINTS)}) g(name, on_table)
        WHERE NOT EXISTS (
            SELECT FROM pg_index x JOIN pg_class n ON n.oid = x.indexrelid
            WHERE n.relname = g.name AND x.indrelid = to_regclass(g.on_table) AND x.indisvalid AND x.indisready
              AND (x.indisunique OR x.indisexclusion)
        )
        UNION ALL
        SELECT 'trigger', g.name, jsonb_build_object('table', g.on_table)
        FROM (VALUES {_values(_TRIGGERS)}) g(name, on_table)
        WHERE NOT EXISTS (
            SELECT FROM pg_trigger t
            WHERE t.tgname = g.name AND t.tgrelid = to_regclass(g.on_table) AND t.tgenabled IN ('O', 'A')
        )
        """,  # noqa: S608  our own names
    ),
    Check(
        "lists_were_read",
        # What compares us with the gateway says nothing while its lists cannot be read. In real time: played time flies.
        f"""
        SELECT 'shop' AS object, s.account_id AS id,
               jsonb_build_object('failures', f.n, 'since_at', f.since) AS figures
        FROM shops s
        CROSS JOIN LATERAL (
            SELECT count(*) AS n, min(r.begun_at) AS since, max(r.begun_at) AS newest FROM reconciliations r
            WHERE r.shop_id = s.id AND r.status = 'failed' AND r.begun_at > coalesce(
                (SELECT max(d.begun_at) FROM reconciliations d WHERE d.shop_id = s.id AND d.status = 'done'), '-infinity')
        ) f
        WHERE f.n > 1 AND f.since < clock_timestamp() - {_UNREAD_FOR}
          AND f.newest > clock_timestamp() - {_TRIED_WITHIN}
        """,  # noqa: S608  our own constant
    ),
    Check(
        "letters_have_case",
        """
        SELECT 'database' AS object, current_database() AS id, jsonb_build_object('letters', lower('ЖУК')) AS figures
        WHERE lower('ЖУК') <> 'жук'
        """,
    ),
)


def nothing_waits_too_long(waits: Sequence[Wait]) -> Check:
    """That each row which waited for an instant was served within fifteen minutes after it.

    Not the chores: played time passes over them, and a page of their own tells when they are late.
    """
    late = func.business_now() - text(_PATIENCE)
    parts = [
        select(literal(wait.name).label("object"), func.count().label("n"), func.min(wait.at).label("since"))
        .select_from(Base.metadata.tables[wait.at.class_.__tablename__])
        .where(wait.where, wait.at < late)
        for wait in waits
        if not wait.chore
    ]
    compiled = union_all(*parts).compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True})
    return Check(
        "nothing_waits_too_long",
        "SELECT 'wait' AS object, object AS id, jsonb_build_object('waiting', n, 'since_at', since) AS figures"  # noqa: S608  our own text
        f" FROM ({str(compiled).replace(':', chr(92) + ':')}) waiting WHERE n > 0",
    )
