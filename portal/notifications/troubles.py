"""Why a letter could not be handed over, in words for people; the log keeps what the machines said."""

from __future__ import annotations

import smtplib
import ssl

from portal.web.kit.i18n import gettext


def _(russian: str) -> str:
    # Marks the text for the catalogues: it is stored with the letter in Russian and translated when it is read.
    return russian


NO_ADDRESS = _("нет адреса")
BAD_ADDRESS = _("адрес записан неверно")
CALLED_OFF = _("этого списания не будет, предупреждать не о чем")
PAID_MEANWHILE = _("счёт уже оплачен или закрыт, просить не о чем")
TOO_LATE = _("названный день уже слишком близко, предупреждаем заново")
# They were not tried: they say nothing about the server.
NOT_TRIED = frozenset({CALLED_OFF, PAID_MEANWHILE, TOO_LATE})
LOST_IN_HAND = _("отправка прервалась, ответа сервера нет")
OUR_SENDER = _("почтовый сервер не принимает письма с нашего адреса")
_UNREACHABLE = _("почтовый сервер недоступен")
_SILENT = _("почтовый сервер не ответил вовремя")
_HUNG_UP = _("почтовый сервер оборвал связь")
_BAD_LOGIN = _("почтовый сервер не принял логин или пароль")
_NOT_SECURE = _("не удалось установить защищённое соединение с почтовым сервером")
_NOT_SERVING = _("почтовый сервер не готов принимать письма")
# It is the server, not the letter: while this lasts, no letter leaves.
SERVER_AWAY = frozenset({OUR_SENDER, _UNREACHABLE, _SILENT, _HUNG_UP, _BAD_LOGIN, _NOT_SECURE, _NOT_SERVING})

# The first that fits: smtplib's errors are OSErrors, and so are those of sockets.
_WORDS: tuple[tuple[type[OSError], str], ...] = (
    (smtplib.SMTPAuthenticationError, _BAD_LOGIN),
    (smtplib.SMTPServerDisconnected, _HUNG_UP),
    (smtplib.SMTPException, _NOT_SERVING),
    (ssl.SSLError, _NOT_SECURE),
    (TimeoutError, _SILENT),
    (ConnectionResetError, _HUNG_UP),
    (BrokenPipeError, _HUNG_UP),
)


def in_words(error: OSError) -> str:
    """What happened on the line to the mail server, in Russian: one of `SERVER_AWAY`."""
    return next((words for kind, words in _WORDS if isinstance(error, kind)), _UNREACHABLE)


def trouble_words(stored: str | None) -> str | None:
    """A stored reason in the reader's language; a mail server's own answer is left as it is."""
    return gettext(stored) if stored else None
