"""The package's dummy provider, which asks nobody, made to charge at the bench's gateway and to keep its id."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import uuid4

from stub import pay
from subscriptions.models import SubscriptionPayment
from subscriptions.providers.dummy import DummyProvider


class Stub(DummyProvider):
    codename: ClassVar[str] = "stub"

    def charge_offline(
        self,
        user: Any,
        plan: Any,
        subscription: Any = None,
        amount: Any = None,
        quantity: int = 1,
        reference_payment: Any = None,
    ) -> SubscriptionPayment:
        """Charge, then record: the package calls this inside the transaction that holds the subscription."""
        amount = amount or self.get_amount(user=user, plan=plan)
        return SubscriptionPayment.objects.create(
            provider_codename=self.codename,
            provider_transaction_id=pay(str(amount.amount), card=reference_payment.metadata["card"], key=str(uuid4())),
            amount=amount,
            quantity=quantity,
            user=user,
            plan=plan,
            subscription=subscription,
            status=SubscriptionPayment.Status.COMPLETED,
        )
