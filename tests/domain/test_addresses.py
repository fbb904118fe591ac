"""Where a request may go: never into the house by an address that somebody else chose."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.domain.addresses import Address, may_reach

PUBLIC = ("93.184.216.34", "1.1.1.1", "172.32.0.1", "2606:4700:4700::1111", "64:ff9b::101:101")
NEVER = (
    "0.0.0.0",  # noqa: S104  nothing listens here
    "0.1.2.3", "169.254.169.254", "169.254.170.2", "168.63.129.16", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "100.100.100.200", "192.0.0.192", "::", "fe80::1",
    "fe80::a9fe:a9fe", "fec0::1", "ff02::1", "fd00:ec2::254", "64:ff9b::a9fe:a9fe",
    "::ffff:169.254.169.254", "::ffff:0.0.0.0", "2002:a9fe:a9fe::1", "2001:0:a00:1::1",
    "64:ff9b:1::a00:1", "4000::1", "100::1",
)  # fmt: skip
PRIVATE = (
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1",
    "100.64.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "::1", "fc00::1",
    "fdff::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "::ffff:0:10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a00:1",
)  # fmt: skip
NEVER_EVEN_IF_PUBLIC_WITHIN = (
    "::ffff:1.1.1.1", "2002:101:101::1", "2001:0:101:101::1", "2001:db8::1", "3fff::1",
    "2001:20::1", "::1.1.1.1",
)  # fmt: skip

addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_may_be_reached(text: str) -> None:
    """Whatever the operator says of the house's own network."""
    for allow_private in (False, True):
        assert may_reach(ipaddress.ip_address(text), allow_private=allow_private)


@pytest.mark.parametrize("text", NEVER)
def test_some_addresses_are_never_reached(text: str) -> None:
    """Unspecified, link-local, metadata, multicast, reserved, in every disguise."""
    for allow_private in (False, True):
        assert not may_reach(ipaddress.ip_address(text), allow_private=allow_private)


@pytest.mark.parametrize("text", PRIVATE)
def test_a_private_address_is_reached_only_where_it_is_allowed(text: str) -> None:
    """The house's own network, in every disguise."""
    assert not may_reach(ipaddress.ip_address(text), allow_private=False)
    assert may_reach(ipaddress.ip_address(text), allow_private=True)


@pytest.mark.parametrize("text", NEVER_EVEN_IF_PUBLIC_WITHIN)
def test_an_address_within_another_is_not_trusted(text: str) -> None:
    """Mapped, 6to4, Teredo: no honest receiver is found under such an address."""
    assert not may_reach(ipaddress.ip_address(text), allow_private=False)


@given(addresses)
def test_what_python_calls_not_global_is_refused(address: Address) -> None:
    """Two lists that were written apart: ours refuses at least what the other one does."""
    is_nat64 = address in ipaddress.ip_network("64:ff9b::/96")
    if may_reach(address, allow_private=False) and not is_nat64:
        assert address.is_global
        assert not address.is_multicast


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:0:0", "64:ff9b::", "::", "::ffff:0:0:0"]))
def test_a_translated_address_opens_nothing_that_is_shut(
    within: ipaddress.IPv4Address, prefix: str
) -> None:
    """What may not be reached may not be reached through IPv6 either."""
    outer = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | int(within))
    for allow_private in (False, True):
        if may_reach(outer, allow_private=allow_private):
            assert may_reach(within, allow_private=allow_private)


@given(addresses)
def test_allowing_more_shuts_nothing(address: Address) -> None:
    """The setting only opens."""
    if may_reach(address, allow_private=False):
        assert may_reach(address, allow_private=True)
