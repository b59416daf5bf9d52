"""Pages and fragments from templates: one template answers both, the block's name tells which part."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from jinja2_fragments import render_block
from starlette.responses import HTMLResponse

from portal.web.kit import flash
from portal.web.kit.assets import ROOT, asset_url
from portal.web.kit.filters import FILTERS
from portal.web.kit.frame import frame_for
from portal.web.kit.i18n import gettext, language, ngettext
from portal.web.kit.words import word

if TYPE_CHECKING:
    from starlette.requests import Request

TEMPLATES = ROOT / "templates"
UNPROCESSABLE = 422
_WORTH_COMPRESSING = 1400  # bytes: less fits one packet anyway
_FAST = 4


class Macros:
    """Every macro of `partials/kit/*.html` under its own name: templates write `kit.button(…)` without imports."""

    def load(self, environment: Environment) -> None:
        """Take over the macros of every file. The environment must know this object already: macros call each other."""
        for name in environment.list_templates(filter_func=lambda path: path.startswith("partials/kit/")):
            for macro, value in vars(environment.get_template(name).module).items():
                if callable(value):
                    setattr(self, macro, value)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"no macro {name!r} in templates/partials/kit")

    def __iter__(self) -> Iterator[str]:
        return iter(vars(self))


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The one template environment, for pages and letters alike."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(("html", "svg")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.policies["ext.i18n.trimmed"] = True
    env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    env.filters.update(FILTERS)
    env.globals.update(asset=asset_url, word=word, language=language, field_aria=_field_aria)
    env.globals["kit"] = macros = Macros()
    macros.load(env)
    return env


def render(
    request: Request,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    fragment: str | None = None,
    toast: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """The page, or for htmx only the block named by `fragment`. A page is in the section that it sets itself.

    `toast` is said at once, on a page and beside a fragment. With status 422 the page's title starts with «Ошибка:».
    """
    frame = frame_for(request)
    said = (flash.Toast(toast),) if toast else frame.toasts
    values = dict(context or {}, frame=frame, section="", toasts=said, invalid=status == UNPROCESSABLE)
    if fragment and wants_fragment(request):
        text = render_block(environment(), template, fragment, values)
        text += cast("Macros", environment().globals["kit"]).toasts(said, out_of_band=True) if said else ""
    else:
        text = environment().get_template(template).render(values)
    response = _compressed(request, text, status, headers)
    response.headers.append("Vary", "HX-Request")
    if frame.toasts:
        response.delete_cookie(flash.COOKIE)
    return response


def wants_fragment(request: Request) -> bool:
    """True when htmx asks for a part of a page, not for the page itself."""
    headers = request.headers
    return headers.get("hx-request") == "true" and "hx-history-restore-request" not in headers


def _compressed(request: Request, text: str, status: int, headers: Mapping[str, str] | None) -> HTMLResponse:
    # Page size tells a secret only to one who can make the reader's browser ask with cookies: SameSite=Lax stops that.
    body = text.encode()
    fitting = len(body) > _WORTH_COMPRESSING and "gzip" in request.headers.get("accept-encoding", "")
    response = HTMLResponse(gzip.compress(body, _FAST, mtime=0) if fitting else body, status, dict(headers or {}))
    if fitting:
        response.headers["Content-Encoding"] = "gzip"
    response.headers.append("Vary", "Accept-Encoding")
    return response


def _field_aria(field: Any, hint: str) -> dict[str, str | None]:
    notes = [f"{field.id}-hint"] if hint else []
    if field.errors:
        notes.append(f"{field.id}-error")
    return {"aria-describedby": " ".join(notes) or None, "aria-invalid": "true" if field.errors else None}
