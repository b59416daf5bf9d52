"""A company with as many agreements as wanted, and their charges as they fall due."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, select, text

from bench.stand import COMPANY
from kernel.clock import business_now
from kernel.db import begin, engine
from kernel.settings import get_settings
from payments.charging.due import create_due_payments
from payments.charging.models import CREATED, Payment
from payments.installation.setup import name_company
from portal.migrating import migrate

_HERE = Path(__file__).parent
_FALL_DUE = text("""
    WITH waiting AS (
        SELECT id, row_number() OVER (ORDER BY id) AS n, count(*) OVER () AS of_all
        FROM installments WHERE status = 'invoiced' AND charge_at > business_now() + interval '1 day'
    )
    UPDATE installments i SET charge_at = business_now()
    FROM waiting w WHERE w.id = i.id AND w.n * :charges / w.of_all > (w.n - 1) * :charges / w.of_all
""")


def found(contracts: int) -> None:
    """Migrate the database in use and fill it; nothing is due."""
    migrate()
    with begin() as session:
        name_company(session, COMPANY, get_settings())
    run_script("agreements.sql", contracts=contracts)


def run_script(name: str, **values: int) -> None:
    """One of the bench's SQL files in a transaction of its own, then fresh statistics."""
    script = (_HERE / name).read_text(encoding="utf-8")
    for key, value in values.items():
        script = script.replace(f":{key}", str(value))
    with engine().connect() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.exec_driver_sql(script.replace("%", "%%"))
        connection.commit()
    settle()


def settle() -> None:
    """Leave nothing to do in the background: no dead rows, no dirty pages, fresh statistics."""
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))


def fall_due(charges: int) -> None:
    """Let so many lines, spread over all contracts, be charged from now on."""
    with begin() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        fallen: CursorResult[Any] = session.execute(_FALL_DUE, {"charges": charges})  # type: ignore[assignment]  # an UPDATE has a cursor
        if fallen.rowcount < charges:
            raise RuntimeError(f"{fallen.rowcount} lines are left of the {charges} that are wanted")


def make_charges(charges: int) -> Sequence[UUID]:
    """So many charges that may be sent, written by the scheduler's own verb."""
    fall_due(charges)
    made = 0
    while made < charges:
        with begin() as session:
            made += create_due_payments(session, now=business_now(session))
    settle()
    with begin() as session:
        return session.scalars(select(Payment.id).where(Payment.status == CREATED).order_by(Payment.id)).all()
