"""Who may do what at the desk. Every employee may read; each act names the roles that may do it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from portal.accounts.sessions import SignedIn
from portal.web.kit.guards import require_role

ADDS_CUSTOMERS = ("owner", "manager")
OPENS_CONTRACTS = ("owner", "manager")
STOPS_CONTRACTS = ("owner", "manager")
ASKS_GATEWAY = ("owner", "manager", "accountant")
SKIPS_CHARGES = ("owner", "manager")
# Whoever sees that something is wrong may stop; that all is well again is the owner's word.
PAUSES_CHARGING = ("owner", "manager")
RESUMES_CHARGING = ("owner",)
REPEATS_DELIVERIES = ("owner", "manager")
SELLS_SERVICES = ("owner", "manager")

CustomerAdder = Annotated[SignedIn, Depends(require_role(*ADDS_CUSTOMERS))]
ContractOpener = Annotated[SignedIn, Depends(require_role(*OPENS_CONTRACTS))]
ContractStopper = Annotated[SignedIn, Depends(require_role(*STOPS_CONTRACTS))]
GatewayAsker = Annotated[SignedIn, Depends(require_role(*ASKS_GATEWAY))]
ChargingResumer = Annotated[SignedIn, Depends(require_role(*RESUMES_CHARGING))]
ChargingPauser = Annotated[SignedIn, Depends(require_role(*PAUSES_CHARGING))]
ChargeSkipper = Annotated[SignedIn, Depends(require_role(*SKIPS_CHARGES))]
DeliveryRepeater = Annotated[SignedIn, Depends(require_role(*REPEATS_DELIVERIES))]
ServiceSeller = Annotated[SignedIn, Depends(require_role(*SELLS_SERVICES))]
