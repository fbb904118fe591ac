"""From where somebody asks, for counting attempts."""

import re
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

from flask import request

_WITH_PORT: Final = re.compile(r"^(?:\[([^]]*)\]|([^:]*))(?::\d*)?$")
_HOUSEHOLD: Final = 64  # bits; whoever has one address of IPv6 has all those behind them (RFC 6177)


def the_address() -> str:
    """The address of the request, as far as it names one household; "" if it is not known."""
    return household(request.remote_addr or "")


@lru_cache(maxsize=256)
def household(address: str) -> str:
    """An address of IPv4 as it is, the network of one of IPv6; "" for what is neither.

    Some proxies write a port behind it.

    >>> household("2001:db8:1:2:3:4:5:6"), household("::ffff:192.0.2.1"), household("[::1]:80")
    ('2001:db8:1:2::/64', '192.0.2.1', '::/64')
    """
    bare = _WITH_PORT.sub(r"\1\2", address)
    try:
        found = ip_address(bare)
    except ValueError:
        return ""
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Network((int(found), _HOUSEHOLD), strict=False))
