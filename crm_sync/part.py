"""What the mirror brings to the product: its consumers, its job and its duties."""

from __future__ import annotations

from crm_sync.doctor import CHECKS
from crm_sync.handlers import HANDLERS
from crm_sync.models import STALE, TO_PROBE, TO_PUSH, TO_SERVE
from crm_sync.pushing import PUSH, push
from crm_sync.sweeping import hint_push, refresh_stale
from kernel.broker import Job
from portal.public import Duty, Part

CRM = Part(
    handlers=HANDLERS,
    jobs=(Job(PUSH, push, queue="crm"),),
    duties=(
        Duty("crm.hint_push", hint_push, (TO_PUSH, TO_SERVE, TO_PROBE)),
        Duty("crm.refresh_stale", refresh_stale, (STALE,)),
    ),
    checks=CHECKS,
)
