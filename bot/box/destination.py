"""Which hosts a command may reach, and whether an address is one that anybody may reach."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Self

HTTPS = 443
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_AUTHORITY = re.compile(r"(?:\[(?P<six>[^\]]*)\]|(?P<name>[^:\[\]]*))(?::(?P<port>\d{1,5}))?")
_TRANSLATED = int(IPv6Address("64:ff9b::"))  # NAT64: an IPv4 address stands in the last 32 bits
_OF_A_SITE = tuple(map(ip_network, ("64:ff9b:1::/48", "fec0::/10", "192.88.99.0/24")))
"""What Python takes for addresses of the internet: a site's own translation, its own addresses of
old, and relays that are no more."""


@dataclass(frozen=True, slots=True)
class Destination:
    host: str
    """A name in small letters or an address, without brackets."""
    port: int

    @classmethod
    def parse(cls, authority: str, default_port: int = HTTPS) -> Self:
        """Read `HOST`, `HOST:PORT` or `[IPv6]:PORT`; raises ValueError."""
        found = _AUTHORITY.fullmatch(authority)
        if found is None:
            raise ValueError(f"{authority!r} is no host and port")
        port = int(found["port"] or default_port)
        if not 0 < port < 2**16:
            raise ValueError(f"{port} is no port")
        if found["six"] is not None:
            return cls(str(IPv6Address(found["six"])), port)
        name = found["name"].lower().removesuffix(".")
        if not _HOST.fullmatch(name):
            raise ValueError(f"{found['name']!r} is no host name")
        return cls(name, port)

    @property
    def is_address(self) -> bool:
        """Tell an address from a name."""
        try:
            ip_address(self.host)
        except ValueError:
            return False
        return True

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the operator allows (`COPPICE_EGRESS`)."""

    destinations: frozenset[Destination]

    @classmethod
    def parse(cls, words: Iterable[str]) -> Self:
        return cls(frozenset(map(Destination.parse, words)))

    def names(self, wanted: Destination) -> bool:
        return wanted in self.destinations

    def takes(self, address: str, port: int) -> bool:
        """Say whether a name that is allowed may lead to this address.

        Addresses of this machine, its network and its neighbours are only reached when they are in
        the list themselves: a name's owner decides where it leads.
        """
        return (
            is_public(address) or Destination(str(ip_address(address)), port) in self.destinations
        )


def is_public(address: str) -> bool:
    """Tell addresses of the internet from all others, those that hide in IPv6 too."""
    found = ip_address(address)
    if isinstance(found, IPv6Address):
        hidden = _hidden(found)
        if hidden is not None:
            return is_public(str(hidden))
    own = any(found in network for network in _OF_A_SITE if network.version == found.version)
    return found.is_global and not found.is_multicast and not own


def _hidden(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if int(address) >> 32 << 32 == _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return IPv4Address(int(address)) if 1 < int(address) < 2**32 else None
