"""Plans of django-plans that expire, and its own command that renews them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from importlib.metadata import version
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction
from django.utils.timezone import localdate
from plans.models import BillingInfo, Invoice, Order, Plan, PlanPricing, Pricing, RecurringUserPlan, UserPlan

from payments.core import provider_factory
from payments.models import BasePayment

NAME = f"django-plans {version('django-plans')}"
_PRICE = Decimal("990.00")
_MONTH = timedelta(days=30)


def _autocomplete_with_wallet(payment: Any) -> None:
    provider_factory(payment.variant, payment).autocomplete_with_wallet(payment)


# What django-plans-payments calls and no release of django-payments has: the fork of its author does this.
BasePayment.autocomplete_with_wallet = _autocomplete_with_wallet


def migrate() -> None:
    """Make the tables."""
    call_command("migrate", verbosity=0)


@transaction.atomic
def fall_due(number: int) -> int:
    """So many more users whose paid month ends today; how many plans wait then."""
    plan, _ = Plan.objects.get_or_create(slug="monthly", defaults={"name": "Monthly", "available": True})
    pricing, _ = Pricing.objects.get_or_create(name="Month", period=_MONTH.days)
    PlanPricing.objects.get_or_create(plan=plan, pricing=pricing, defaults={"price": _PRICE})
    users = User.objects.bulk_create(User(username=uuid4().hex, email="ivan@example.com") for _ in range(number))
    BillingInfo.objects.bulk_create(
        BillingInfo(user=user, name="Иван Петров", street="ул. Мира, 2", zipcode="101000", city="Москва", country="RU")
        for user in users
    )
    owned = UserPlan.objects.bulk_create(UserPlan(user=user, plan=plan, expire=localdate()) for user in users)
    RecurringUserPlan.objects.bulk_create(
        RecurringUserPlan(
            user_plan=each,
            token=uuid4().hex,
            token_verified=True,
            payment_provider="stub",
            pricing=pricing,
            amount=_PRICE,
            tax=0,
            currency="RUB",
            renewal_triggered_by=RecurringUserPlan.RENEWAL_TRIGGERED_BY.TASK,
        )
        for each in owned
    )
    return UserPlan.objects.filter(expire__lte=localdate()).count()


def renew(_: int) -> int:
    """What its authors have a timer call."""
    call_command("autorenew_accounts")
    return 0


def renewed(_: int) -> int:
    """Of how many plans an order was paid and invoiced, and the end moved on."""
    extended = UserPlan.objects.filter(expire__gt=localdate() + _MONTH / 2)
    paid = Order.objects.filter(status=Order.STATUS.COMPLETED, user__userplan__in=extended)
    return Invoice.objects.filter(type=Invoice.INVOICE_TYPES.INVOICE, order__in=paid).values("user").distinct().count()
