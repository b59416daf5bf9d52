"""One line to the mail server, and what became of a letter on it, told by the step at which it ended."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from functools import cached_property
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from kernel.fault import fault
from portal.notifications.envelope import Envelope
from portal.notifications.troubles import OUR_SENDER, in_words

_CONNECT_SECONDS = 10
_ANSWER_SECONDS = 30
_GO_AHEAD = 354
_PERMANENT = 500
_PORTS = {"plain": 25, "starttls": 587, "tls": 465}
_LONGEST_ANSWER = 300


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server took the letter: 250 after the text."""


@dataclass(frozen=True, slots=True)
class PutOff:
    """Surely not taken, and a later try may succeed: no server, no line, a 4xx, or trouble before the recipient.

    `why` is for people, `raw` for the log: what the machines said.
    """

    why: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Surely not taken, and never will be: a 5xx for this recipient or this text."""

    why: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """The line dropped after the text had gone: the letter may have arrived."""

    why: str
    raw: str = ""


Outcome = Accepted | PutOff | Refused | Unclear


@dataclass(frozen=True, slots=True)
class Server:
    """Where letters are handed over."""

    host: str
    port: int
    user: str
    password: str
    cover: Literal["plain", "starttls", "tls"]

    @classmethod
    def parse(cls, url: str) -> Server:
        """The server of a checked URL: `smtps://` is TLS from the first byte, `smtp://` with a user STARTTLS.

        Without a user it is a relay of one's own, which is spoken to as it stands unless `?starttls` says otherwise.
        """
        parts = urlsplit(url)
        cover: Literal["plain", "starttls", "tls"] = "plain"
        if parts.scheme == "smtps":
            cover = "tls"
        elif parts.username or "starttls" in parse_qs(parts.query, keep_blank_values=True):
            cover = "starttls"  # no password goes over an open line
        host, port = parts.hostname or "", parts.port or _PORTS[cover]
        return cls(host, port, unquote(parts.username or ""), unquote(parts.password or ""), cover)


class Line:
    """A connection that is opened for the first letter and kept for the rest of a batch.

    A server that cannot be reached is not asked again on this line: each further letter is put off at once.
    """

    def __init__(self, server: Server, *, own_host: str) -> None:
        self._server = server
        self._own_host = own_host
        self._smtp: smtplib.SMTP | None = None
        self._away: PutOff | None = None

    def send(self, envelope: Envelope) -> Outcome:
        """Hand one letter over. No outcome is an exception."""
        if self._away is not None:
            return self._away
        try:
            smtp = self._smtp = self._smtp or self._connect()
        except OSError as error:  # smtplib's own errors are OSErrors
            self._away = PutOff(in_words(error), _raw(error))
            return self._away
        try:
            trouble = _offer(smtp, envelope)
            if trouble is not None:
                smtp.rset()
                return trouble
        except OSError as error:
            self.close()
            return PutOff(in_words(error), _raw(error))
        return self._hand_over(smtp, envelope.data)

    def close(self) -> None:
        """Hang up; the next letter opens a new connection."""
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.cover == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, self._own_host, timeout=_CONNECT_SECONDS, context=self._tls
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, self._own_host, timeout=_CONNECT_SECONDS)
        try:
            if smtp.sock is not None:
                smtp.sock.settimeout(_ANSWER_SECONDS)
            if server.cover == "starttls":
                smtp.starttls(context=self._tls)
            smtp.ehlo_or_helo_if_needed()
            if server.user:
                smtp.login(server.user, server.password)
        except OSError:
            smtp.close()
            raise
        return smtp

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    def _hand_over(self, smtp: smtplib.SMTP, data: bytes) -> Outcome:
        try:
            smtp.send(data)
            fault("mail.after_data")
            code, answer = smtp.getreply()
        except OSError as error:
            self.close()
            return Unclear(in_words(error), _raw(error))
        if _is_ok(code):
            return Accepted()
        return _no(code, answer)


def _offer(smtp: smtplib.SMTP, envelope: Envelope) -> PutOff | Refused | None:
    """Everything up to the server's "go ahead" after DATA; None when it said so."""
    code, answer = smtp.mail(envelope.sender)
    if not _is_ok(code):
        # Even a 5xx is about our own sender or login here, not about this letter: once that is mended, it can leave.
        return PutOff(OUR_SENDER, _said(code, answer))
    code, answer = smtp.rcpt(envelope.recipient)
    if not _is_ok(code):
        return _no(code, answer)
    code, answer = smtp.docmd("DATA")
    return None if code == _GO_AHEAD else _no(code, answer)


def _is_ok(code: int) -> bool:
    return 200 <= code < 300  # noqa: PLR2004  the class of replies that mean success, RFC 5321 §4.2.1


def _no(code: int, answer: bytes) -> PutOff | Refused:
    return Refused(_said(code, answer)) if code >= _PERMANENT else PutOff(_said(code, answer))


def _said(code: int, answer: bytes) -> str:
    return f"{code} {answer.decode('utf-8', 'replace')}"[:_LONGEST_ANSWER]


def _raw(error: OSError) -> str:
    return f"{type(error).__name__}: {error}"[:_LONGEST_ANSWER]
