"""By what a client, a sender and a recipient are compared."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Greylist.Keys import clientKey, recipientKey, senderKey
from Kamaelia.Support.Networks import addressOf

V4 = st.ip_addresses(v=4)
V6 = st.ip_addresses(v=6)


@pytest.mark.parametrize(
    ("peer", "key"),
    [
        ("192.0.2.17", "192.0.2.0/24"),
        ("2001:DB8::1:2:3:4", "2001:db8::/64"),
        ("::ffff:192.0.2.17", "192.0.2.0/24"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.17%eth0", "192.0.2.0/24"),
    ],
)
def test_a_client_is_its_network(peer, key):
    assert clientKey(peer) == key


def test_with_all_bits_a_client_is_its_address():
    assert clientKey("192.0.2.17", v4=32) == "192.0.2.17"
    assert clientKey("2001:db8:0::1", v6=128) == "2001:db8::1"
    assert clientKey("fe80::1%eth0", v6=128) == "fe80::1"
    assert clientKey("192.0.2.17", v4=0) == "0.0.0.0/0"


@given(V4 | V6, st.integers(0, 32), st.integers(0, 128))
def test_the_key_is_the_network_that_holds_the_client(address, v4, v6):
    address = addressOf(str(address))
    bits = v4 if address.version == 4 else v6
    expected = ip_network(f"{address}/{bits}", strict=False)
    key = clientKey(str(address), v4, v6)
    assert ip_network(key) == expected
    assert ("/" in key) == (bits < address.max_prefixlen)


@pytest.mark.parametrize("peer", ["", " ", "192.0.2", "192.0.2.256", "01.2.3.4", "::g", "mail"])
def test_what_is_no_address_has_no_key(peer):
    with pytest.raises(ValueError):
        clientKey(peer)


@pytest.mark.parametrize(("v4", "v6"), [(33, 64), (-1, 64)])
def test_a_network_has_no_more_bits_than_an_address(v4, v6):
    with pytest.raises(ValueError, match="IPv4 network cannot have"):
        clientKey("192.0.2.1", v4, v6)


@given(st.text(max_size=50))
def test_a_peer_is_an_address_or_a_value_error(text):
    try:
        assert isinstance(addressOf(text), IPv4Address | IPv6Address)
    except ValueError:
        with pytest.raises(ValueError):
            ip_address(text.partition("%")[0])


@pytest.mark.parametrize(
    ("sender", "key"),
    [
        ("<Ann@Example.ORG>", "ann@example.org"),
        ("ann@example.org", "ann@example.org"),
        ('<"a@b c"@example.org>', '"a@b c"@example.org'),
        ("<u@[192.0.2.1]>", "u@[192.0.2.1]"),
        ("<>", "<>"),
    ],
)
def test_a_sender_is_small_letters_without_brackets(sender, key):
    assert senderKey(sender) == key


@pytest.mark.parametrize(
    "garbage", ["", "<", ">", "<a@b", "a", "@b", "a@", "<a@b\r\n>", "a\0@b", "a@" + "b" * 400]
)
def test_what_is_no_mailbox_is_a_value_error(garbage):
    with pytest.raises(ValueError, match="is not a mail address"):
        senderKey(garbage)
    with pytest.raises(ValueError, match="is not a mail address"):
        recipientKey(garbage)


def test_postmaster_stands_alone_as_a_recipient_but_not_as_a_sender():
    assert recipientKey("<Postmaster>") == "postmaster"
    with pytest.raises(ValueError):
        senderKey("<postmaster>")
    with pytest.raises(ValueError):
        recipientKey("<>")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("list-bounce-1234@x.org", "list-bounce-98@x.org"),
        ("prvs=1234abcdef=ann@x.org", "prvs=0999012345=ann@x.org"),
        ("prvs=ann=1234abcdef@x.org", "prvs=0999012345=ann@x.org"),
        ("SRS0=aB+c=XY=y.org=ann@x.org", "srs0=99zz=12=y.org=ann@x.org"),
        ("srs1=a=f.org==b=c=y.org=ann@x.org", "srs1=d=f.org==e=f=y.org=ann@x.org"),
        (
            "ann+SRS=44ldt=IX=example.com=bob@x.org",
            "ann+SRS=zU7/m=AB=example.com=bob@x.org",
        ),
        (
            "bounces+SRS=uW6ch=6R=example.com=bob@x.org",
            "bounces+SRS=a1b2c=7S=example.com=bob@x.org",
        ),
        ("bounces+SRS=44ldt=IX@x.org", "bounces+SRS=hne87=C7@x.org"),
        (
            "bounces+27614410-6b14-user=example.com@em1.x.org",
            "bounces+27614410-9c3e-user=example.com@em1.x.org",
        ),
        (
            "0102016efd924cb8-4e48dd8b-0599-4a87-8084-b51c410b859b-000000@x.org",
            "0102016efd948e3c-ed35c055-1123-473d-bcce-03a7adda94e6-000000@x.org",
        ),
        (
            "bounce-md_10612303.5adf1f70.v1-0f662aa357fe4841870c6a233ce23b66@x.org",
            "bounce-md_10612303.5adf2f71.v1-1f662aa357fe4841870c6a233ce23b66@x.org",
        ),
        (
            "n01361f1607-0fe582ccfc934393-user===y.org@x.org",
            "n02361f1608-1fe582ccfc934393-user===y.org@x.org",
        ),
    ],
)
def test_folding_makes_one_sender_of_what_changes_with_each_mail(one, other):
    assert senderKey(one, isFolding=True) == senderKey(other, isFolding=True)
    assert senderKey(one) != senderKey(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann@x.org", "bob@x.org"),
        ("ann1@x.org", "ann2@x.org"),
        ("list-1@x.org", "list-1@y.org"),
        ("srs0=a=b=y.org=ann@x.org", "srs0=a=b=y.org=bob@x.org"),
        ("prvs=1234abcdef=ann@x.org", "prvs=1234abcdef=bob@x.org"),
        ("ann+SRS=a=b=y.org=bob@x.org", "ann+SRS=a=b=y.org=eve@x.org"),
        ("ann+SRS=a=b=y.org=bob@x.org", "eve+SRS=a=b=y.org=bob@x.org"),
        ("bounces+SRS=a=b@x.org", "bounces+SRS=a=b@y.org"),
        ("bounces+SRS=a=b@x.org", "ann+SRS=a=b@x.org"),
        ("ann+SRS=ab1=b@x.org", "ann+SRS=ac2=b@x.org"),
        ("bounces+1-6b14-ann=y.org@x.org", "bounces+1-6b14-bob=y.org@x.org"),
        ("list-1@1.org", "list-1@2.org"),
    ],
)
def test_folding_keeps_people_and_domains_apart(one, other):
    assert senderKey(one, isFolding=True) != senderKey(other, isFolding=True)


@given(st.text(max_size=400))
def test_keys_are_their_own_keys_or_a_value_error(text):
    for key in (senderKey, recipientKey, lambda sender: senderKey(sender, isFolding=True)):
        try:
            once = key(text)
        except ValueError:
            continue
        assert once.isprintable()
        assert "@" in once or once in ("<>", "postmaster")
