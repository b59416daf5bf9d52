"""Customers from a file: a new code makes a customer, a known one changes it; an empty cell takes nothing away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from uuid import UUID

from sqlalchemy import select

from kernel.db import Session
from payments.customers.models import COMPANY, PERSON, Customer
from payments.customers.registration import CustomerData, change_customers, create_customers
from portal.imports.cells import Cells, text_up_to
from portal.imports.columns import Column
from portal.imports.contacts import email, phone
from portal.imports.fates import Decision, Fate, Outcome
from portal.imports.importing import CODE
from portal.imports.problems import BadCell, Problem
from portal.imports.requisites import COMPANY_DIGITS, PERSON_DIGITS, inn, kpp
from portal.imports.table import Row, Table
from portal.web.kit.filters import phone as spoken_phone

ENTREPRENEUR = "entrepreneur"
_KINDS = {
    PERSON: ("физлицо", "физ лицо", "физическое лицо", "частное лицо", "человек", "фл", "person"),
    ENTREPRENEUR: ("ип", "индивидуальный предприниматель", "предприниматель", "entrepreneur"),
    COMPANY: ("юрлицо", "юр лицо", "юридическое лицо", "организация", "компания", "юл", "ооо", "ао", "company"),
}
_LEGAL_FORM = re.compile(r"^(ИП|ООО|АО|ПАО|ЗАО|НАО|АНО|НКО|ТСЖ|ТСН|СНТ|ГБУ|МБУ)\b", re.IGNORECASE)
_TITLES = {
    "kind": "тип",
    "name": "имя",
    "email": "почта",
    "phone": "телефон",
    "inn": "ИНН",
    "kpp": "КПП",
}


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """One row as read. `kind` is None when neither the cell, the name nor the ИНН tells it."""

    line: int
    code: str
    kind: str | None
    data: CustomerData
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class CustomerWrite:
    """What storing a row takes: a new customer with this code, or new data of a known one."""

    code: str
    data: CustomerData
    customer_id: UUID | None = None


class CustomerImport:
    """Reads, judges and stores customers."""

    columns: Sequence[Column] = (
        Column(
            CODE,
            "внешний код",
            ("код", "код клиента", "id", "external id", "внешний id", "ид", "код контрагента", "customer id"),
            required=True,
        ),
        Column("kind", _TITLES["kind"], ("вид", "тип клиента", "тип лица", "форма", "type")),
        Column(
            "name",
            _TITLES["name"],
            ("фио", "название", "наименование", "клиент", "контрагент", "имя или название", "full name", "customer"),
            required=True,
        ),
        Column("email", _TITLES["email"], ("e-mail", "емейл", "мейл", "электронная почта", "адрес почты", "эл. почта")),
        Column("phone", _TITLES["phone"], ("тел", "номер телефона", "мобильный", "моб. телефон", "тел.", "mobile")),
        Column("inn", _TITLES["inn"], ("tax id",)),
        Column("kpp", _TITLES["kpp"]),
    )
    unique: Sequence[str] = (CODE,)

    def read(self, row: Row, table: Table) -> CustomerRow:
        """Parse one row and find every problem of its cells."""
        cells = Cells(row, table.header.titles)
        code = cells.required(CODE, text_up_to(64))
        name = cells.required("name", text_up_to(250))
        said = cells.optional("kind", _kind)
        data = CustomerData(
            name=name or "",
            email=cells.optional("email", email),
            phone=cells.optional("phone", phone),
            inn=cells.optional("inn", inn),
            kpp=cells.optional("kpp", kpp),
        )
        kind = said or _kind_of_name(data.name)
        _require_contact(cells, data)
        if not cells.has_problem("kind"):
            _require_fitting(cells, kind or _kind_of_inn(data.inn) or PERSON, data)
        told = _stored(kind or _kind_of_inn(data.inn))
        data = replace(data, kind=told or PERSON)
        return CustomerRow(row.line, code or "", told, data, tuple(cells.problems))

    def judge(self, session: Session, read: Sequence[CustomerRow], table: Table) -> list[Decision[CustomerWrite]]:
        """Compare each row with the customer of its code, all looked up at once."""
        del table
        codes = [row.code for row in read]
        found = session.scalars(select(Customer).where(Customer.external_id.in_(codes))).all()
        known = {customer.external_id: customer for customer in found}
        return [_decide(row, known.get(row.code)) for row in read]

    def store(self, session: Session, writes: Sequence[CustomerWrite]) -> None:
        """Create the new ones and change the others."""
        create_customers(session, [(write.data, write.code) for write in writes if write.customer_id is None])
        change_customers(session, {write.customer_id: write.data for write in writes if write.customer_id is not None})


def _decide(row: CustomerRow, known: Customer | None) -> Decision[CustomerWrite]:
    if row.problems:
        return Decision(Fate(row.line, row.code, Outcome.BAD, problems=row.problems))
    if known is None:
        return Decision(Fate(row.line, row.code, Outcome.NEW, _introduce(row.data)), CustomerWrite(row.code, row.data))
    merged = _merge(row, known)
    stored = {field: getattr(known, field) for field in _TITLES}
    different = {field: value for field, value in asdict(merged).items() if value != stored[field]}
    if not different:
        return Decision(Fate(row.line, row.code, Outcome.SAME, known.name))
    what = "; ".join(f"{_TITLES[field]}: {stored[field] or 'пусто'} → {value}" for field, value in different.items())
    return Decision(Fate(row.line, row.code, Outcome.CHANGED, what), CustomerWrite(row.code, merged, known.id))


def _merge(row: CustomerRow, known: Customer) -> CustomerData:
    said = {field: value for field, value in asdict(row.data).items() if value is not None}
    if row.kind is None:
        del said["kind"]
    return CustomerData(**{field: said.get(field, getattr(known, field)) for field in _TITLES})


def _introduce(data: CustomerData) -> str:
    contacts = (data.email, spoken_phone(data.phone) if data.phone else None)
    return ", ".join(filter(None, (data.name, *contacts)))


def _kind(text: str) -> str:
    words = re.sub(r"[\W_]+", " ", text.casefold()).strip()
    for kind, names in _KINDS.items():
        if words in names:
            return kind
    raise BadCell("неизвестный тип: физлицо, ИП или юрлицо")


def _kind_of_name(name: str) -> str | None:
    form = _LEGAL_FORM.match(name)
    if form is None:
        return None
    return ENTREPRENEUR if form[1].upper() == "ИП" else COMPANY


def _kind_of_inn(number: str | None) -> str | None:
    """Twelve digits tell nothing: people and entrepreneurs have them alike."""
    return COMPANY if number and len(number) == COMPANY_DIGITS else None


def _stored(kind: str | None) -> str | None:
    """An entrepreneur is a person by ИНН, but signs and is billed as a company."""
    return COMPANY if kind == ENTREPRENEUR else kind


def _require_contact(cells: Cells, data: CustomerData) -> None:
    if not (data.email or data.phone or cells.has_problem("email") or cells.has_problem("phone")):
        cells.complain("email", "нужна почта или телефон: иначе клиента не предупредить о списании")


def _require_fitting(cells: Cells, kind: str, data: CustomerData) -> None:
    digits = COMPANY_DIGITS if kind == COMPANY else PERSON_DIGITS
    if data.inn and len(data.inn) != digits:
        cells.complain("inn", f"у {_WHOSE[kind]} в ИНН {digits} цифр, здесь {len(data.inn)}")
    if data.kpp and kind != COMPANY:
        cells.complain("kpp", f"у {_WHOSE[kind]} не бывает КПП")


_WHOSE = {PERSON: "физлица", ENTREPRENEUR: "ИП", COMPANY: "юрлица"}
