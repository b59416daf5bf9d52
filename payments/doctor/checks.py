"""The checks of this package, in the order in which they are shown."""

from __future__ import annotations

from payments.doctor.agreements import AGREEMENTS
from payments.doctor.books import BOOKS
from payments.doctor.charges import CHARGES
from payments.doctor.consents import CONSENTS
from payments.doctor.gateway import GATEWAY
from payments.doctor.house import HOUSE

CHECKS = (*CHARGES, *GATEWAY, *CONSENTS, *BOOKS, *AGREEMENTS, *HOUSE)
