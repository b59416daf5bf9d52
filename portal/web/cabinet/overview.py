"""What the home page says: the next charge, what is to be paid, what went wrong, what comes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from portal.notifications.reasons import Reason, reason_words
from portal.web.cabinet.queries.lines import Card, DueLine

_COMING = 3


@dataclass(frozen=True, slots=True)
class Declined:
    """An invoice whose last charge failed; `line.charge_on` is the next try, None when there is none, or it waits."""

    line: DueLine
    reason: Reason


@dataclass(frozen=True, slots=True)
class Expiring:
    """A card that ends before a charge: the first one that it will not serve, and the last before that, if any."""

    line: DueLine
    card: Card
    last_good: date | None
    first_bad: date


@dataclass(frozen=True, slots=True)
class Coming:
    """A line on the calendar of what is next; `how` the money moves: autopay, retry, charging (it has left), stalled, invoice."""

    on: date
    title: str
    contract_id: UUID
    kopecks: int
    how: str


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that the home page shows besides the last payments."""

    next_line: DueLine | None
    to_pay: tuple[DueLine, ...]
    overdue: int
    contracts: tuple[DueLine, ...]
    coming: tuple[Coming, ...]
    declined: tuple[Declined, ...] = ()
    suspended: tuple[DueLine, ...] = ()
    unconfirmed: tuple[DueLine, ...] = ()
    expiring: tuple[Expiring, ...] = ()
    under_way: tuple[DueLine, ...] = ()
    stalled: tuple[DueLine, ...] = ()
    unfinished: tuple[DueLine, ...] = ()

    @property
    def to_pay_kopecks(self) -> int:
        """How much is asked for by hand."""
        return sum(line.kopecks for line in self.to_pay)

    @property
    def holding(self) -> int:
        """How many invoices must be paid by hand before the next line of their contracts appears."""
        return sum(line.moves_on_payment and line.recurring and not line.is_stopped for line in self.to_pay)


def overview(lines: Sequence[DueLine], today: date) -> Overview:
    """Read the home page out of the due lines, which are sorted by date; `today` is the business date."""
    running = [line for line in lines if not line.is_draft]
    to_pay = tuple(line for line in running if line.to_pay)
    return Overview(
        next_line=_next(running),
        to_pay=to_pay,
        overdue=sum(line.due_on < today for line in to_pay),
        contracts=tuple(_one_per_contract(running)),
        coming=_coming(running, today),
        declined=tuple(_declined(running)),
        suspended=tuple(_silently_suspended(running)),
        unconfirmed=tuple(line for line in _one_per_contract(running) if line.unconfirmed),
        expiring=tuple(_expiring(running)),
        under_way=tuple(line for line in lines if line.payment and line.payment.is_live and not line.stalled),
        stalled=tuple(line for line in running if line.stalled and not _has_failed(line)),
        unfinished=tuple(line for line in lines if line.unfinished),
    )


def dates_ahead(line: DueLine) -> tuple[date, ...]:
    """The next three dates of one contract, from its soonest line on."""
    return (line.on, *line.following)[:_COMING]


def _next(lines: Sequence[DueLine]) -> DueLine | None:
    charges = [line for line in lines if line.charge_on]
    planned = [line for line in lines if line.status == "planned"]
    return next(iter(charges or planned), None)


def _one_per_contract(lines: Iterable[DueLine]) -> list[DueLine]:
    found: dict[UUID, DueLine] = {}
    for line in lines:
        found.setdefault(line.contract_id, line)
    return list(found.values())


def _coming(lines: Sequence[DueLine], today: date) -> tuple[Coming, ...]:
    days = [
        Coming(line.on, line.title, line.contract_id, line.kopecks, _how(line))
        for line in lines
        if line.status == "planned" or line.charge_on or line.due_on >= today
    ]
    for line in _last_of_contract(lines):
        how = "autopay" if line.autopay == "active" else "invoice"
        if line.to_pay and line.moves_on_payment and line.due_on < today:
            continue  # nothing follows before this one is paid, and its own date has gone
        days += [Coming(day, line.title, line.contract_id, line.plan_kopecks, how) for day in line.following]
    ahead = [day for day in days if day.on >= today]
    return tuple(sorted(ahead, key=lambda day: (day.on, day.title))[:_COMING])


def _how(line: DueLine) -> str:
    if line.stalled:
        return "stalled"
    if line.payment and line.payment.is_live and line.payment.initiator == "schedule":
        return "charging"
    if line.charge_on is None:
        return "invoice"
    return "retry" if line.repeats else "autopay"


def _last_of_contract(lines: Iterable[DueLine]) -> list[DueLine]:
    found: dict[UUID, DueLine] = {}
    for line in lines:
        if line.contract_id not in found or line.number > found[line.contract_id].number:
            found[line.contract_id] = line
    return list(found.values())


def _declined(lines: Iterable[DueLine]) -> Iterable[Declined]:
    for line in lines:
        if line.payment and _has_failed(line):
            yield Declined(line, reason_words(line.payment.reason))


def _has_failed(line: DueLine) -> bool:
    return line.payment is not None and line.payment.status == "canceled" and line.payment.initiator == "schedule"


def _silently_suspended(lines: Sequence[DueLine]) -> Iterable[DueLine]:
    # Where a declined charge tells the story already, a second alarm about the same card says nothing new; and a
    # contract that is stopped itself cannot be moved to another card.
    told = {declined.line.contract_id for declined in _declined(lines)}
    dead = (line for line in _one_per_contract(lines) if line.autopay == "suspended" and not line.is_stopped)
    return (line for line in dead if line.contract_id not in told)


def _expiring(lines: Iterable[DueLine]) -> Iterable[Expiring]:
    warned: set[UUID] = set()
    for line in lines:
        ends = line.card.expires_on if line.card and line.card.usable else None
        if line.autopay != "active" or line.card is None or ends is None or line.card.id in warned:
            continue
        # Two dates ahead: early enough to act, and not yet a nuisance.
        dates = dates_ahead(line)[:2]
        bad = [day for day in dates if day > ends]
        if bad:
            warned.add(line.card.id)
            good = [day for day in dates if day <= ends]
            yield Expiring(line, line.card, good[-1] if good else None, bad[0])
