"""Backup codes: ten, each good once, for the day when the phone is lost."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update

from kernel.db import ReadSession, Session
from portal.accounts.second_factor.models import BackupCode
from portal.accounts.tokens import digest

AMOUNT = 10
# Without letters and digits that look alike on paper. 16 of 32 are 80 bits.
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LENGTH, _GROUP = 16, 4


def replace_codes(session: Session, user_id: UUID) -> list[str]:
    """Ten new codes instead of all earlier ones. Nobody can read them again."""
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)) for _ in range(AMOUNT)]
    drop_codes(session, user_id)
    session.execute(insert(BackupCode), [{"code_hash": digest(code), "user_id": user_id} for code in codes])
    return ["-".join(code[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP)) for code in codes]


def use_code(session: Session, user_id: UUID, typed: str, *, now: datetime) -> bool:
    """Use a code up, in one statement, so that of two presses one wins. `typed` is without spaces and hyphens."""
    used = session.execute(
        update(BackupCode)
        .where(
            BackupCode.user_id == user_id,
            BackupCode.code_hash == digest(typed.upper()),
            BackupCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(BackupCode.code_hash)
    ).first()
    return used is not None


def count_codes(session: Session | ReadSession, user_id: UUID) -> int:
    """How many are left."""
    return session.execute(
        select(func.count()).where(BackupCode.user_id == user_id, BackupCode.used_at.is_(None))
    ).scalar_one()


def drop_codes(session: Session, user_id: UUID) -> None:
    """Make every code of the user worthless."""
    session.execute(delete(BackupCode).where(BackupCode.user_id == user_id))
