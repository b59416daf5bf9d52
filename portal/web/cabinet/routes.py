"""All pages of the cabinet. Fixed addresses come before those with a parameter in the same place."""

from __future__ import annotations

from fastapi import APIRouter

from portal.web.cabinet import (
    agreeing,
    autopay,
    history,
    home,
    methods,
    paying,
    payment_page,
    returning,
    services,
)

PAGES = (home, services, agreeing, autopay, methods, paying, returning, history, payment_page)
router = APIRouter(include_in_schema=False)
for pages in PAGES:
    router.include_router(pages.router)
