"""Every route of entry and of the person's own settings."""

from __future__ import annotations

from portal.web.entry import (
    routes_confirmation,
    routes_consents,
    routes_documents,
    routes_login,
    routes_login_code,
    routes_profile,
    routes_recovery,
    routes_registration,
    routes_security,
)
from portal.web.kit.routing import Router

router = Router(include_in_schema=False)
for part in (
    routes_registration,
    routes_confirmation,
    routes_login,
    routes_login_code,
    routes_recovery,
    routes_documents,
    routes_profile,
    routes_security,
    routes_consents,
):
    router.include_router(part.router)
