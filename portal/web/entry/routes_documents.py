"""Public legal texts, every edition of them."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from portal.legal.blocks import blocks
from portal.legal.editions import current, edition, editions
from portal.legal.wording import OF_THE_CONTRACT, company_values, fill
from portal.web.kit.render import render
from portal.web.kit.routing import ReadDb, Router

router = Router()


@router.get("/documents/{slug}", name="entry.document")
def show_document(request: Request, slug: str, db: ReadDb) -> Response:
    """The edition in force."""
    return _page(request, slug, current(slug).version, db)


@router.get("/documents/{slug}/{version}", name="entry.document.edition")
def show_edition(request: Request, slug: str, version: str, db: ReadDb) -> Response:
    """One edition, so that what somebody agreed to can be read later."""
    return _page(request, slug, version, db)


def _page(request: Request, slug: str, version: str, db: ReadDb) -> Response:
    found = edition(slug, version)
    text = fill(found, {**OF_THE_CONTRACT, **company_values(db)})
    context = {"edition": found, "blocks": blocks(text), "editions": editions(slug)}
    return render(request, "pages/entry/document.html", context)
