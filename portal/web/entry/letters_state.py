"""Whether letters leave at this moment, for the pages that tell of one; the same for every address."""

from __future__ import annotations

from kernel.db import read
from portal.notifications.outage import mail_is_away


def letters_are_late() -> bool:
    """True while the mail server takes none: what was written waits and leaves by itself."""
    with read() as session:
        return mail_is_away(session)
