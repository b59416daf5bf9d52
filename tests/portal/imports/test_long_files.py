from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import event

from kernel import db
from kernel.db import Session
from tests.portal.imports import making
from tests.portal.imports.making import counts, import_contracts, import_customers

ROWS = 2000


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(db.engine(), "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine(), "before_cursor_execute", note)


def test_a_long_file_takes_a_few_statements_for_a_thousand_rows(session: Session, tmp_path: Path) -> None:
    customers = making.write(tmp_path / "customers.csv", making.good_customers(ROWS))
    contracts = making.write(tmp_path / "contracts.csv", making.good_contracts(ROWS, ROWS))
    with counted_statements() as first:
        assert counts(import_customers(session, customers)) == (ROWS, 0, 0, 0)
        assert counts(import_contracts(session, contracts)) == (ROWS, 0, 0, 0)
    with counted_statements() as again:
        assert counts(import_customers(session, customers)) == (0, 0, ROWS, 0)
        assert counts(import_contracts(session, contracts)) == (0, 0, ROWS, 0)
    assert len(first) < ROWS / 20  # one by one it would be thirty thousand
    assert len(again) < ROWS / 50
