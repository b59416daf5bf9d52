"""Notifications that are not about our payments, and such that lie about them."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import httpx
from sqlalchemy import func, select

from kernel.db import Session
from payments.charging.models import SUCCEEDED, Payment
from tests.crash.harness.company import Company
from tests.crash.harness.database import insist
from tests.crash.harness.plan import Plan
from tests.crash.harness.record import Record
from tests.support.business import GOOD_CARD
from tests.support.raw_payments import raw_payment

_FOREIGN_SHARE, _FORGED_SHARE = 0.02, 0.01
_SHOP = ("100500", "test_sandbox")
_TRIES = 20


@dataclass
class Mischief:
    """Whoever pays past the product, and whoever claims that a payment succeeded which did not."""

    plan: Plan
    company: Company
    record: Record
    foreign_ids: list[str] = field(default_factory=list)
    forged_ids: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __post_init__(self) -> None:
        least = self.plan.faults_wanted
        acts = ["foreign"] * max(least, round(self.plan.charges * _FOREIGN_SHARE))
        acts += ["forged"] * max(least, 3, round(self.plan.charges * _FORGED_SHARE))
        self.plan.chance("mischief").shuffle(acts)
        self._acts = acts

    @property
    def waiting(self) -> int:
        """How many are still to come."""
        return len(self._acts)

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._work, name="mischief", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        pause = min(5.0, self.plan.spread_s / 10 / len(self._acts))
        with httpx.Client(timeout=30, trust_env=False) as client:
            while self._acts and not self._stop.wait(pause):
                act = self._acts[-1]
                done = self._pay_past_us(client) if act == "foreign" else self._lie(client)
                if done:
                    self._acts.pop()
                    self.record.note("fault", act)

    def _pay_past_us(self, client: httpx.Client) -> bool:
        body = {
            "amount": {"value": "77.00", "currency": "RUB"},
            "capture": True,
            "confirmation": {"type": "redirect", "return_url": "https://example.com"},
        }
        key = str(uuid4())
        for _ in range(_TRIES):
            try:
                answer = client.post(
                    f"{self.company.outside.sandbox.api_url}/payments",
                    json=body,
                    auth=_SHOP,
                    headers={"Idempotence-Key": key},
                )
                made = answer.json()
                page = made["confirmation"]["confirmation_url"]
            except (httpx.TransportError, ValueError, KeyError):
                continue  # the gateway's faults meet this shop's other program too
            client.post(page, data={"number": GOOD_CARD, "expiry": "12/30", "csc": "123"})
            self.foreign_ids.append(made["id"])
            return True
        return False

    def _lie(self, client: httpx.Client) -> bool:
        victim = insist(_victim)
        if victim is None:
            return False
        payment_id, gateway_id, kopecks = victim
        claimed = gateway_id or f"forged-{payment_id}"
        body = raw_payment(payment_id, id=claimed, amount={"value": f"{kopecks / 100:.2f}", "currency": "RUB"})
        letter = {"type": "notification", "event": "payment.succeeded", "object": body}
        try:
            answer = client.post(self.company.webhook_url, content=json.dumps(letter))
        except httpx.TransportError:
            return False
        if answer.status_code == httpx.codes.OK:
            self.forged_ids.append(claimed)
            return True
        return False


def _victim(session: Session) -> tuple[UUID, str | None, int] | None:
    row = session.execute(
        select(Payment.id, Payment.gateway_id, Payment.kopecks)
        .where(Payment.status != SUCCEEDED)
        # Those that the gateway knows and has not been paid for tempt the most.
        .order_by(Payment.gateway_id.is_(None), func.random())
        .limit(1)
    ).first()
    return (row.id, row.gateway_id, row.kopecks) if row else None
