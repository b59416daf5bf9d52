"""All pages of the cabinet. Fixed addresses come before those with a parameter in the same place."""

from __future__ import annotations

from portal.web.cabinet import (
    agreeing,
    autopay,
    history,
    home,
    messages,
    methods,
    offers,
    paying,
    payment_page,
    returning,
)
from portal.web.kit.routing import Router

PAGES = (home, offers, agreeing, autopay, methods, paying, returning, history, payment_page, messages)
router = Router(include_in_schema=False)
for pages in PAGES:
    router.include_router(pages.router)
