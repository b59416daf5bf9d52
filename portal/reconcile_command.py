"""`kabinet reconcile`: read the gateway's lists now, compare, repair if asked to, and say what differs."""

from __future__ import annotations

import json
import sys
from typing import Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kernel import log
from kernel.db import Session, engine, read
from kernel.money import Money
from kernel.settings import get_settings
from payments.reconciliation.models import Difference, Reconciliation
from payments.reconciliation.repairing import Repairs, repair_all
from payments.reconciliation.running import reconcile
from portal.audit.recording import record_act
from portal.revisions import require_same
from portal.web.kit.filters import zoned_text
from portal.web.staff.proof_words import tell
from portal.web.staff.queries.proof import DifferenceRow, act_details, count_differences, open_differences

DIFFERENT = 1
_MOST = 1000
_WIDTH_OF_A_FILE = 160


def run(*, as_json: bool, repairs: bool) -> None:
    """Reconcile 35 days back, or from the watermark where that is earlier.

    Raises:
        Refused: the database is empty, or of another version than this code.
        Unread: the lists could not be read; nothing was changed.
        UnderWay: another reconciliation is going on.
        typer.Exit: 1, something differs.
    """
    # What goes wrong ends in a sentence of its own; lines for machines would stand between those for people.
    log.configure("CRITICAL")
    with engine().connect() as connection:
        require_same(connection)
    if not as_json:
        # Each page that does not come is asked for again, for 44 s: not in silence.
        Console(stderr=True).print("Читаем списки ЮKassa…")
    run_id = reconcile(deep=True)
    repaired = repair_all(by=None, note=_note) if repairs else None
    if repaired and repaired.done:
        run_id = reconcile(deep=True)
    with read() as session:
        reading = session.get_one(Reconciliation, run_id)
        rows = open_differences(session, limit=_MOST)
        still_open, _by_button = count_differences(session)
    if as_json:
        print(json.dumps(_facts(reading, rows, still_open, repaired), ensure_ascii=False, indent=2))  # noqa: T201
    else:
        _tell(reading, rows, still_open, repaired)
    if still_open:
        raise typer.Exit(DIFFERENT)


def _note(session: Session, difference: Difference) -> None:
    details = act_details(session, difference)
    record_act(session, None, "difference.repaired", "difference", difference.id, request=None, details=details)


def _facts(
    reading: Reconciliation, rows: list[DifferenceRow], still_open: int, repaired: Repairs | None
) -> dict[str, Any]:
    return {
        "since": reading.since_at.isoformat(),
        "until": reading.until_at.isoformat(),
        "payments": reading.payments,
        "refunds": reading.refunds,
        "repaired": repaired.done if repaired else 0,
        "refused": repaired.refused if repaired else {},
        "open": still_open,
        "differences": [
            {
                "id": str(row.id),
                "kind": row.kind,
                "gateway_id": row.gateway_id,
                "payment_id": str(row.payment_id) if row.payment_id else None,
                "invoice": row.invoice_number,
                "ours": {"status": row.our_status, "kopecks": row.our_kopecks},
                "theirs": {"status": row.their_status, "kopecks": row.their_kopecks},
                "happened_at": row.happened_at.isoformat(),
                "repair": row.repair,
            }
            for row in rows
        ],
    }


def _tell(reading: Reconciliation, rows: list[DifferenceRow], still_open: int, repaired: Repairs | None) -> None:
    screen = Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=_WIDTH_OF_A_FILE)
    window = f"с {zoned_text(reading.since_at)} до {zoned_text(reading.until_at)}"
    screen.print(f"Прочитано {window}: платежей {reading.payments}, возвратов {reading.refunds}")
    if repaired:
        screen.print(f"Исправлено: {repaired.done}")
        for gateway_id, why in repaired.refused.items():
            screen.print(Text(f"Не исправлено {gateway_id}: {why}", "yellow"))
    if not rows:
        screen.print(Text("Всё сходится", "green"))
        return
    grid = Table(box=SIMPLE_HEAD)
    for heading in ("Что не так", "Номер в ЮKassa", "У нас", "В ЮKassa", "Что делать"):
        grid.add_column(heading, overflow="fold")
    for row in rows:
        words = tell(row)
        grid.add_row(
            words.what,
            row.gateway_id,
            _side(words.ours, row.our_kopecks),
            _side(words.theirs, row.their_kopecks),
            words.todo,
        )
    screen.print(grid)
    screen.print(
        Text(f"Расхождений: {still_open}. Исправить их можно на «Сверке»: {get_settings().base_url}/staff/proof", "red")
    )


def _side(status: str, kopecks: int | None) -> str:
    return " ".join(filter(None, (Money(kopecks).value if kopecks is not None else "", status)))
