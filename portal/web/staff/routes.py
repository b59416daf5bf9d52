"""The desk's addresses in one router.

`newcomers`, `opening`, `invoicing` and `payment_views` come before the cards: «new» is no id.
"""

from __future__ import annotations

from portal.web.kit.routing import Router
from portal.web.staff import (
    audit,
    autopay_pause,
    catalogue,
    charging,
    contracts,
    customer,
    customer_edit,
    customer_notes,
    customers,
    deliveries,
    desk,
    differences,
    employees,
    exports,
    failed,
    invoice_acts,
    invoices,
    invoicing,
    jobs,
    late,
    letters,
    limits,
    newcomers,
    oddities,
    opening,
    payment,
    payment_views,
    payments,
    proof,
    search,
    second_step,
    security,
    stopping,
    webhooks,
)

PARTS = tuple(
    part.router
    for part in (
        desk,
        charging,
        limits,
        newcomers,
        customers,
        customer,
        customer_edit,
        customer_notes,
        opening,
        contracts,
        stopping,
        autopay_pause,
        catalogue,
        invoicing,
        invoices,
        invoice_acts,
        failed,
        payments,
        payment_views,
        payment,
        oddities,
        exports,
        proof,
        differences,
        late,
        webhooks,
        deliveries,
        letters,
        search,
        jobs,
        employees,
        security,
        second_step,
        audit,
    )
)
router = Router(include_in_schema=False)
for part in PARTS:
    router.include_router(part)
