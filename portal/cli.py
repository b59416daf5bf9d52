"""The `kabinet` command. A composition root."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from kernel.errors import KabinetError, Refused

# Each command imports what it needs when it runs: most of them need little, and several start at once.
app = typer.Typer(no_args_is_help=True, add_completion=False, help="Личный кабинет с автоплатежами.")
admin = typer.Typer(no_args_is_help=True, help="Компания и сотрудники.")
imports = typer.Typer(no_args_is_help=True, help="Перенести клиентов и договоры из файла CSV (docs/import.md)")
app.add_typer(imports, name="import")
app.add_typer(admin, name="admin")
crm = typer.Typer(no_args_is_help=True, help="Обмен с CRM Битрикс24.")
app.add_typer(crm, name="crm")

consents = typer.Typer(no_args_is_help=True, help="Согласия клиентов.")
app.add_typer(consents, name="consents")

CsvFile = Annotated[Path, typer.Argument(metavar="FILE", help="файл CSV; столбцы описаны в docs/import.md")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="показать судьбу каждой строки, ничего не записывая")]
AsJson = Annotated[bool, typer.Option("--json", help="ответ для программ")]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="записать хорошие строки, плохие перечислить")]


@imports.command("customers")
def customers(file: CsvFile, *, dry_run: DryRun = False, skip_bad: SkipBad = False) -> None:
    """Клиенты: новые добавить, известные по внешнему коду обновить."""
    from portal.imports.command import import_customers

    import_customers(file, dry_run=dry_run, skip_bad=skip_bad)


@imports.command("contracts")
def contracts(file: CsvFile, *, dry_run: DryRun = False, skip_bad: SkipBad = False) -> None:
    """Договоры клиентов. Списаний не будет, пока клиент сам не согласится на автоплатёж."""
    from portal.imports.command import import_contracts

    import_contracts(file, dry_run=dry_run, skip_bad=skip_bad)


@admin.command("create")
def create_employee(
    email: Annotated[str, typer.Argument(help="Почта сотрудника")],
    name: Annotated[str, typer.Option(help="Имя")],
    role: Annotated[str, typer.Option(help="owner, manager, accountant или viewer")] = "owner",
) -> None:
    """Пригласить сотрудника: печатает одноразовую ссылку, по которой он задаст пароль."""
    from kernel import log
    from kernel.settings import get_settings
    from portal.staff_commands import invite

    log.configure(get_settings().log_level)
    typer.echo(invite(email, name, role))


@admin.command("reset-2fa")
def reset_second_step(email: Annotated[str, typer.Argument(help="Почта сотрудника")]) -> None:
    """Сбросить второй шаг входа сотруднику, который потерял телефон: он настроит приложение заново."""
    from kernel import log
    from kernel.settings import get_settings
    from portal.staff_commands import reset

    log.configure(get_settings().log_level)
    typer.echo(reset(email))


@admin.command("company")
def describe_company(
    brand: Annotated[str, typer.Option(help="Название для клиентов")],
    legal_name: Annotated[str, typer.Option(help="Юридическое название")],
    inn: Annotated[str, typer.Option(help="ИНН")],
    phone: Annotated[str | None, typer.Option(help="Телефон поддержки")] = None,
    email: Annotated[str | None, typer.Option(help="Почта поддержки")] = None,
    address: Annotated[str | None, typer.Option(help="Адрес")] = None,
) -> None:
    """Назвать компанию и её магазин в ЮKassa: без них нет ни договоров, ни согласий."""
    from kernel.db import begin
    from kernel.settings import get_settings
    from payments.installation.setup import Company, name_company

    company = Company(brand=brand, legal_name=legal_name, inn=inn, phone=phone, email=email, address=address)
    with begin() as session:
        name_company(session, company, get_settings())


@crm.command("load")
def load_crm() -> None:
    """Поставить в очередь всё, что есть: для нового портала или после долгого перерыва. Лишнего не создаёт."""
    from crm_sync.wanting import want_everything
    from kernel.db import begin
    from kernel.settings import get_settings

    if not get_settings().bitrix24_url:
        raise Refused("KABINET_BITRIX24_URL не задана: обмена с CRM нет")
    with begin() as session:
        typer.echo(f"В очереди: {want_everything(session)}. Ход виден на странице /staff/sync")


@app.command("reconcile")
def reconcile_books(
    *,
    as_json: AsJson = False,
    repair: Annotated[bool, typer.Option("--repair", help="исправить всё, что можно исправить кнопкой")] = False,
) -> None:
    """Сверить платежи со списками ЮKassa. Код 0: всё сходится; 1: есть расхождения или списки не прочитаны."""
    from portal.reconcile_command import run

    run(as_json=as_json, repairs=repair)


@consents.command("verify")
def verify_consents(*, as_json: AsJson = False) -> None:
    """Проверить цепочку согласий: называет каждую строку, которую изменили или удалили. Код 1 — есть такие."""
    from payments.doctor.consents import CONSENTS
    from portal.doctor.command import run_doctor

    raise typer.Exit(0 if run_doctor(CONSENTS, [], as_json=as_json) else 1)


@app.command()
def migrate() -> None:
    """Привести базу данных к этой версии программы; базу более новой версии не менять."""
    from kernel.db import begin, engine
    from kernel.settings import get_settings
    from payments.installation.setup import ensure_installation
    from portal.migrating import migrate as bring_up
    from portal.revisions import is_ahead

    with engine().connect() as connection:
        ahead = is_ahead(connection)
    if ahead:
        typer.echo("База данных уже приведена к более новой версии программы")
        return
    bring_up()
    with begin() as session:
        ensure_installation(session, get_settings())


@app.command()
def backup(file: Annotated[Path, typer.Argument(metavar="FILE", help="новый файл")]) -> None:
    """Сделать копию всей базы одним файлом; останавливать ничего не нужно."""
    from portal.backup.dumping import back_up

    typer.echo(f"{file}: {back_up(file):,} байт".replace(",", "\u00a0"))


@app.command()
def restore(file: Annotated[Path, typer.Argument(metavar="FILE", help="файл от `kabinet backup`")]) -> None:
    """Восстановить копию в пустую базу. Списания стоят, пока её не сверят с ЮKassa и человек их не возобновит."""
    from kernel import log
    from portal.backup.recalling import bring_stops_back
    from portal.backup.restoring import restore as restore_dump

    log.configure("CRITICAL")
    restore_dump(file)
    typer.echo("Копия восстановлена. Списания стоят: запустите процессы, сверьте платежи на странице «Сверка»")
    typer.echo(bring_stops_back())


@app.command()
def doctor(
    names: Annotated[list[str] | None, typer.Argument(metavar="CHECK", help="имена проверок; без них — все")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Проверить, что в учёте всё верно; ничего не меняет. Код 0 — верно, 1 — нарушено, 2 — нет такой проверки."""
    from crm_sync.part import CRM
    from payments.doctor.check import UnknownCheck
    from portal.doctor.command import run_doctor
    from portal.wiring import Wiring

    try:
        sound = run_doctor(Wiring(CRM).checks, names or [], as_json=as_json)
    except UnknownCheck as error:
        raise typer.BadParameter(str(error)) from error
    raise typer.Exit(0 if sound else 1)


