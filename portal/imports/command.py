"""`kabinet import`: 0 when done, 1 when bad rows stopped it, 2 when the file or the installation is not fit for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.text import Text
from sqlalchemy.exc import IntegrityError, OperationalError

from kernel import db
from kernel.clock import business_now
from kernel.db import Session
from kernel.errors import ConfigurationError, Refused
from kernel.settings import get_settings
from payments.installation.setup import current_shop
from portal.imports.contracts import ContractImport
from portal.imports.customers import CustomerImport
from portal.imports.fates import Outcome, Report
from portal.imports.importing import Importer, import_file, judge_file
from portal.imports.printing import console, print_fates, print_file, print_problems, print_summary, progress
from portal.imports.problems import UnusableFile
from portal.imports.table import Table, open_table

BAD_ROWS = 1
UNFIT = 2

AnyImporter = Importer[Any, Any]


def import_customers(file: Path, *, dry_run: bool, skip_bad: bool) -> None:
    """Store the customers of a CSV file, or only tell what would become of each row.

    Raises:
        typer.Exit: with the code that says what stopped it.
    """
    _run(file, CustomerImport.columns, lambda _session: CustomerImport(), dry_run=dry_run, skip_bad=skip_bad)


def import_contracts(file: Path, *, dry_run: bool, skip_bad: bool) -> None:
    """Store the contracts of a CSV file, or only tell what would become of each row.

    Raises:
        typer.Exit: with the code that says what stopped it.
    """
    _run(file, ContractImport.columns, _contract_import, dry_run=dry_run, skip_bad=skip_bad)


def _contract_import(session: Session) -> ContractImport:
    return ContractImport(current_shop(session, get_settings()), business_now(session))


def _run(file: Path, columns: Any, prepare: Callable[[Session], AnyImporter], *, dry_run: bool, skip_bad: bool) -> None:
    screen = console()
    try:
        table = open_table(file, columns)
        print_file(screen, table)
        report = _rehearse(table, prepare) if dry_run else _import(table, prepare, skip_bad=skip_bad)
    except (UnusableFile, Refused) as error:
        raise _unfit(str(error)) from error
    except ConfigurationError as error:
        raise _unfit("\n".join(("Кабинет ещё не настроен:", *error.problems))) from error
    except IntegrityError as error:
        # Somebody took a code or a number between the judging and the storing.
        raise _unfit("Пока шёл перенос, данные в кабинете изменились. Ничего не записано, повторите") from error
    except OperationalError as error:
        raise _unfit("База данных не отвечает. Ничего не записано") from error
    _tell(screen, report, dry_run=dry_run)
    if report.count(Outcome.BAD) and not skip_bad:
        raise typer.Exit(BAD_ROWS)


def _rehearse(table: Table, prepare: Callable[[Session], AnyImporter]) -> Report:
    with db.read() as session, progress(table) as advance:
        decisions = judge_file(session, prepare(session), table, advance)
    return Report(tuple(decision.fate for decision in decisions), stored=False)


def _import(table: Table, prepare: Callable[[Session], AnyImporter], *, skip_bad: bool) -> Report:
    with db.begin() as session, progress(table) as advance:
        return import_file(session, prepare(session), table, skip_bad=skip_bad, advance=advance)


def _tell(screen: Console, report: Report, *, dry_run: bool) -> None:
    if dry_run:
        print_fates(screen, report.fates)
    elif report.problems:
        print_problems(screen, report.problems)
    print_summary(screen, report)
    if dry_run:
        screen.print("Пробный прогон: ничего не записано")
    elif not report.stored:
        screen.print("Ничего не записано. Исправьте эти строки или повторите с --skip-bad, чтобы их пропустить")
    else:
        screen.print(_stored(report))


def _stored(report: Report) -> str:
    bad = report.count(Outcome.BAD)
    if report.count(Outcome.NEW) or report.count(Outcome.CHANGED):
        return "Записано всё, кроме строк с ошибками" if bad else "Готово"
    if not report.count(Outcome.SAME):
        return "Ничего не записано: строк без ошибок нет" if bad else "Ничего не записано: в файле нет строк"
    return "Ничего не записано: всё, кроме строк с ошибками, уже есть" if bad else "Ничего не записано: всё уже есть"


def _unfit(message: str) -> typer.Exit:
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(message, "red"))
    return typer.Exit(UNFIT)
