"""What the doctor asks of the mirror."""

from __future__ import annotations

from portal.public import Check

CHECKS = (
    Check(
        "crm_shows_the_latest",
        """
        SELECT kind AS object, local_id AS id, jsonb_build_object('since_at', created_at) AS figures
        FROM sync_jobs WHERE created_at < business_now() - interval '1 hour'
          AND NOT EXISTS (SELECT FROM installation WHERE unproven_since IS NOT NULL)
        """,
    ),
)
