"""The customers: they unlink, withdraw and pay by hand through the web, at random moments near their charge.

The web is killed under them: like people they try again. What an answer named as under way is kept for the checker.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import httpx
from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import Session
from payments.charging.models import CANCELED, UNKNOWN, Payment
from payments.invoicing.models import Invoice
from tests.crash.harness.company import Company
from tests.crash.harness.database import insist
from tests.crash.harness.fates import ACTING
from tests.crash.harness.plan import Plan
from tests.crash.harness.record import Record
from tests.crash.harness.workload import Due
from tests.support.business import GOOD_CARD, enter_card

_AT_ONCE = 24
_TICK_S = 0.25
_TRIES = 60
_PAUSE_S = 0.5
# Whoever is told that a charge is under way looks again after a while, and a while longer.
_LOOKS, _LOOK_S = 20, 2.0
# Those who were refused come one after another, so that one death of the web does not meet them all.
_ONE_BY_ONE_S, _ALL_OF_THEM_S = 4.0, 60.0
_NAMED = re.compile(r'href="/payments/(\d+)"')
# Around the instant of the charge: before it is made, while it is on its way, after it came in. Of those who pay by hand
# half come before the charge and reach the payment page; the others must be kept from paying what is under way.
_STOPS_NEAR_S = (-25, 40)
_PAYS_NEAR_S = ((-120, 5), (2, 60))


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop that was answered: when (real, and business time), and the numbers of the payments that it named."""

    due: Due
    asked_at: float
    answered_at: float
    answered_business: datetime
    named: frozenset[int]


@dataclass
class People:
    """Those of the customers who do something."""

    plan: Plan
    company: Company
    record: Record
    dues: list[Due]
    stops: list[Stop] = field(default_factory=list)
    gave_up: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _next_refused: float = 0.0

    def __post_init__(self) -> None:
        chance = self.plan.chance("people")
        acting = [due for due in self.dues if due.fate in ACTING]
        moments = [due.due_at + timedelta(seconds=chance.uniform(*_near(due, n))) for n, due in enumerate(acting)]
        self._agenda = sorted(zip(moments, acting, strict=True), key=lambda pair: pair[0], reverse=True)
        self._unsure = {
            due.contract_id: due for due in acting if due.fate.startswith("unlinks_") or due.fate == "pays_in_doubt"
        }
        self._refused = {due.contract_id: due for due in acting if due.fate == "refused"}
        self._pause_s = min(_ONE_BY_ONE_S, _ALL_OF_THEM_S / len(self._refused))
        later = self._unsure | self._refused
        self._agenda = [(at, due) for at, due in self._agenda if due.contract_id not in later]

    @property
    def waiting(self) -> int:
        """How many have not acted yet."""
        return len(self._agenda) + len(self._unsure) + len(self._refused)

    def start(self) -> None:
        """Let them live."""
        self._thread = threading.Thread(target=self._live, name="people", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Whoever is at something finishes it."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _live(self) -> None:
        with ThreadPoolExecutor(_AT_ONCE) as hands:
            while not self._stop.wait(_TICK_S):
                now, unsure, refused = insist(
                    lambda session: (
                        business_now(session),
                        _whose(session, self._unsure, UNKNOWN),
                        _whose(session, self._refused, CANCELED),
                    )
                )
                for due in unsure:
                    del self._unsure[due.contract_id]
                    hands.submit(self._act, due)
                while self._agenda and self._agenda[-1][0] <= now:
                    hands.submit(self._act, self._agenda.pop()[1])
                if refused and not self._agenda and time.monotonic() > self._next_refused:
                    self._next_refused = time.monotonic() + self._pause_s
                    hands.submit(self._act, self._refused.pop(refused[0].contract_id))

    def _act(self, due: Due) -> None:
        try:
            if due.fate in ("pays", "leaves", "refused", "pays_in_doubt"):
                self._pay(due)
            elif due.fate == "withdraws":
                self._end(due, f"/autopay/{due.contract_id}/cancel")
            else:
                self._end(due, f"/payment-methods/{due.method_id}/unlink")
        except Exception as error:  # noqa: BLE001  the run goes on; the checker is told
            self.gave_up.append(f"{due.fate} {due.contract_id}: {type(error).__name__}: {error}")
            self.record.tell(f"a customer gave up: {self.gave_up[-1][:300]}")

    def _end(self, due: Due, address: str) -> None:
        asked_at = time.time()
        with self._browser(due) as browser:
            answer = _patiently(lambda: browser.post(address))
            answered_at = time.time()
            answered_business = insist(business_now)
            if answer.status_code != httpx.codes.SEE_OTHER:
                raise RuntimeError(f"{address}: {answer.status_code} {answer.text[:200]}")
            page = _patiently(lambda: browser.get(answer.headers["location"]))
            if page.status_code != httpx.codes.OK:
                raise RuntimeError(f"{answer.headers['location']}: {page.status_code}")
        named = frozenset(map(int, _NAMED.findall(page.text)))
        self.stops.append(Stop(due, asked_at, answered_at, answered_business, named))
        self.record.note("customer", due.fate, str(due.contract_id))

    def _pay(self, due: Due) -> None:
        with self._browser(due) as browser:
            for _ in range(_LOOKS):
                _patiently(lambda: browser.post(f"{due.pay_url}/payments"))
                leads = _patiently(lambda: browser.get(f"{due.pay_url}/go"))
                page = leads.headers.get("location", "")
                if "/yookassa/pay/" in page:
                    if due.fate != "leaves":
                        enter_card(page, GOOD_CARD)
                    self.record.note("customer", due.fate, str(due.contract_id))
                    return
                if self._is_paid(due):
                    self.record.note("customer", "came too late", str(due.contract_id))
                    return
                time.sleep(_LOOK_S)
        # The page kept saying that a charge is under way: whoever is told so waits for its end.
        self.record.note("customer", "was told to wait", str(due.contract_id))

    def _is_paid(self, due: Due) -> bool:
        return insist(lambda session: session.get_one(Invoice, due.invoice_id).status) != "open"

    def _browser(self, due: Due) -> httpx.Client:
        base = self.company.base_url
        return httpx.Client(
            base_url=base, cookies={"kabinet": due.cookie}, headers={"Origin": base}, timeout=30, trust_env=False
        )


def _near(due: Due, n: int) -> tuple[int, int]:
    return _PAYS_NEAR_S[n % 2] if due.fate in ("pays", "leaves") else _STOPS_NEAR_S


def _whose(session: Session, people: Mapping[UUID, Due], status: str) -> list[Due]:
    if not people:
        return []
    found = session.scalars(
        select(Payment.contract_id).where(Payment.contract_id.in_(people), Payment.status == status)
    ).all()
    return [people[contract_id] for contract_id in found if contract_id in people]


def _patiently(ask: Callable[[], httpx.Response]) -> httpx.Response:
    for attempt in range(_TRIES):
        try:
            answer = ask()
        except httpx.TransportError:
            if attempt == _TRIES - 1:
                raise
        else:
            if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR or attempt == _TRIES - 1:
                return answer
        time.sleep(_PAUSE_S)
    raise AssertionError("unreachable")