@app.command()
def ready() -> None:
    """Сказать, всё ли готово к работе: то же, что /readyz, для проверок без сети."""
    from kernel.db import read
    from portal.checks import unready

    with read() as session:
        missing = unready(session)
    if missing:
        raise Refused(f"не готово: {', '.join(missing)}")
    typer.echo("готово")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Адрес")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Порт")] = 8000,
) -> None:
    """Запустить процесс кабинета: страницы и приём уведомлений."""
    from kernel import log
    from kernel.settings import get_settings
    from portal import serving
    from portal.app import build_app
    from portal.checks import check_start

    log.configure(get_settings().log_level)
    check_start()
    serving.serve(build_app(), host=host, port=port)


@app.command()
def worker() -> None:
    """Запустить процесс, который делает списания и отправляет письма."""
    from portal import worker as process

    process.run()


@app.command()
def scheduler() -> None:
    """Запустить планировщик; их может быть несколько, ведёт один."""
    from crm_sync.part import CRM
    from kernel import clock, log
    from kernel.settings import get_settings
    from portal import scheduler as process
    from portal.checks import check_start
    from portal.wiring import Wiring

    log.configure(get_settings().log_level)
    check_start()
    clock.follow()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    process.run(Wiring(CRM), stop)


@app.command()
def seed() -> None:
    """Наполнить демо: компания, сорок клиентов и год истории."""
    from rich.console import Console

    from crm_sync.part import CRM
    from kernel import log
    from kernel.settings import get_settings
    from portal.demo.seed import seed as play_the_year

    log.configure(get_settings().log_level)
    play_the_year(Console(), CRM)


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Порт кабинета")] = 8000,
    sandbox_port: Annotated[int, typer.Option(help="Порт песочницы")] = 8100,
    smtp_port: Annotated[int, typer.Option(help="Порт почты песочницы; 0 — порт песочницы + 25")] = 0,
    reset: Annotated[bool, typer.Option("--reset", help="Начать заново")] = False,  # noqa: FBT002  a flag
) -> None:
    """Запустить на этой машине всё сразу с выдуманной компанией, до Ctrl-C."""
    from portal.demo.supervisor import run_demo

    raise typer.Exit(run_demo(port=port, sandbox_port=sandbox_port, smtp_port=smtp_port, reset=reset))


def main() -> None:
    """Run the command; an error that names its cause is printed without a traceback."""
    from sqlalchemy.exc import OperationalError

    try:
        app()
    except KabinetError as error:
        _give_up(getattr(error, "problems", None) or [str(error)])
    except OperationalError as error:
        _give_up([f"база данных не отвечает: {str(error.orig).strip()}"])


def _give_up(problems: list[str]) -> NoReturn:
    for problem in problems:
        print(f"kabinet: {problem}", file=sys.stderr)  # noqa: T201  this is a command
    sys.exit(1)


if __name__ == "__main__":
    main()
