"""A small application with the kit and a few pages of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import wtforms
from fastapi import APIRouter, FastAPI, HTTPException, Request
from jinja2 import ChoiceLoader, FileSystemLoader
from starlette.responses import Response
from starlette.testclient import TestClient

from kernel import log
from kernel.errors import NotFound, Refused
from kernel.settings import Settings
from portal.web.kit.charts import BarChart, DayAmount, bar_chart
from portal.web.kit.fields import DateField, EmailField, InnField, MoneyField, PhoneField
from portal.web.kit.forms import Form, Posted, options, required, ticked
from portal.web.kit.frame import Beat, Brand, Kit, Link, Viewer
from portal.web.kit.install import install_kit
from portal.web.kit.paging import Page
from portal.web.kit.redirects import go_to, leave_to
from portal.web.kit.render import environment, render

TODAY = date(2026, 11, 21)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
BRAND = Brand("Тёплый контур", "ООО «Тёплый контур»", "7707083893", "+78005553535", "", (Link("Условия", "/offer"),))


router = APIRouter()


class SampleForm(Form):
    """Every kind of field."""

    email = EmailField("Почта", [required("Введите почту")])
    phone = PhoneField("Телефон")
    password = wtforms.PasswordField("Пароль", [required("Введите пароль")])
    amount = MoneyField("Сумма")
    first_on = DateField("Первая дата")
    inn = InnField("ИНН")
    note = wtforms.TextAreaField("Заметка")
    contract = wtforms.SelectField("Договор", choices=options([("a", "Все договоры"), ("b", "№ 1")]), default="a")
    way = wtforms.RadioField(
        "Как платить", choices=options([("month", "Каждый месяц"), ("once", "Один раз")]), default="once"
    )
    offer = wtforms.BooleanField("Согласен(на) с офертой", [ticked("Отметьте согласие с офертой")])


def sample_chart() -> BarChart:
    made = [DayAmount(TODAY.replace(day=day), day * 3_000_00) for day in range(1, 22)]
    planned = [DayAmount(TODAY.replace(day=day), 20_000_00, planned=True) for day in range(22, 31)]
    return bar_chart("receipts", "Поступления по дням", made + planned, today=TODAY)


def sample_context(form: Form | None = None) -> dict[str, Any]:
    return {
        "form": form or SampleForm(),
        "today": TODAY,
        "noon": NOON,
        "chart": sample_chart(),
        "page": Page(rows=(1, 2), next_cursor="abc", is_first=False),
    }


@pytest.fixture(scope="session", autouse=True)
def logs_as_in_production() -> None:
    log.configure("WARNING")


@pytest.fixture
def app(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    env = environment()
    assert env.loader
    monkeypatch.setattr(env, "loader", ChoiceLoader([env.loader, FileSystemLoader(Path(__file__).parent / "pages")]))
    app = FastAPI()
    install_kit(app, Kit(settings, brand=lambda: BRAND, beat=lambda: Beat("Списания идут, 15:20", alive=True)))
    app.include_router(router)
    return app


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A browser on our own page, as far as headers go."""
    headers = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    with TestClient(app, "http://localhost:8000", headers=headers, follow_redirects=False) as client:
        yield client


@router.get("/pages/{name}")
def show(request: Request, name: str) -> Response:
    if name != "entry":
        request.state.viewer = Viewer("Анна Ковалёва", "Бухгалтер" if name == "staff" else "", unread=1)
    return render(request, f"{name}.html", sample_context(), fragment="content")


@router.post("/pages/{name}")
def send(request: Request, name: str, posted: Posted) -> Response:
    form = SampleForm(posted)
    if not form.validate():
        return render(request, f"{name}.html", sample_context(form), status=422, fragment="content")
    return go_to(request, "/pages/customer", say="Кабинет создан")


@router.get("/saved")
def saved(request: Request) -> Response:
    return render(request, "customer.html", sample_context(), fragment="content", toast="Сохранено")


@router.get("/leave")
def leave(request: Request) -> Response:
    return leave_to(request, "https://pay.example/checkout?id=1&a=2")


@router.get("/crash")
def crash() -> None:
    raise RuntimeError("the wire broke")


@router.get("/missing")
def missing() -> None:
    raise NotFound


@router.get("/refused")
def refused() -> None:
    raise Refused("Автоплатёж уже отключён")


@router.get("/tired")
def tired() -> None:
    raise HTTPException(429, "Подождите 5 минут", {"Retry-After": "300"})


@router.get("/numbers/{number}")
def numbers(number: int, size: int = 1) -> dict[str, int]:
    return {"number": number * size}


@router.post("/webhooks/gateway")
def webhook() -> dict[str, str]:
    return {}
