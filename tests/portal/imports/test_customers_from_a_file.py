from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from kernel.db import Session
from kernel.outbox import OutboxMessage
from payments.customers.models import Customer
from payments.customers.registration import CustomerData, create_customer
from portal.imports.fates import Outcome
from tests.portal.imports import making
from tests.portal.imports.making import counts, import_customers


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "customers.csv"


def stored(session: Session) -> dict[str | None, Customer]:
    return {customer.external_id: customer for customer in session.scalars(select(Customer))}


def test_good_rows_become_customers_and_are_announced(session: Session, path: Path) -> None:
    making.write(path, making.good_customers(30))
    assert counts(import_customers(session, path)) == (30, 0, 0, 0)
    found = stored(session)
    company, entrepreneur, person = found["C-3"], found["C-4"], found["C-5"]
    assert (company.kind, company.name, company.kpp) == ("company", 'ООО "Пример; и 3"', "990101001")
    assert (entrepreneur.kind, entrepreneur.inn, entrepreneur.kpp) == ("company", making.personal_inn(4), None)
    assert (person.kind, person.name, person.phone) == ("person", "Примерова Анна 5", "+79000000005")
    announced = select(func.count()).where(OutboxMessage.topic == "payments.customer_created.v1")
    assert session.scalar(announced) == 30


def test_the_same_file_again_changes_nothing(session: Session, path: Path) -> None:
    making.write(path, making.good_customers(30))
    import_customers(session, path)
    before = session.scalar(select(func.count(OutboxMessage.id)))
    assert counts(import_customers(session, path)) == (0, 0, 30, 0)
    assert session.scalar(select(func.count(OutboxMessage.id))) == before


def test_other_data_of_a_known_code_changes_the_customer(session: Session, path: Path) -> None:
    rows = making.good_customers(5)
    import_customers(session, making.write(path, rows))
    rows[1]["телефон"] = "8 900 111-22-33"
    report = import_customers(session, making.write(path, rows))
    assert counts(report) == (0, 1, 4, 0)
    assert report.fates[1].what == "телефон: +79000000002 → +79001112233"
    assert stored(session)["C-2"].phone == "+79001112233"


def test_an_empty_cell_takes_nothing_away(session: Session, path: Path) -> None:
    data = CustomerData("Анна", "company", "anna@example.com", "+79000000001", making.personal_inn(1))
    create_customer(session, data, external_id="A1")
    path.write_text("код;имя;телефон\nA1;Анна;8 900 000 00 01\n", encoding="utf-8")
    assert counts(import_customers(session, path)) == (0, 0, 1, 0)


def test_one_bad_row_stores_nothing(session: Session, path: Path) -> None:
    rows = making.good_customers(30)
    rows[20]["ИНН"] = "7707083894"
    report = import_customers(session, making.write(path, rows))
    assert (report.stored, counts(report)) == (False, (29, 0, 0, 1))
    assert stored(session) == {}


def test_all_problems_of_a_row_are_told_by_the_files_own_titles(session: Session, path: Path) -> None:
    path.write_text("Код;Ф.И.О.;Тип;Email;Тел.;ИНН\nA1;;слон;x;1;2\n", encoding="utf-8")
    with pytest.raises(Exception, match="имя"):
        import_customers(session, path)
    path.write_text("Код;ФИО;Тип;Email;Тел.;ИНН\nA1;;слон;x;1;2\n", encoding="utf-8")
    problems = import_customers(session, path).problems
    assert [(each.line, each.column) for each in problems] == [
        (2, title) for title in ("ФИО", "Тип", "Email", "Тел.", "ИНН")
    ]


def test_a_repeated_code_names_both_lines_and_stores_neither(session: Session, path: Path) -> None:
    rows = making.good_customers(1500)
    rows[1400]["внешний код"] = "C-1"
    report = import_customers(session, making.write(path, rows), skip_bad=True)
    shown = {each.line: each.reason for each in report.problems}
    # Some names run over two lines, so the later line is not 1402.
    later = report.fates[1400].line
    assert shown == {2: f"то же значение в строке {later}", later: "то же значение в строке 2"}
    assert len(stored(session)) == 1498
    assert "C-1" not in stored(session)


