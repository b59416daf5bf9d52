"""Codes of the app and of paper: each works once, for a minute and a half at most, and only for its owner."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pyotp
import pytest
from sqlalchemy import select

from kernel.db import Session
from kernel.settings import get_settings
from portal.accounts.errors import WrongCode
from portal.accounts.models import User, UserSession
from portal.accounts.sealing import SealBroken, seal, unseal
from portal.accounts.second_factor.backup_codes import AMOUNT, count_codes, replace_codes
from portal.accounts.second_factor.checking import check_code, has_authenticator
from portal.accounts.second_factor.enrolling import enrol, make_offer, remove
from portal.accounts.second_factor.models import Authenticator, BackupCode
from portal.accounts.second_factor.totp import setup_address
from portal.accounts.sessions import STAFF, find_session, start_session
from tests.portal.accounts.people import HOME, letters_to

pytestmark = pytest.mark.usefixtures("company")
BEGAN = datetime.fromisoformat("2026-11-21T12:00:10+00:00")
STEP = timedelta(seconds=30)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def boss(session: Session, email: str = "boss@example.com") -> User:
    user = User(email=email, name="Олег", password_hash="-", staff_role="owner", email_confirmed_at=BEGAN)
    session.add(user)
    session.flush()
    return user


def enrolled(session: Session, user: User, *, now: datetime = BEGAN) -> tuple[pyotp.TOTP, list[str]]:
    """The app of the user, set up at `now`, and the backup codes."""
    start_session(session, user.id, STAFF, HOME, now=now)
    row = session.scalars(select(UserSession).where(UserSession.user_id == user.id)).first()
    assert row
    offer = make_offer(user.id)
    app = pyotp.TOTP(offer.secret)
    return app, enrol(session, user.id, row.id, sealed=offer.sealed, code=app.at(now), now=now)


def test_a_code_of_the_app_opens_once(session: Session) -> None:
    user = boss(session)
    app, _codes = enrolled(session, user)
    later = BEGAN + 3 * STEP

    assert check_code(session, user.id, app.at(later), now=later)
    with pytest.raises(WrongCode):
        check_code(session, user.id, app.at(later), now=later)


def test_the_code_that_set_the_app_up_is_used_too(session: Session) -> None:
    user = boss(session)
    app, _codes = enrolled(session, user)

    with pytest.raises(WrongCode):
        check_code(session, user.id, app.at(BEGAN), now=BEGAN)


@pytest.mark.parametrize(("off", "opens"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_off_and_no_more(session: Session, off: int, *, opens: bool) -> None:
    user = boss(session)
    app, _codes = enrolled(session, user)
    now = BEGAN + 10 * STEP

    if opens:
        assert check_code(session, user.id, app.at(now + off * STEP), now=now)
    else:
        with pytest.raises(WrongCode):
            check_code(session, user.id, app.at(now + off * STEP), now=now)


def test_after_a_code_no_earlier_one_works(session: Session) -> None:
    user = boss(session)
    app, _codes = enrolled(session, user)
    now = BEGAN + 10 * STEP
    check_code(session, user.id, app.at(now), now=now)

    with pytest.raises(WrongCode):
        check_code(session, user.id, app.at(now - STEP), now=now)


def test_a_code_may_be_typed_with_spaces(session: Session) -> None:
    user = boss(session)
    app, _codes = enrolled(session, user)
    now = BEGAN + 10 * STEP
    code = app.at(now)

    assert check_code(session, user.id, f" {code[:3]} {code[3:]} ", now=now)


def test_a_colleagues_code_opens_nothing(session: Session) -> None:
    user, colleague = boss(session), boss(session, "other@example.com")
    enrolled(session, user)
    app, codes = enrolled(session, colleague)
    now = BEGAN + 10 * STEP

    for code in (app.at(now), codes[0]):
        with pytest.raises(WrongCode):
            check_code(session, user.id, code, now=now)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "абвгде", "0" * 40, "' OR 1=1 --"])
def test_what_is_no_code_opens_nothing(session: Session, code: str) -> None:
    user = boss(session)
    enrolled(session, user)

    with pytest.raises(WrongCode):
        check_code(session, user.id, code, now=BEGAN + 10 * STEP)


def test_a_backup_code_opens_once_however_it_is_typed(session: Session) -> None:
    user = boss(session)
    _app, codes = enrolled(session, user)
    typed = codes[0].lower().replace("-", " ")

    assert len(set(codes)) == AMOUNT
    assert not check_code(session, user.id, typed, now=BEGAN), "it is none of the app"
    with pytest.raises(WrongCode):
        check_code(session, user.id, typed, now=BEGAN)
    assert count_codes(session, user.id) == AMOUNT - 1


def test_new_backup_codes_end_the_earlier_ones(session: Session) -> None:
    user = boss(session)
    _app, codes = enrolled(session, user)

    fresh = replace_codes(session, user.id)

    with pytest.raises(WrongCode):
        check_code(session, user.id, codes[0], now=BEGAN)
    assert not check_code(session, user.id, fresh[0], now=BEGAN)


def test_the_database_knows_neither_the_secret_nor_the_backup_codes(session: Session) -> None:
    user = boss(session)
    app, codes = enrolled(session, user)

    kept = session.scalars(select(Authenticator)).one().secret
    hashes = session.scalars(select(BackupCode.code_hash)).all()

    assert app.secret.encode() not in kept
    assert unseal(kept) == app.secret
    assert not [code for code in codes if code.replace("-", "").encode() in b"".join(hashes)]


def test_setting_up_ends_other_devices_says_so_by_mail_and_marks_this_session(session: Session) -> None:
    user = boss(session)
    elsewhere = start_session(session, user.id, STAFF, HOME, now=BEGAN)
    here = start_session(session, user.id, STAFF, HOME, now=BEGAN)
    found = find_session(session, here, STAFF, now=BEGAN)
    assert found
    assert not found.second_factor
    offer = make_offer(user.id)

    enrol(
        session,
        user.id,
        found.session_id,
        sealed=offer.sealed,
        code=pyotp.TOTP(offer.secret).at(BEGAN),
        now=BEGAN,
    )

    assert find_session(session, elsewhere, STAFF, now=BEGAN) is None
    again = find_session(session, here, STAFF, now=BEGAN)
    assert again
    assert again.second_factor
    [letter] = letters_to(session, user.email)
    assert letter.kind == "second_factor_changed"
    assert offer.secret not in letter.text_body


def test_another_app_replaces_the_earlier_one(session: Session) -> None:
    user = boss(session)
    earlier, _codes = enrolled(session, user)
    later = BEGAN + 10 * STEP
    app, _codes = enrolled(session, user, now=later)
    now = later + 10 * STEP

    assert app.secret != earlier.secret
    with pytest.raises(WrongCode):
        check_code(session, user.id, earlier.at(now), now=now)
    assert check_code(session, user.id, app.at(now), now=now)


def test_an_offer_is_worth_nothing_to_another_person_after_half_an_hour_or_without_its_code(session: Session) -> None:
    user = boss(session)
    offer = make_offer(user.id)
    good = pyotp.TOTP(offer.secret)

    assert make_offer(user.id, offer.sealed).secret == offer.secret, "a form that comes back keeps its secret"
    assert make_offer(uuid4(), offer.sealed).secret != offer.secret
    assert make_offer(user.id, "rubbish").secret != offer.secret
    for person, sealed, code in (
        (boss(session, "other@example.com").id, offer.sealed, good.at(BEGAN)),
        (user.id, "rubbish", good.at(BEGAN)),
        (user.id, offer.sealed, "000000"),
    ):
        with pytest.raises(WrongCode):
            enrol(session, person, uuid4(), sealed=sealed, code=code, now=BEGAN)
    assert not has_authenticator(session, user.id)


def test_taking_it_away_ends_the_codes_and_every_session(session: Session) -> None:
    user = boss(session)
    _app, _codes = enrolled(session, user)
    token = start_session(session, user.id, STAFF, HOME, now=BEGAN)

    assert remove(session, user, now=BEGAN, by_owner=True)
    assert not remove(session, user, now=BEGAN, by_owner=True)

    assert find_session(session, token, STAFF, now=BEGAN) is None
    assert count_codes(session, user.id) == 0
    assert "Владелец сбросил" in letters_to(session, user.email)[-1].text_body


def test_the_qr_code_names_the_company_and_the_login() -> None:
    address = setup_address(SECRET, account="boss@example.com", issuer="Тёплый контур")

    told = pyotp.parse_uri(address)
    assert isinstance(told, pyotp.TOTP)
    assert (told.secret, told.name, told.issuer) == (SECRET, "boss@example.com", "Тёплый контур")


def test_a_new_key_seals_and_the_earlier_one_still_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = get_settings()
    earlier, newer = settings.encryption_key, "YW5vdGhlci1rZXktb2YtMzItYnl0ZXMtZm9yLXRlc3Q="
    sealed = seal("тайна")

    monkeypatch.setattr(settings, "encryption_key", f"{newer},{earlier}")
    assert unseal(sealed) == "тайна"
    fresh = seal("тайна")
    monkeypatch.setattr(settings, "encryption_key", newer)
    assert unseal(fresh) == "тайна"
    with pytest.raises(SealBroken):
        unseal(sealed)


def test_an_old_seal_is_broken_where_age_matters() -> None:
    assert unseal(seal("тайна"), within=timedelta(minutes=1)) == "тайна"
    with pytest.raises(SealBroken):
        unseal(b"gAAAAA-not-ours", within=timedelta(minutes=1))
