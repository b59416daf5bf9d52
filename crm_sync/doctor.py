"""What the doctor asks of the mirror."""

from __future__ import annotations

from portal.public import Check

CHECKS = (
    Check(
        "crm_shows_the_latest",
        """
        SELECT kind AS object, local_id AS id, concat(status, ' since ', created_at) AS detail
        FROM sync_jobs WHERE created_at < business_now() - interval '1 hour'
        """,
    ),
)
