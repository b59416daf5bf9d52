"""What surrounds every page: whose product, who looks, where one can go. Templates see it as `frame`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from kernel.settings import Mode, Settings
from portal.web.kit import flash
from portal.web.kit.i18n import Language, language
from portal.web.kit.i18n import lazy_gettext as _

if TYPE_CHECKING:
    from starlette.requests import Request

Theme = Literal["light", "dark"]
THEME_COOKIE = "theme"
LANGUAGE_COOKIE = "lang"


@dataclass(frozen=True, slots=True)
class Link:
    """A link whose text is already in the reader's language."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Brand:
    """The company as its customers know it; `links` are the footer's legal pages."""

    name: str
    legal_name: str
    inn: str
    phone: str = ""
    email: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at the page. `note` is the second line under the name: a role, a company; `role` is an employee's."""

    name: str
    note: str = ""
    unread: int = 0
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Beat:
    """Whether charges are being made, as the rail says it. A pause is somebody's wish, silence is a failure."""

    text: str
    alive: bool
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that stands still and that employees must know on whatever page they are."""

    title: str
    text: str
    link: Link


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the navigation; a page is in it when its template sets `section` to the key.

    `roles` are the employees who see it, None for all.
    """

    key: str
    url: str
    icon: str
    text: str
    roles: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class SectionGroup:
    """Entries of the staff rail under one title; the first group needs none."""

    title: str
    sections: tuple[Section, ...]


CUSTOMER_SECTIONS = (
    Section("home", "/", "house", _("Главная")),
    Section("payments", "/payments", "receipt-text", _("Платежи")),
    Section("services", "/services", "shopping-bag", _("Услуги")),
    Section("autopay", "/autopay", "repeat", _("Автоплатёж")),
    Section("profile", "/settings/profile", "user", _("Профиль")),
)
STAFF_SECTIONS = (
    SectionGroup("", (Section("desk", "/staff", "layout-dashboard", _("Сводка")),)),
    SectionGroup(
        _("Клиенты"),
        (
            Section("customers", "/staff/customers", "users", _("Клиенты")),
            Section("contracts", "/staff/contracts", "file-text", _("Договоры")),
            Section("invoices", "/staff/invoices", "receipt-text", _("Счета")),
            Section("services", "/staff/services", "shopping-bag", _("Услуги")),
        ),
    ),
    SectionGroup(
        _("Деньги"),
        (
            Section("payments", "/staff/payments", "banknote", _("Платежи")),
            Section("failed-charges", "/staff/failed-charges", "circle-x", _("Отказы банка")),
            Section("proof", "/staff/proof", "shield-check", _("Сверка")),
            Section("webhooks", "/staff/webhooks", "inbox", _("Уведомления ЮKassa")),
        ),
    ),
    SectionGroup(
        _("Работа"),
        (
            Section("messages", "/staff/messages", "mail", _("Письма")),
            Section("sync", "/staff/sync", "refresh-cw", _("Обмен с CRM")),
            Section("jobs", "/staff/jobs", "zap", _("Задания")),
        ),
    ),
    SectionGroup(
        _("Доступ"),
        (
            Section("staff", "/staff/users", "user", _("Сотрудники"), ("owner",)),
            Section("audit", "/staff/audit", "history", _("Журнал действий"), ("owner",)),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Kit:
    """What the composition root tells the web kit; kept as `app.state.kit`.

    `brand`, `beat`, `counts` and `troubles` are asked for each page, so they should answer from memory. `counts` says
    how much in a section, by its key, waits for somebody.
    """

    settings: Settings
    brand: Callable[[], Brand]
    beat: Callable[[], Beat | None]
    counts: Callable[[], Mapping[str, int]] = dict
    customer_sections: tuple[Section, ...] = CUSTOMER_SECTIONS
    staff_sections: tuple[SectionGroup, ...] = STAFF_SECTIONS
    troubles: tuple[Callable[[], Trouble | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """One page's surroundings."""

    brand: Brand
    viewer: Viewer | None
    mode: Mode
    language: Language
    theme: Theme | None
    path: str
    request_id: str
    customer_sections: tuple[Section, ...]
    staff_sections: tuple[SectionGroup, ...]
    beat: Callable[[], Beat | None] = field(repr=False)
    asked_troubles: tuple[Callable[[], Trouble | None], ...] = field(repr=False)
    counts: Callable[[], Mapping[str, int]] = field(repr=False)
    toasts: tuple[flash.Toast, ...] = ()

    def troubles(self) -> list[Trouble]:
        """What stands still at this moment; the page about it says so itself."""
        here = self.path.partition("?")[0]
        told = (ask() for ask in self.asked_troubles)
        return [trouble for trouble in told if trouble is not None and trouble.link.url != here]


def frame_for(request: Request) -> Frame:
    """The surroundings of the page that answers this request. Guards put the `Viewer` into `request.state.viewer`."""
    kit: Kit = request.app.state.kit
    viewer: Viewer | None = getattr(request.state, "viewer", None)
    return Frame(
        brand=kit.brand(),
        viewer=viewer,
        mode=kit.settings.mode,
        language=language(),
        theme=_theme(request.cookies.get(THEME_COOKIE)),
        path=_path_and_query(request),
        request_id=getattr(request.state, "request_id", ""),
        customer_sections=kit.customer_sections,
        staff_sections=_seen_by(viewer.role if viewer else None, kit.staff_sections),
        beat=kit.beat,
        asked_troubles=kit.troubles,
        counts=kit.counts,
        toasts=flash.waiting(request, kit.settings.secret_key),
    )


def _seen_by(role: str | None, groups: tuple[SectionGroup, ...]) -> tuple[SectionGroup, ...]:
    """The entries that lead this employee somewhere, without groups that are left empty."""
    seen = (
        SectionGroup(group.title, tuple(it for it in group.sections if it.roles is None or role in it.roles))
        for group in groups
    )
    return tuple(group for group in seen if group.sections)


def _theme(name: str | None) -> Theme | None:
    if name == "light":
        return "light"
    return "dark" if name == "dark" else None


def _path_and_query(request: Request) -> str:
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path
