"""The list of a person's devices, as `partials/profile/devices.html` draws it."""

from __future__ import annotations

from kernel.clock import real_now
from kernel.db import ReadSession, Session
from portal.accounts.devices import browser_of, is_portable, system_of
from portal.accounts.sessions import Audience, SignedIn, list_devices
from portal.web.kit.filters import ago


def devices_of(
    session: Session | ReadSession, person: SignedIn, audience: Audience, *, address: str
) -> dict[str, object]:
    """What the part of the page needs; `address` is where devices are ended."""
    now = real_now()
    return {
        "devices": list_devices(session, person.user_id, audience, now=now),
        "current": person.session_id,
        "address": address,
        "browser_of": browser_of,
        "system_of": system_of,
        "is_portable": is_portable,
        # Sessions run on real time, the product may not: a distance is true on both clocks.
        "seen": lambda device: ago(device.last_seen_at, now),
    }
