"""Error pages: what happened, what was not done, the request id, and a way out."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from kernel import log
from kernel.errors import NotFound, Refused
from payments.installation.setup import CompanyNotNamed
from portal.web.kit.i18n import gettext
from portal.web.kit.i18n import lazy_gettext as _
from portal.web.kit.render import environment, render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from starlette.types import Receive, Scope, Send

_log = log.get(__name__)
_DESK = "/staff"
_MACHINES = ("/webhooks/", "/healthz", "/readyz", "/metrics", "/static/")


class Explanation(NamedTuple):
    """What the page says: the headline and what to do."""

    title: str
    text: str


_NOT_SET_UP = Explanation(
    _("Кабинет ещё не настроен"),
    _(
        "Зайдите позже: компания пока не указала, кто она. Ничего не сохранено и не списано. "
        "Владельцу: назовите компанию на сервере командой «kabinet admin company», как описано в README, "
        "и обновите страницу."
    ),
)
_NOT_KNOWN = Explanation(_("Не получилось"), _("Запрос не выполнен. Попробуйте ещё раз."))
EXPLANATIONS: dict[int, Explanation] = {
    400: Explanation(_("Запрос непонятен"), _("Вернитесь на предыдущую страницу и попробуйте ещё раз.")),
    403: Explanation(
        _("Сюда нельзя"),
        _("У вас нет доступа к этой странице, или запрос пришёл не с нашего сайта. Ничего не изменено."),
    ),
    404: Explanation(_("Такой страницы нет"), _("Возможно, в адресе опечатка или ссылка устарела.")),
    405: Explanation(_("Так эта страница не работает"), _("Вернитесь назад и воспользуйтесь кнопкой на странице.")),
    408: Explanation(
        _("Запрос не дошёл целиком"),
        _("Связь слишком медленная или прервалась. Ничего не сохранено. Попробуйте ещё раз."),
    ),
    409: Explanation(_("Сейчас этого сделать нельзя"), _("Обновите страницу: возможно, всё уже сделано.")),
    413: Explanation(_("Слишком много данных"), _("Запрос больше, чем мы принимаем. Ничего не сохранено.")),
    422: Explanation(_("Не удалось разобрать запрос"), _("Проверьте адрес и заполненные поля. Ничего не сохранено.")),
    429: Explanation(_("Нужно подождать"), _("Подождите немного и попробуйте снова.")),
    500: Explanation(
        _("Ошибка на нашей стороне"),
        _("Мы уже знаем о ней. Если вы платили, не платите второй раз: сначала проверьте раздел «Платежи»."),
    ),
    503: Explanation(
        _("Сервис временно занят"),
        _("Попробуйте через минуту. Начатые платежи не потеряются и не спишутся дважды."),
    ),
}
# What is said otherwise to employees.
STAFF_EXPLANATIONS: dict[int, Explanation] = {
    403: Explanation(
        _("Сюда нельзя"),
        _(
            "Этого нет в вашей роли, или запрос пришёл не с рабочего места. Ничего не изменено. Роли назначает владелец."
        ),
    ),
    500: Explanation(
        _("Ошибка на нашей стороне"),
        _("Начатые платежи не потеряются и не спишутся дважды. Что случилось, сказано в журнале сервера."),
    ),
}


class ErrorPage:
    """An ASGI answer with the error page of one status: for middleware, which stands outside the routes."""

    def __init__(self, status: int) -> None:
        self._status = status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await error_response(Request(scope), self._status)(scope, receive, send)


def error_response(
    request: Request,
    status: int,
    text: str | None = None,
    headers: Mapping[str, str] | None = None,
    title: str | None = None,
) -> Response:
    """The answer to a failed request: a page, a toast for htmx, one line of text for a machine.

    `title` and `text` stand in for what the status usually says.
    """
    at_desk = request.url.path.startswith(_DESK)
    usual = (STAFF_EXPLANATIONS.get(status) if at_desk else None) or EXPLANATIONS.get(status, _NOT_KNOWN)
    if _for_machine(request):
        return PlainTextResponse(f"{status} {HTTPStatus(status).phrase}\n", status, dict(headers or {}))
    context = {"status": status, "title": title or usual.title, "text": text or usual.text}
    if request.headers.get("hx-request") == "true":
        toast = environment().get_template("pages/errors/toast.html").render(context)
        place = {"HX-Retarget": "#toasts", "HX-Reswap": "beforeend"}
        return HTMLResponse(toast, status, dict(headers or {}) | place)
    page = "pages/errors/staff.html" if at_desk else "pages/errors/error.html"
    return render(request, page, context, status=status, headers=headers)


def install_error_pages(app: FastAPI) -> None:
    """Answer every error of a route with its page."""
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(NotFound, _not_found)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(CompanyNotNamed, _not_set_up)


def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code < HTTPStatus.BAD_REQUEST:
        return Response(status_code=error.status_code, headers=error.headers)
    # Starlette fills `detail` with the English phrase when a route gives no words of its own.
    own_words = error.detail if error.detail != HTTPStatus(error.status_code).phrase else None
    return error_response(request, error.status_code, own_words, error.headers)


def _unreadable(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # A path parameter that cannot be read names nothing.
    in_path = any(problem["loc"][0] == "path" for problem in error.errors())
    return error_response(request, 404 if in_path else 422)


def _not_found(request: Request, _error: Exception) -> Response:
    return error_response(request, 404)


def _refused(request: Request, error: Exception) -> Response:
    # The rules of money speak Russian; this is where their words are translated.
    return error_response(request, 409, gettext(str(error)) if str(error) else None)


def _not_set_up(request: Request, error: Exception) -> Response:
    _log.error("web.not_set_up", problem=str(error))
    return error_response(request, 503, _NOT_SET_UP.text, title=_NOT_SET_UP.title)


def _for_machine(request: Request) -> bool:
    if request.url.path.startswith(_MACHINES):
        return True
    accept = request.headers.get("accept", "*/*")
    return "text/html" not in accept and "*/*" not in accept
