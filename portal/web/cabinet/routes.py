"""All pages of the cabinet. Fixed addresses come before those with a parameter in the same place."""

from __future__ import annotations

from fastapi import APIRouter

from portal.web.cabinet import (
    agreeing,
    autopay,
    history,
    home,
    messages,
    methods,
    paying,
    payment_page,
    returning,
    services,
)

router = APIRouter(include_in_schema=False)
for pages in (home, services, agreeing, autopay, methods, paying, returning, history, payment_page, messages):
    router.include_router(pages.router)
