"""Subscriptions of django-subscriptions-rt that fall due, and its own charging of them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from importlib.metadata import version
from uuid import uuid4

from dateutil.relativedelta import relativedelta
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction
from django.utils.timezone import now
from djmoney.money import Money
from subscriptions.models import Plan, Subscription, SubscriptionPayment
from subscriptions.tasks import charge_recurring_subscriptions

NAME = f"django-subscriptions-rt {version('django-subscriptions-rt')}"
_PRICE = Money(Decimal("990.00"), "RUB")
_MONTH = timedelta(days=30)
_ENDS_IN = timedelta(hours=2)  # between two moments of its usual schedule of attempts


def migrate() -> None:
    """Make the tables."""
    call_command("migrate", run_syncdb=True, verbosity=0)


@transaction.atomic
def fall_due(number: int) -> int:
    """So many more users whose paid month ends soon; how many subscriptions wait then."""
    plan, _ = Plan.objects.get_or_create(
        codename="monthly",
        defaults={"name": "Monthly", "charge_amount": _PRICE, "charge_period": relativedelta(days=_MONTH.days)},
    )
    end = now() + _ENDS_IN
    users = User.objects.bulk_create(User(username=uuid4().hex) for _ in range(number))
    subscriptions = Subscription.objects.bulk_create(
        Subscription(user=user, plan=plan, start=end - _MONTH, end=end) for user in users
    )
    SubscriptionPayment.objects.bulk_create(_first_payment(each) for each in subscriptions)
    return Subscription.objects.filter(end__lte=end).count()


def renew(_: int) -> int:
    """What its authors have a timer call, with its own defaults: threads, schedule of attempts, locks."""
    charge_recurring_subscriptions()
    return 0


def renewed(_: int) -> int:
    """Of how many subscriptions a second payment succeeded, and the end moved on."""
    paid = SubscriptionPayment.objects.filter(
        status=SubscriptionPayment.Status.COMPLETED, created__gte=now() - _MONTH / 2
    )
    return paid.filter(subscription__end__gt=now() + _MONTH / 2).values("subscription").distinct().count()


def _first_payment(subscription: Subscription) -> SubscriptionPayment:
    return SubscriptionPayment(
        uid=uuid4(),
        provider_codename="stub",
        provider_transaction_id=str(uuid4()),
        status=SubscriptionPayment.Status.COMPLETED,
        amount=_PRICE,
        metadata={"card": str(uuid4())},
        created=subscription.start,
        updated=subscription.start,
        user=subscription.user,
        plan=subscription.plan,
        subscription=subscription,
        subscription_start=subscription.start,
        subscription_end=subscription.end,
    )
