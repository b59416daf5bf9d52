"""The company gets another shop at the gateway: other credentials in the settings, and the company named anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

import pytest

from kernel import clock
from kernel.db import Session, begin
from kernel.settings import get_settings
from payments.charging import sending
from payments.installation.setup import name_company
from tests.support.business import COMPANY
from tests.support.world import World

_ACCOUNT = "200600"
_SECRET = "test_another"
_OTHER_COMPANY = replace(COMPANY, inn="7707083893", legal_name="ООО «Другое»")


@dataclass(frozen=True)
class Move:
    """What an owner does to move; each of these answers the new shop's id here."""

    patch: pytest.MonkeyPatch

    def here(self, session: Session, *, other_company: bool = False) -> UUID:
        """In the settings and the database: what there is no gateway for."""
        self.patch.setenv("KABINET_YOOKASSA_SHOP_ID", _ACCOUNT)
        self.patch.setenv("KABINET_YOOKASSA_SECRET_KEY", _SECRET)
        _begin_anew()
        return name_company(session, _OTHER_COMPANY if other_company else COMPANY, get_settings())[1].id

    def in_the(self, world: World) -> UUID:
        """At the gateway too."""
        world.product.control("shops", {"account_id": _ACCOUNT, "secret": _SECRET})
        with begin() as session:
            return self.here(session)

    def back(self) -> None:
        """To the settings of all tests."""
        self.patch.undo()
        _begin_anew()


def _begin_anew() -> None:
    # As a restart of the processes does, each of which reads its settings once.
    sending.dispose(10)
    get_settings.cache_clear()
    clock._earliest_of.cache_clear()
