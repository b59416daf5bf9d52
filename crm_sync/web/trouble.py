"""The line on every page of the desk while the CRM does not take anything."""

from __future__ import annotations

from sqlalchemy import select

from crm_sync.models import CrmConnection
from kernel.db import read
from kernel.settings import get_settings
from portal.web.kit.frame import Link, Trouble
from portal.web.kit.i18n import gettext as _
from portal.web.kit.remembered import Remembered

_LIFE_S = 5.0


def _read_status() -> str:
    with read() as session:
        return session.execute(select(CrmConnection.status)).scalar_one_or_none() or "ok"


_status = Remembered(_read_status, _LIFE_S)


def trouble() -> Trouble | None:
    """What stands still, or nothing."""
    if not get_settings().bitrix24_url or (status := _status()) == "ok":
        return None
    return Trouble(
        _("Битрикс24 нас не пускает") if status == "refused" else _("Битрикс24 не отвечает"),
        _("Кабинет и списания работают. Изменения ждут и уйдут в CRM сами."),
        Link(_("Обмен с CRM"), "/staff/sync"),
    )
