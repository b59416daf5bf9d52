"""Why an account says no."""

from __future__ import annotations

from kernel.errors import KabinetError, Refused


class BadCredentials(KabinetError):
    """No such login, a wrong password, a disabled user: the caller must not learn which."""


class WrongPassword(KabinetError):
    """A signed-in person did not know their present password."""


class WrongCode(KabinetError):
    """Not a code of this person, or one that was used before."""


class SignInExpired(KabinetError):
    """The password was given too long ago, or never: the login begins anew."""


class WeakPassword(Refused):
    """The new password is easy to guess; `str(error)` says why."""


class LinkGone(KabinetError):
    """The link of a letter is used, too old, or was never ours."""


class AddressTaken(Refused):
    """Somebody else confirmed this address in the meantime; `str(error)` says so."""
