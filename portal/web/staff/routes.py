"""The desk's addresses in one router. `opening` comes first: «new» is no contract's id."""

from __future__ import annotations

from fastapi import APIRouter

from portal.web.staff import contracts, customers, desk, letters, opening, payments, webhooks

router = APIRouter(include_in_schema=False)
for part in (desk, customers, opening, contracts, payments, webhooks, letters):
    router.include_router(part.router)
