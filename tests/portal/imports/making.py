"""Files for the import tests: good rows, and known kinds of damage with the column and the reason each must be named by."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from stdnum.ru import inn as stdnum_inn

from kernel.clock import business_now
from kernel.db import Session
from kernel.settings import get_settings
from payments.installation.models import Shop
from payments.installation.setup import Company, name_company
from portal.imports.contracts import ContractImport
from portal.imports.customers import CustomerImport
from portal.imports.fates import Outcome, Report
from portal.imports.importing import import_file, judge_file
from portal.imports.table import open_table

Record = dict[str, str]
CUSTOMER_TITLES = ("внешний код", "тип", "имя", "почта", "телефон", "ИНН", "КПП")
CONTRACT_TITLES = ("внешний код", "код клиента", "номер", "название", "сумма", "период", "следующая дата", "способ")
EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"


@dataclass(frozen=True)
class Damage:
    """One way in which a row goes wrong: what to change, and what the report must then say."""

    column: str
    value: str
    reason: str


CUSTOMER_DAMAGES = (
    Damage("внешний код", "", "не заполнено"),
    Damage("имя", "  ", "не заполнено"),
    Damage("имя", "Пример\x1bов", "недопустимый символ U+001B"),
    Damage("тип", "турист", "неизвестный тип"),
    Damage("почта", "annа@example.com", "русская буква «а»"),
    Damage("почта", "anna.example.com", "это не адрес почты"),
    Damage("почта", "a@example.com, b@example.com", "несколько адресов"),
    Damage("телефон", "8 900 000-00-0", "такого номера не бывает"),
    Damage("телефон", "8 9OO 000-00-00", "в номере лишние знаки"),
    Damage("телефон", "8 900 000-00-01 / 8 900 000-00-02", "несколько номеров"),
    Damage("телефон", "8 900 000-00-01 доб. 7", "добавочный"),
    Damage("телефон", "7,9E+10", "Excel"),
    Damage("ИНН", "7707083894", "контрольная цифра"),
    Damage("ИНН", "770708389", "потерян ноль"),
    Damage("ИНН", "77О7083893", "только из цифр"),
    Damage("КПП", "12345", "9 цифр"),
)
CONTRACT_DAMAGES = (
    Damage("внешний код", "", "не заполнено"),
    Damage("код клиента", "C-404", "такого клиента нет"),
    Damage("код клиента", "С-1", "буквами другого алфавита"),
    Damage("номер", "2031-0007", "выдаёт сам кабинет"),
    Damage("название", "", "не заполнено"),
    Damage("сумма", "1,234", "непонятно"),
    Damage("сумма", "-5", "отрицательная"),
    Damage("сумма", "0,50", "меньше одного рубля"),
    Damage("сумма", "договорная", "это не сумма"),
    Damage("период", "иногда", "непонятный период"),
    Damage("период", "день", "период слишком короткий"),
    Damage("следующая дата", "31.02.2030", "такого дня нет"),
    Damage("следующая дата", "01.02.2020", "дата уже прошла"),
    Damage("следующая дата", "01.02.30", "год двумя цифрами"),
    Damage("следующая дата", "01.02.2200", "дальше чем через десять лет"),
    Damage("способ", "как-нибудь", "неизвестный способ"),
)


def good_customers(count: int) -> list[Record]:
    """People, entrepreneurs and companies with codes C-1, C-2, …"""
    return [dict(zip(CUSTOMER_TITLES, _customer(n), strict=True)) for n in range(1, count + 1)]


def good_contracts(count: int, customers: int) -> list[Record]:
    """Contracts D-1, D-2, … of customers C-1 to C-`customers`."""
    return [dict(zip(CONTRACT_TITLES, _contract(n, customers), strict=True)) for n in range(1, count + 1)]


def break_a_third(rows: list[Record], damages: Iterable[Damage], seed: int) -> dict[int, Damage]:
    """Damage a third of the rows in place, every kind in turn; answers the damage by the file's line."""
    chosen = random.Random(seed).sample(range(len(rows)), len(rows) // 3)
    kinds = list(damages)
    done = {}
    for number, place in enumerate(chosen):
        damage = kinds[number % len(kinds)]
        rows[place][damage.column] = damage.value
        done[place + 2] = damage
    return done


def write(path: Path, rows: list[Record], *, delimiter: str = ";", encoding: str = "utf-8", end: str = "\n") -> Path:
    """The rows as a file with their keys for a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def a_company(session: Session) -> Shop:
    """A named company with its shop."""
    return name_company(session, Company("Пример", "ООО «Пример»", "7707083893"), get_settings())[1]


def import_customers(session: Session, path: Path, *, skip_bad: bool = False) -> Report:
    """Import a file of customers in this session."""
    importer = CustomerImport()
    return import_file(session, importer, open_table(path, importer.columns), skip_bad=skip_bad, advance=_ignore)


def import_contracts(session: Session, path: Path, *, skip_bad: bool = False) -> Report:
    """Import a file of contracts of the company in this session, today by its clock."""
    importer = ContractImport(a_company(session), business_now(session))
    return import_file(session, importer, open_table(path, importer.columns), skip_bad=skip_bad, advance=_ignore)


def judge_customers(session: Session, path: Path) -> Report:
    """A dry run."""
    importer = CustomerImport()
    decisions = judge_file(session, importer, open_table(path, importer.columns), _ignore)
    return Report(tuple(decision.fate for decision in decisions), stored=False)


def counts(report: Report) -> tuple[int, int, int, int]:
    """New, changed, unchanged, bad."""
    new, changed, same, bad = (report.count(each) for each in (Outcome.NEW, Outcome.CHANGED, Outcome.SAME, Outcome.BAD))
    return new, changed, same, bad


def company_inn(n: int) -> str:
    """A right ИНН that belongs to nobody: there is no region 00."""
    begin = f"00{n:07d}"
    return begin + str(stdnum_inn.calc_company_check_digit(begin))


def personal_inn(n: int) -> str:
    """The same for a person or an entrepreneur."""
    begin = f"00{n:08d}"
    return begin + str(stdnum_inn.calc_personal_check_digits(begin))


PHONES: tuple[Callable[[str, str], str], ...] = (
    lambda a, b: f"+7 (900) 000-{a}-{b}",
    lambda a, b: f"8 (900) 000-{a}-{b}",
    lambda a, b: f"8-900-000-{a}-{b}",
    lambda a, b: f"8900000{a}{b}",
    lambda a, b: f"7900000{a}{b}",
    lambda a, b: f"+7900000{a}{b}",
    lambda a, b: f"900 000 {a} {b}",
    lambda a, b: f"+7.900.000.{a}.{b}",
    lambda a, b: f"тел. 8 900 000-{a}-{b}",
    lambda a, b: f"'8\u00a0900\u00a0000\u2011{a}\u2011{b}",
)


def _customer(n: int) -> tuple[str, ...]:
    phone = PHONES[n % len(PHONES)](f"{n // 100 % 100:02d}", f"{n % 100:02d}")
    mail = f"primer{n}@example.com"
    if n % 3 == 0:
        return f"C-{n}", "Юрлицо", f'ООО "Пример; и {n}"', mail, phone, company_inn(n), "990101001"
    if n % 3 == 1:
        return f"C-{n}", "ИП", f"ИП Примеров {n}", mail, phone, personal_inn(n), "-"
    return f"C-{n}", "физ. лицо", f"Примерова\nАнна {n}" if n % 2 else f"Примерова Анна {n}", mail, phone, "", ""


def _contract(n: int, customers: int) -> tuple[str, ...]:
    sums = (f"{n + 1} 234,56", f"{n + 1}234.56", f"{n % 9 + 1},234.56", f"{n % 9 + 1}\u00a0500,00 ₽", f"{n + 100}")
    periods = ("месяц", "ежеквартально", "2 месяца", "год", "неделя")
    day = date(2030, 1 + n % 12, 1 + n % 28)
    return (
        f"D-{n}",
        f"C-{n % customers + 1}",
        f"№ {n}/А" if n % 2 else "",
        f"Аренда, кабинет {n}",
        sums[n % 5],
        periods[n % 5],
        f"{day:%d.%m.%Y}" if n % 2 else day.isoformat(),
        ("по оплате", "по календарю", "")[n % 3],
    )


def _ignore(_line: int) -> None:
    pass
