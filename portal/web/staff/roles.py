"""Who may do what at the desk. Every employee may read; each act names the roles that may do it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from portal.accounts.sessions import SignedIn
from portal.web.kit.guards import require_role

OPENS_CONTRACTS = ("owner", "manager")
ASKS_GATEWAY = ("owner", "manager", "accountant")
RESUMES_CHARGING = ("owner",)

ContractOpener = Annotated[SignedIn, Depends(require_role(*OPENS_CONTRACTS))]
GatewayAsker = Annotated[SignedIn, Depends(require_role(*ASKS_GATEWAY))]
ChargingResumer = Annotated[SignedIn, Depends(require_role(*RESUMES_CHARGING))]
