"""What every page of the desk says of the CRM: a line while it takes nothing, and how much waits for a decision."""

from __future__ import annotations

from sqlalchemy import func, select

from crm_sync.models import CrmConnection, SyncJob
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


def _read_parked() -> dict[str, int]:
    with read() as session:
        parked = select(func.count()).select_from(SyncJob).where(SyncJob.status == "parked")
        return {"sync": session.execute(parked).scalar_one()}


_parked = Remembered(_read_parked, _LIFE_S)


def counts() -> dict[str, int]:
    """How many objects the CRM refused, by the key of the section that lists them."""
    return _parked() if get_settings().bitrix24_url else {}


def trouble() -> Trouble | None:
    """What stands still, or nothing."""
    if not get_settings().bitrix24_url or (status := _status()) == "ok":
        return None
    return Trouble(
        _("Битрикс24 нас не пускает") if status == "refused" else _("Битрикс24 не отвечает"),
        _("Кабинет и списания работают. Изменения ждут и уйдут в CRM сами."),
        Link(_("Обмен с CRM"), "/staff/sync"),
    )
