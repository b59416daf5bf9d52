"""One run from its beginning to its verdict."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select, text

from bench.sections import commit
from crm_sync.models import SyncJob
from crm_sync.part import CRM
from kernel import clock, db
from kernel.db import Session
from payments.reconciliation.running import reconcile
from portal.wiring import Wiring
from tests.crash.harness import coverage, faults, goals
from tests.crash.harness.attack import Attack, prepare
from tests.crash.harness.checker import Verdict
from tests.crash.harness.clockwork import NeverRestsError, Patience, come_to_rest
from tests.crash.harness.company import Company, found
from tests.crash.harness.coverage import Hit
from tests.crash.harness.database import end_leases_before, insist
from tests.crash.harness.figures import Figures, measure
from tests.crash.harness.judging import begun, judge
from tests.crash.harness.nemesis import Nemesis
from tests.crash.harness.oracle import Oracle
from tests.crash.harness.plan import TARGETS, Plan
from tests.crash.harness.reader import Reader
from tests.crash.harness.record import Record
from tests.crash.harness.workload import Due, make_work

_TICK_S = 1.0
_TELL_S = 15.0
# A card that was taken away in doubt is only looked for, and absence counts after a day; a payment page that was left
# is asked about ever more rarely: their points may come last.
_LATE_POINTS = ("list.", "give_up.", "check.")
_STRIDE_S, _STRIDE_EVERY_S, _STRIDES = 7200.0, 1.5, 14
_DUSK_STRIDE_S, _DUSK_EVERY_S = 1800.0, 10.0
_QUIET_S = 6.0
_BACKLOG = text("""
    SELECT (SELECT count(*) FROM payments WHERE status IN ('created', 'sending'))
         + (SELECT count(*) FROM outbox_messages WHERE dispatched_at IS NULL)
         + (SELECT count(*) FROM deliveries WHERE done_at IS NULL AND dead_at IS NULL)
         -- Not what the CRM is behind: a round whose worker dies leaves its customers to their leases.
         AS rows, business_now() AS now
