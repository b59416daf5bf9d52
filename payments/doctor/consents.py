"""The check of the consents' chain."""

from __future__ import annotations

from payments.doctor.check import Check

CONSENTS = (
    Check(
        "consents_are_unchanged",
        """
        SELECT 'consent' AS object, coalesce(c.id, l.consent_id) AS id,
               jsonb_build_object('why', CASE
                    WHEN l.id IS NULL THEN 'unchained'
                    WHEN c.id IS NULL THEN 'gone'
                    WHEN c.salt IS NULL AND l.hash = consent_hash(c, l.person, l.before)
                        AND l.before IS NOT DISTINCT FROM b.hash THEN 'person_half_erased'
                    WHEN l.person <> consent_person(c) THEN 'person_changed'
                    WHEN l.hash <> consent_hash(c, l.person, l.before) THEN 'changed'
                    ELSE 'before_changed' END) AS figures
        FROM consents c
        FULL JOIN consent_links l ON l.consent_id = c.id
        -- The schema forbids a second link after the same one, so that one earlier link suffices.
        LEFT JOIN consent_links b ON b.customer_id = l.customer_id AND b.hash = l.before AND b.id < l.id
        WHERE c.id IS NULL OR l.id IS NULL OR l.before IS DISTINCT FROM b.hash
           OR l.person <> consent_person(c)
           -- Erased is whoever agreed as a whole: without the salt nobody can say who stood there.
           OR (c.salt IS NULL AND (c.user_id IS NOT NULL OR c.ip IS NOT NULL OR c.user_agent IS NOT NULL))
           OR l.hash <> consent_hash(c, l.person, l.before)
        """,
    ),
)
