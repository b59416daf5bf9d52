"""The check of the consents' chain."""

from __future__ import annotations

from payments.doctor.check import Check

CONSENTS = (
    Check(
        "consents_are_unchanged",
        """
        SELECT 'consent' AS object, coalesce(c.id, l.consent_id) AS id,
               CASE WHEN l.id IS NULL THEN 'is not in the chain'
                    WHEN c.id IS NULL THEN 'is gone'
                    WHEN l.person <> consent_person(c) THEN 'who agreed, or from where, was changed'
                    WHEN l.hash <> consent_hash(c, l.person, l.before) THEN 'what was agreed to was changed'
                    ELSE 'the consent before it was changed or is gone' END AS detail
        FROM consents c
        FULL JOIN (
            SELECT *, lag(hash) OVER (PARTITION BY customer_id ORDER BY id) AS hash_before FROM consent_links
        ) l ON l.consent_id = c.id
        WHERE c.id IS NULL OR l.id IS NULL OR l.before IS DISTINCT FROM l.hash_before
           OR l.person <> consent_person(c) OR l.hash <> consent_hash(c, l.person, l.before)
        """,
    ),
)
