"""The SMTP server."""

from __future__ import annotations

import asyncio
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox import journal
from sandbox.mail.messages import keep
from sandbox.moments import real_now
from sandbox.world import World

_LARGEST = 10 * 1024 * 1024


class Sink:
    """aiosmtpd's handler: stores what comes, or fails as the faults say."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        """Accept a recipient, unless a fault rejects it for now or for good."""
        for kind, reply in (("reject_4xx", "451 4.7.1 Try again later"), ("reject_5xx", "550 5.1.1 No such mailbox")):
            if self._strike(kind, address):
                self._note(address, int(reply[:3]), kind)
                return reply
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - likewise
        """Store the letter; a fault may then break the connection before the client hears of it."""
        world = self._world
        raw = envelope.original_content or b""
        with world.store.transaction():
            message_id = keep(world.store, raw, envelope.mail_from or "", envelope.rcpt_tos, world.now(), real_now())
            dropped = self._strike("drop_after_data", ",".join(envelope.rcpt_tos))
            for recipient in envelope.rcpt_tos:
                self._note(recipient, None if dropped else 250, "drop_after_data" if dropped else None, message_id)
        if dropped:
            _hang_up(server.transport)
        return "250 OK, kept"

    def _strike(self, kind: str, address: str) -> bool:
        fault = self._world.faults.strike("mail", address, {"to": address}, kind)
        return fault is not None

    def _note(self, address: str, status: int | None, fault: str | None, message_id: str | None = None) -> None:
        entry = journal.Entry(
            self._world.now(), real_now(), "mail", "SMTP", address, message_id, status=status, fault=fault,
            outcome="принято" if status is None or status == 250 else "отклонено",  # noqa: PLR2004 - SMTP's own 250
        )  # fmt: skip
        journal.write(self._world.store, entry)


class _Door(SMTP):
    """Lets nobody in while the mail server is down."""

    def __init__(self, world: World) -> None:
        super().__init__(Sink(world), data_size_limit=_LARGEST, enable_SMTPUTF8=True, ident="Kabinet sandbox")
        self._world = world

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, or hang up at once."""
        if self._world.faults.strike("mail", "connect", {}, "down"):
            _hang_up(transport)
            return
        super().connection_made(transport)


def _hang_up(transport: asyncio.BaseTransport | None) -> None:
    # uvloop's transports are no subclass of asyncio's, so they cannot be told by isinstance.
    cast("asyncio.Transport", transport).abort()


async def listen(world: World, host: str, port: int) -> asyncio.Server:
    """Serve SMTP until the server is closed.

    Raises:
        OSError: the port is taken.
    """
    return await asyncio.get_running_loop().create_server(lambda: _Door(world), host, port)
