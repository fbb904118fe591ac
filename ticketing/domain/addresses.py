"""Which addresses of the network this machine may be sent to (domain: pure).

An address that somebody else chose must not lead a request into the house: to its own
ports, its neighbours, or the service of a cloud that hands out its keys. The lists are
written out, because what Python calls private has changed between its versions.
"""

import ipaddress
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


NEVER: Final = _networks(
    "0.0.0.0/8",  # unspecified: reaches this machine
    "169.254.0.0/16",  # link-local, the metadata of most clouds
    "168.63.129.16/32",  # a cloud's own, in the middle of public ones
    "100.100.100.200/32",
    "192.0.0.192/32",
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # reserved, broadcast
    "::/128",
    "fe80::/10",  # link-local
    "fec0::/10",  # site-local, given up
    "fd00:ec2::254/128",  # metadata
    "ff00::/8",  # multicast
)
"""No receiver of events lives there, whatever is allowed."""

PRIVATE: Final = _networks(
    "10.0.0.0/8",
    "100.64.0.0/10",  # shared by a provider's customers
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",  # documentation
    "192.88.99.0/24",  # 6to4 relays
    "192.168.0.0/16",
    "198.18.0.0/15",  # benchmarks
    "198.51.100.0/24",  # documentation
    "203.0.113.0/24",  # documentation
    "::1/128",
    "fc00::/7",
)
"""Reached only where the operator allows it."""

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_TRANSLATED: Final = _networks(
    "::/96",  # IPv4-compatible, given up
    "::ffff:0:0/96",  # IPv4-mapped
    "::ffff:0:0:0/96",  # IPv4-translated
    "64:ff9b::/96",  # NAT64
)
"""The last four bytes are an IPv4 address: it is judged, too."""
_UNICAST: Final = ipaddress.ip_network("2000::/3")
_SPECIAL: Final = _networks(
    "2001::/23",  # protocols, Teredo among them: carries an IPv4 address within
    "2001:db8::/32",  # documentation
    "2002::/16",  # 6to4: carries an IPv4 address within
    "3fff::/20",  # documentation
)


def may_reach(address: Address, *, allow_private: bool) -> bool:
    """Whether a request may go to an address; `allow_private` opens the house's own network."""
    if _is_in(address, NEVER):
        return False
    if _is_in(address, PRIVATE):
        return allow_private
    if isinstance(address, ipaddress.IPv4Address):
        return True
    if _is_in(address, _TRANSLATED):
        within = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        is_open = allow_private or address in _NAT64
        return is_open and may_reach(within, allow_private=allow_private)
    return address in _UNICAST and not _is_in(address, _SPECIAL)


def _is_in(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)  # another version is in none
