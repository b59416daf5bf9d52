"""All pages."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.bitrix24.methods import METHODS
from sandbox.bitrix24.pages import ROUTES as CRM_PAGES
from sandbox.control.pages import ROUTES as CONTROL_PAGES
from sandbox.documentation import ENDPOINTS
from sandbox.faults import MATCHES, SYSTEMS
from sandbox.mail.pages import ROUTES as MAIL_PAGES
from sandbox.pages import page
from sandbox.yookassa.binding_pages import ROUTES as BINDING_PAGES
from sandbox.yookassa.pages import ROUTES as PAYMENT_PAGES


async def docs(_request: Request) -> Response:
    """What can be asked of the sandbox."""
    return page("docs.html", endpoints=ENDPOINTS, systems=SYSTEMS, matches=MATCHES, crm_methods=["batch", *METHODS])


async def home(_request: Request) -> Response:
    """The front door leads to the controls."""
    return RedirectResponse("/control/", 302)


PAGES = [
    Route("/", home),
    Route("/docs", docs),
    *CONTROL_PAGES,
    *MAIL_PAGES,
    *PAYMENT_PAGES,
    *BINDING_PAGES,
    *CRM_PAGES,
]
