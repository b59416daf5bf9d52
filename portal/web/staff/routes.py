"""The desk's addresses in one router. `opening` comes before `contracts`: «new» is no contract's id."""

from __future__ import annotations

from fastapi import APIRouter

from portal.web.staff import (
    charging,
    contracts,
    customers,
    deliveries,
    desk,
    late,
    letters,
    opening,
    payments,
    services,
    stopping,
    webhooks,
)

PARTS = tuple(
    part.router
    for part in (
        desk,
        charging,
        customers,
        opening,
        contracts,
        stopping,
        services,
        payments,
        late,
        webhooks,
        deliveries,
        letters,
    )
)
router = APIRouter(include_in_schema=False)
for part in PARTS:
    router.include_router(part)
