"""Who knocks: the address and the program, as evidence and for the list of devices."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

_OF_ONE_SUBSCRIBER = 64


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a request comes from; either may be unknown."""

    ip: str | None = None
    user_agent: str | None = None

    @property
    def network(self) -> str:
        """Whose attempts count together: an IPv4 address, the /64 of an IPv6 one, for a subscriber holds all of it."""
        if self.ip is None:
            return "unknown"
        address = ipaddress.ip_address(self.ip)
        if isinstance(address, ipaddress.IPv4Address):
            return self.ip
        return str(ipaddress.ip_network((address, _OF_ONE_SUBSCRIBER), strict=False))
