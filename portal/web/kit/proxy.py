"""The address a request really comes from, when it passes through proxies of ours."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from portal.web.kit.frame import Kit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network


def client_ip(request: Request) -> str:
    """The caller's address: the rightmost of X-Forwarded-For that is not a proxy of ours.

    The header is read only when the connection itself comes from a configured proxy, so nobody else can forge it.
    """
    kit: Kit = request.app.state.kit
    peer = request.client.host if request.client else ""
    forwarded = [part.strip() for header in request.headers.getlist("x-forwarded-for") for part in header.split(",")]
    return rightmost_untrusted(peer, forwarded, kit.settings.trusted_proxies)


def known_ip(request: Request) -> str | None:
    """The caller's address as evidence; None for a socket without one."""
    address = _parse(client_ip(request))
    return str(address) if address else None


def rightmost_untrusted(peer: str, forwarded: Iterable[str], trusted: tuple[str, ...]) -> str:
    """Walk from the connection leftwards while the hop is trusted; stop at the first that is not, or is no address."""
    networks = _networks(trusted)
    nearest = peer
    for hop in reversed(list(forwarded)):
        if not _inside(nearest, networks):
            break
        if _parse(hop) is None:
            break
        nearest = hop
    address = _parse(nearest)
    return str(address) if address else nearest


def _inside(text: str, networks: tuple[_Network, ...]) -> bool:
    address = _parse(text)
    return address is not None and any(address in network for network in networks)


def _parse(text: str) -> _Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


@lru_cache(maxsize=8)
def _networks(trusted: tuple[str, ...]) -> tuple[_Network, ...]:
    return tuple(ip_network(network) for network in trusted)
