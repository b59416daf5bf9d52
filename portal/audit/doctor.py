"""The check of the audit log's chain."""

from __future__ import annotations

from payments.doctor.check import Check

CHECKS = (
    Check(
        "audit_is_unchanged",
        """
        SELECT 'audit entry' AS object, coalesce(e.id, l.entry_id) AS id,
               jsonb_build_object('why', CASE
                    WHEN l.id IS NULL THEN 'unchained'
                    WHEN e.id IS NULL THEN 'gone'
                    WHEN l.hash <> audit_hash(e, l.before) THEN 'changed'
                    ELSE 'before_changed' END) AS figures
        FROM audit_entries e
        FULL JOIN audit_links l ON l.entry_id = e.id
        -- The schema forbids a second link after the same one, so that one earlier link suffices.
        LEFT JOIN audit_links b ON b.hash = l.before AND b.id < l.id
        WHERE e.id IS NULL OR l.id IS NULL OR l.before IS DISTINCT FROM b.hash OR l.hash <> audit_hash(e, l.before)
        """,
    ),
)
