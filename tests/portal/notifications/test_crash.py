from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text, update

from kernel.db import begin
from portal.notifications.delivery import send_messages
from portal.notifications.models import Message
from portal.notifications.sweep import sweep_messages
from tests.portal.notifications.conftest import Mailbox
from tests.portal.notifications.writing import stored, write_letter

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("committed")]
ROOT = Path(__file__).parents[3]
SENDER = "import sys; from portal.notifications.delivery import send_messages; send_messages(sys.argv[1:])"


def send_and_die(message_id: UUID, point: str) -> None:
    """A worker that is killed at this point of sending."""
    process = subprocess.run(
        [sys.executable, "-c", SENDER, str(message_id)],
        cwd=ROOT,
        env={**os.environ, "KABINET_FAULTS": f"{point}=kill"},
        timeout=60,
        check=False,
    )
    assert process.returncode == -signal.SIGKILL


def sweep_after_the_lease(message_id: UUID) -> None:
    with begin() as session:
        session.execute(
            update(Message)
            .where(Message.id == message_id, Message.status == "sending")
            .values(lease_until=text("clock_timestamp() - interval '1 second'"))
        )
    sweep_messages(lambda _job, ids: send_messages([str(item) for item in ids]))


@pytest.mark.parametrize(
    ("point", "copies"), [("mail.after_claim", {1}), ("mail.after_data", {1, 2}), ("mail.before_commit", {2})]
)
def test_a_killed_sender_costs_at_most_one_more_copy(mailbox: Mailbox, point: str, copies: set[int]) -> None:
    message_id = write_letter()

    send_and_die(message_id, point)
    assert stored(message_id).status == "sending"
    sweep_messages(lambda _job, _ids: None)
    assert stored(message_id).status == "sending", "its lease is alive"
    sweep_after_the_lease(message_id)

    assert stored(message_id).status == "sent"
    [letter] = mailbox.letters
    assert letter["copies"] in copies
    assert letter["headers"]["Message-ID"] == f"<{message_id}@localhost>"


def test_two_deaths_in_doubt_leave_at_most_two_copies_and_a_failure_to_see(mailbox: Mailbox) -> None:
    message_id = write_letter()

    send_and_die(message_id, "mail.before_commit")
    with begin() as session:
        session.execute(update(Message).values(lease_until=text("clock_timestamp() - interval '1 second'")))
    sweep_messages(lambda _job, _ids: None)
    assert stored(message_id).status == "uncertain"
    send_and_die(message_id, "mail.before_commit")
    sweep_after_the_lease(message_id)
    send_messages([str(message_id)])

    assert stored(message_id).status == "failed"
    assert [letter["copies"] for letter in mailbox.letters] == [2]
