"""Contracts from a file: each new code opens one without autopay, so nothing is charged before its customer agrees.

A contract that is there already is never changed by a file: an equal row is left alone, a different one is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kernel.clock import business_date
from kernel.db import Session
from payments.contracts.models import ON_PAYMENT
from payments.contracts.opening import Terms, open_contracts
from payments.installation.models import Shop
from portal.imports.cells import Cells, text_up_to
from portal.imports.columns import Column
from portal.imports.contract_cells import advance, number
from portal.imports.contract_checks import (
    ADVANCE_WORDS,
    CUSTOMER,
    ContractRow,
    Known,
    differences,
    look_up,
    obstacles,
)
from portal.imports.dates import civil_date
from portal.imports.fates import Decision, Fate, Outcome
from portal.imports.importing import CODE
from portal.imports.periods import period, period_in_words
from portal.imports.sums import kopecks
from portal.imports.table import Row, Table
from portal.web.kit.filters import money


class ContractImport:
    """Reads, judges and stores contracts of one shop; `now` is business time, aware UTC."""

    columns: Sequence[Column] = (
        Column(
            CODE,
            "внешний код",
            ("код", "код договора", "id", "external id", "внешний id", "contract id"),
            required=True,
        ),
        Column(
            CUSTOMER,
            "код клиента",
            ("клиент", "внешний код клиента", "код контрагента", "customer id", "customer external id"),
            required=True,
        ),
        Column("number", "номер", ("номер договора", "договор №", "№", "№ договора", "contract number")),
        Column("title", "название", ("предмет", "услуга", "наименование", "договор", "тариф", "name"), required=True),
        Column(
            "sum", "сумма", ("цена", "стоимость", "сумма, ₽", "сумма, руб", "сумма платежа", "amount"), required=True
        ),
        Column("period", "период", ("периодичность", "как часто", "частота"), required=True),
        Column(
            "next_on",
            "следующая дата",
            ("дата следующего платежа", "следующий платёж", "оплачено до", "next date", "paid until"),
            required=True,
        ),
        Column("advance", "способ", ("порядок", "способ начисления", "следующий платёж появляется")),
    )
    unique: Sequence[str] = (CODE, "number")

    def __init__(self, shop: Shop, now: datetime) -> None:
        self._legal_entity_id = shop.legal_entity_id
        self._shop_id = shop.id
        self._now = now

    def read(self, row: Row, table: Table) -> ContractRow:
        """Parse one row and find every problem of its cells."""
        cells = Cells(row, table.header.titles)
        return ContractRow(
            line=row.line,
            code=cells.required(CODE, text_up_to(64)) or "",
            customer_code=cells.required(CUSTOMER, text_up_to(64)),
            number=cells.optional("number", number),
            title=cells.required("title", text_up_to(250)),
            kopecks=cells.required("sum", kopecks),
            period=cells.required("period", period),
            next_on=cells.required("next_on", civil_date),
            advance=cells.optional("advance", advance),
            problems=tuple(cells.problems),
        )

    def judge(self, session: Session, read: Sequence[ContractRow], table: Table) -> list[Decision[Terms]]:
        """Compare each row with the contract of its code and find its customer, all looked up at once."""
        known = look_up(session, read)
        return [self._decide(row, known, table.header.titles) for row in read]

    def store(self, session: Session, writes: Sequence[Terms]) -> None:
        """Open the contracts."""
        open_contracts(session, writes, now=self._now)

    def _decide(self, row: ContractRow, known: Known, titles: dict[str, str]) -> Decision[Terms]:
        stored = known.contracts.get(row.code)
        today = business_date(self._now)
        more = differences(row, stored, titles) if stored else obstacles(row, known, today, titles)
        problems = (*row.problems, *more)
        if problems:
            return Decision(Fate(row.line, row.code, Outcome.BAD, problems=problems))
        if stored:
            return Decision(Fate(row.line, row.code, Outcome.SAME, stored.contract.title))
        terms = self._terms(row, known)
        return Decision(Fate(row.line, row.code, Outcome.NEW, _introduce(terms)), terms)

    def _terms(self, row: ContractRow, known: Known) -> Terms:
        # A row without problems has them all.
        assert row.title is not None
        assert row.kopecks is not None
        assert row.period is not None
        assert row.next_on is not None
        return Terms(
            customer_id=known.customers[row.customer_code],
            legal_entity_id=self._legal_entity_id,
            shop_id=self._shop_id,
            title=row.title,
            kopecks=row.kopecks,
            first_due_on=row.next_on,
            period=row.period,
            advance=row.advance or ON_PAYMENT,
            number=row.number,
            external_id=row.code,
        )


def _introduce(terms: Terms) -> str:
    every = period_in_words(terms.period) if terms.period else ""
    return (
        f"{terms.title}: {money(terms.kopecks)} {every} с {terms.first_due_on:%d.%m.%Y}, {ADVANCE_WORDS[terms.advance]}"
    )
