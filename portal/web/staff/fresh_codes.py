"""Backup codes between their making and the moment when their owner has saved them: sealed, in their own browser alone.

The database keeps only digests, and a page answers a form by a redirect: so the codes travel in a cookie that nobody
can read without our key. It goes when the owner says that they are saved, after ten minutes at the latest.
"""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from portal.accounts.sealing import SealBroken, seal, unseal
from portal.web.kit.guards import is_https

PAGE = "/staff/security/backup-codes"
_COOKIE = "kabinet_codes"
_LAST = timedelta(minutes=10)


def leave_codes(response: Response, request: Request, user_id: UUID, codes: list[str]) -> None:
    """Let the next page show the codes to this employee."""
    response.set_cookie(
        _COOKIE,
        seal(json.dumps([str(user_id), codes])).decode(),
        max_age=int(_LAST.total_seconds()),
        path=PAGE,
        httponly=True,
        samesite="strict",
        secure=is_https(request),
    )


def waiting_codes(request: Request, user_id: UUID) -> list[str]:
    """The codes that this employee's browser brings; none when there are none, or they are somebody else's."""
    try:
        owner, codes = json.loads(unseal(request.cookies.get(_COOKIE, "").encode(), within=_LAST))
    except SealBroken:
        return []
    return list(codes) if owner == str(user_id) else []


def forget_codes(response: Response) -> None:
    """The codes are saved: nothing of them stays in the browser."""
    response.delete_cookie(_COOKIE, path=PAGE)
