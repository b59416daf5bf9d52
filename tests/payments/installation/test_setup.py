"""A database belongs to one mode and one business time, and its shop to a company that was named."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from kernel.db import Session
from kernel.errors import ConfigurationError
from kernel.settings import get_settings
from payments.installation.models import LegalEntity, Shop
from payments.installation.setup import CompanyNotNamed, current_shop, ensure_installation, name_company
from tests.support.business import COMPANY


def test_a_second_start_finds_what_the_first_one_made(session: Session) -> None:
    first = ensure_installation(session, get_settings())
    session.flush()

    assert ensure_installation(session, get_settings()) is first


@pytest.mark.parametrize(
    ("other", "named"), [({"mode": "demo"}, "KABINET_MODE"), ({"business_tz": "Asia/Omsk"}, "KABINET_BUSINESS_TZ")]
)
def test_a_database_of_another_mode_or_time_zone_is_refused(
    session: Session, other: dict[str, str], named: str
) -> None:
    ensure_installation(session, get_settings())
    session.flush()

    with pytest.raises(ConfigurationError, match=named):
        ensure_installation(session, get_settings().model_copy(update=other))


def test_a_shop_is_nobodys_until_a_company_is_named(session: Session) -> None:
    with pytest.raises(CompanyNotNamed, match="100500"):
        current_shop(session, get_settings())

    _, shop = name_company(session, COMPANY, get_settings())
    assert current_shop(session, get_settings()).id == shop.id


def test_a_company_named_again_gets_its_new_names_and_no_second_shop(session: Session) -> None:
    before, _ = name_company(session, COMPANY, get_settings())
    after, _ = name_company(session, replace(COMPANY, brand="Контур", phone="+74950000000"), get_settings())

    assert (after.id, after.phone) == (before.id, "+74950000000")
    assert ensure_installation(session, get_settings()).brand == "Контур"
    for table in (LegalEntity, Shop):
        assert session.execute(select(func.count()).select_from(table)).scalar_one() == 1