def test_a_code_on_every_line_is_told_shortly(session: Session, path: Path) -> None:
    path.write_text("код;имя;почта\n" + "A1;Анна;a@example.com\n" * 40, encoding="utf-8")
    problems = import_customers(session, path).problems
    assert len(problems) == 40
    assert problems[0].reason == "то же значение в строках 3, 4, 5, 6, 7 и других"


@pytest.mark.parametrize(
    ("kind", "name", "number", "kpp", "told"),
    [
        ("юрлицо", "ООО", making.personal_inn(1), "", "у юрлица в ИНН 10 цифр, здесь 12"),
        ("ИП", "Анна", making.company_inn(1), "", "у ИП в ИНН 12 цифр, здесь 10"),
        ("person", "Анна", making.company_inn(1), "", "у физлица в ИНН 12 цифр, здесь 10"),
        ("физлицо", "Анна", "", "990101001", "у физлица не бывает КПП"),
        ("", "ИП Анна", "", "990101001", "у ИП не бывает КПП"),
    ],
)
def test_requisites_must_fit_the_kind(
    session: Session, path: Path, kind: str, name: str, number: str, kpp: str, told: str
) -> None:
    path.write_text(f"код;тип;имя;почта;ИНН;КПП\nA1;{kind};{name};a@example.com;{number};{kpp}\n", encoding="utf-8")
    assert [each.reason for each in import_customers(session, path).problems] == [told]


@pytest.mark.parametrize(
    ("name", "number", "kind"),
    [
        ("ООО «Пример»", "", "company"),
        ("ип Примеров", "", "company"),
        ("Ипатьев", "", "person"),
        ("Пример", making.company_inn(1), "company"),
        ("Примеров", making.personal_inn(1), "person"),
    ],
)
def test_an_empty_kind_is_told_by_the_name_or_the_inn(
    session: Session, path: Path, name: str, number: str, kind: str
) -> None:
    path.write_text(f"код;имя;почта;ИНН\nA1;{name};a@example.com;{number}\n", encoding="utf-8")
    import_customers(session, path)
    assert stored(session)["A1"].kind == kind


@pytest.mark.parametrize(("mail", "phone"), [("", ""), ("нет", "—")])
def test_a_customer_without_any_contact_is_refused(session: Session, path: Path, mail: str, phone: str) -> None:
    path.write_text(f"код;имя;почта;телефон\nA1;Анна;{mail};{phone}\n", encoding="utf-8")
    assert [each.column for each in import_customers(session, path).problems] == ["почта"]


def test_hostile_names_are_data(session: Session, path: Path) -> None:
    names = ["=HYPERLINK(1)", "+7", "-1", "@SUM(A1)", "[red]x[/red]", "<script>", "'; DROP TABLE customers; --"]
    rows = [{"код": f"H{number}", "имя": name, "почта": "h@example.com"} for number, name in enumerate(names)]
    making.write(path, rows)
    assert counts(import_customers(session, path)) == (len(names), 0, 0, 0)
    assert [stored(session)[f"H{number}"].name for number in range(len(names))] == names


def test_a_dry_run_tells_every_fate_and_writes_nothing(session: Session, path: Path) -> None:
    rows = making.good_customers(6)
    import_customers(session, making.write(path, rows[:3]))
    rows[0]["почта"] = "new@example.com"
    rows[5]["имя"] = ""
    report = making.judge_customers(session, making.write(path, rows))
    assert [fate.outcome for fate in report.fates] == [
        Outcome.CHANGED,
        Outcome.SAME,
        Outcome.SAME,
        Outcome.NEW,
        Outcome.NEW,
        Outcome.BAD,
    ]
    assert len(stored(session)) == 3
