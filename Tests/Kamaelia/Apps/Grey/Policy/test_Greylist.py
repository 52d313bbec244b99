"""What handlers share: keys of clients, and what is taken over from the one before."""

import os
import warnings
from collections.abc import Callable
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Apps.Grey.Policy.ClientNetworks import ClientNetworks
from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Apps.Grey.Stores import StoreEntry
from Kamaelia.Support.Greylist.Keys import clientKey


@given(st.integers(0, 2**32 - 1), st.integers(8, 32))
def test_the_quick_way_to_a_network_leads_where_the_long_one_does(number: int, bits: int) -> None:
    peer = str(IPv4Address(number))
    assert ClientNetworks(bits).keyOf(peer) == clientKey(peer, bits)


@pytest.mark.parametrize(
    "peer",
    ["", "unix", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", "1.2.3.4\0", "\u0661.2.3.4"],
)
def test_what_is_no_address_is_its_own_key(peer: str) -> None:
    assert ClientNetworks(24).keyOf(peer) is None
    assert Greylist(v4=24).clientKey(peer) == peer


@pytest.mark.parametrize(
    ("peer", "key"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
    ],
)
def test_a_client_is_its_network(peer: str, key: str) -> None:
    assert Greylist(v4=24, v6=64).clientKey(peer) == key


def test_a_process_that_was_forked_opens_a_store_of_its_own() -> None:
    greylist = Greylist(store="memory:")
    before = greylist.opened
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of other tests
        child = os.fork()
    if child == 0:
        os._exit(0 if greylist.opened is not before and greylist.opened.counters() == {} else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert greylist.opened is before


def allows(greylist: Greylist) -> object:
    return greylist.allows("192.0.2.7", [], "me", "<a@b.example>", "<c@example.org>")


def denies(greylist: Greylist) -> object:
    return greylist.denies("192.0.2.7", [], "<a@b.example>", "<c@example.org>")


@pytest.mark.parametrize(("verdict", "asked"), [("allow", allows), ("deny", denies)])
def test_a_policy_uses_the_entries_of_the_one_before_it(
    verdict: str, asked: Callable[[Greylist], object]
) -> None:
    before, after = Greylist(store="memory:"), Greylist(store="memory:")
    before.opened.addEntry(StoreEntry(verdict, "client", "192.0.2.7"))
    before.refresh(1000.0)
    assert asked(after) is None
    after.inherit(before)
    assert asked(after) == asked(before) is not None
    after.close()