""")
# As many objects as a real portal's limit lets through (docs/adr/0020).
_MIRROR_PER_S = 40.0


@dataclass(frozen=True)
class Result:
    """What a run came to."""

    plan: Plan
    folder: Path
    commit: str
    record: Record
    verdicts: list[Verdict]
    hits: list[Hit]
    figures: Figures
    seconds: float
    rest: str
    oracle: Oracle
    dues: list[Due]
    attack: tuple[float, float]

    @property
    def passed(self) -> bool:
        """Every check passed, and the run was hit hard enough to count."""
        return all(verdict.passed for verdict in self.verdicts) and all(hit.met for hit in self.hits)


def run(plan: Plan, folder: Path, say: Callable[[str], None]) -> Result:
    """Make the company, attack it while it charges, let it come to rest, and judge."""
    record = Record(say)
    commit()  # now: the tree may change while this goes on
    company = found(folder, plan, record)
    result = None
    try:
        result = _run(plan, folder, company, record)
    finally:
        db.dispose()
        company.close()
        if result is not None and result.passed:
            company.engines.erase()  # what is wrong can be looked for in the data; what is right needs none
        record.keep(folder / "record.jsonl")
    return result


def _run(plan: Plan, folder: Path, company: Company, record: Record) -> Result:
    wiring = Wiring(CRM)
    dues = make_work(plan, company.outside)
    clock.follow()
    # 35 days deep, once a day. Under attack it is only read as deep as a worker can that lives for seconds: 48 hours.
    reconcile()
    record.tell(f"{len(dues)} charges announced; the product starts")
    company.outside.control("targets", {"yookassa_url": company.webhook_url})
    attack = prepare(plan, company, record, dues)
    company.hire()
    faults.switch_on(plan, company.outside, dues)
    company.outside.jump_to(dues[0].due_at.isoformat())
    record.tell("the attack begins")
    with begun():
        return _attacked(attack, plan, folder, company, record, wiring, dues)


def _attacked(
    attack: Attack, plan: Plan, folder: Path, company: Company, record: Record, wiring: Wiring, dues: list[Due]
) -> Result:
    began = time.time()
    attack.begin()
    _charge_under(attack, plan, company, record, dues)
    charged = time.time()
    attack.end_of_the_day()
    _a_day(plan, record, attack.nemesis)
    hits = _calm(plan, company, record, attack.nemesis)
    rest = _rest(plan, company, record, wiring, attack.nemesis)
    attack.end()
    oracle = Oracle(company.journal)
    verdicts = judge(attack.evidence(oracle, wiring), rest)
    if attack.cable:
        verdicts.append(attack.cable.hand.verdict())
    cut = attack.cable.hand.settled if attack.cable else []
    figures = measure(oracle, attack.nemesis, cut, began=began, ended=charged)
    if plan.is_long:
        verdicts += goals.judge(figures)
    seconds = time.time() - record.began
    return Result(
        plan, folder, commit(), record, verdicts, hits, figures, seconds, rest, oracle, dues, (began, charged)
    )


def _calm(plan: Plan, company: Company, record: Record, nemesis: Nemesis) -> list[Hit]:
    """The last fault has fallen when this returns; what the run was hit with."""
    nemesis.stop()
    struck = Counter(company.outside.fired())
    company.outside.mend()
    company.programs.arm = lambda _role: ""
    record.note("calm", "the last fault")
    record.tell(f"the last fault; {sum(record.count('died').values())} deaths so far")
    return coverage.covered(plan, record, struck)


def _charge_under(attack: Attack, plan: Plan, company: Company, record: Record, dues: list[Due]) -> None:
    """Until all charges have fallen due and most of the work is done, and each blow that a run must take was struck."""
    began = told = time.monotonic()
    topped = False
    reader = Reader(attack.nemesis)
    while time.monotonic() - began < plan.longest_attack_s:
        time.sleep(_TICK_S)
        reader.look()
        backlog, now = insist(_backlog)
        ahead = sum(due.due_at > now for due in dues)
        if not topped and ahead < plan.charges / 2:
            faults.top_up(plan, company.outside, record)
            topped = True
        open_points = attack.nemesis.open_points(*_LATE_POINTS)
        kills = record.count("kill")
        missing = [target for target in TARGETS if kills[target] < plan.kills_wanted]
        if time.monotonic() - told > _TELL_S:
            told = time.monotonic()
            record.tell(
                f"{ahead} ahead, {backlog} rows in work, {sum(kills.values())} blows, {attack.to_come} acts to come,"
                f" {len(open_points)} points open {open_points[:4]}"
            )
        done = ahead == 0 and backlog <= max(60, plan.charges // 50) and not attack.to_come
        if done and not missing and not open_points:
            return


def _backlog(session: Session) -> tuple[int, datetime]:
    row = session.execute(_BACKLOG).one()
    return int(row.rows), row.now


def _a_day(plan: Plan, record: Record, nemesis: Nemesis) -> None:
    """More than a day in strides, still under attack: what is only looked for is given up, what was declined is tried again."""
    for _ in range(_STRIDES):
        time.sleep(_STRIDE_EVERY_S)
        nemesis.stride(_STRIDE_S)
    # A look that was killed is hinted at again after half a minute, and what was looked for in vain waits for hours.
    strode = time.monotonic()
    until = strode + plan.longest_dusk_s
    while nemesis.open_points() and time.monotonic() < until:
        time.sleep(_TICK_S)
        if time.monotonic() > strode + _DUSK_EVERY_S:
            strode = time.monotonic()
            nemesis.stride(_DUSK_STRIDE_S)
    record.note("clock", "a day has passed")


def _rest(plan: Plan, company: Company, record: Record, wiring: Wiring, nemesis: Nemesis) -> str:
    if plan.short_leases:
        time.sleep(_QUIET_S)
        end_leases_before(nemesis.last_death)
    behind = insist(lambda session: session.execute(select(func.count()).select_from(SyncJob)).scalar_one())
    patience = Patience(plan.patience_s, plan.patience_s + behind / _MIRROR_PER_S)
    try:
        stops = come_to_rest(company.outside, wiring, patience)
    except NeverRestsError as error:
        record.tell(str(error))
        return str(error)
    text_ = (
        f"at rest {patience.house_took_s:.1f} s after the last fault, {stops} stops of the clock;"
        f" the CRM, {behind} objects behind, took {patience.mirror_took_s:.1f} s more"
    )
    record.tell(text_)
    return text_
