"""Lists: what an entry matches, which entry is found, and mistakes in entries."""

import tracemalloc
from ipaddress import IPv4Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Greylist.Keys import mailboxKey
from Kamaelia.Support.Greylist.Lists import ListEntry, ListError, Lists, entriesOf
from Kamaelia.Support.Greylist.Names import MOST_MISSING, Mailboxes, Names, parseMailbox, parseName
from Kamaelia.Support.Networks import Networks, looksLikeNetwork, parseNetwork

# Networks


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("192.0.2.1", "192.0.2.1/32"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("2001:db8::1", "2001:db8::1/128"),
        ("192.168.2", "192.168.2.0/24"),
        ("192.168.2.", "192.168.2.0/24"),
        ("10.1", "10.1.0.0/16"),
        ("10.1.", "10.1.0.0/16"),
        ("10", "10.0.0.0/8"),
        ("::ffff:192.0.2.1", "192.0.2.1/32"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        (" 10.1 ", "10.1.0.0/16"),
    ],
)
def test_a_network_may_be_written_so(text, network):
    assert parseNetwork(text) == ip_network(network)
    assert looksLikeNetwork(text.strip())


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("192.0.2.1/24", "write 192.0.2.0/24, or 192.0.2.1 alone"),
        ("2001:db8::1/32", "write 2001:db8::/32, or 2001:db8::1 alone"),
        ("10.0.0.0/255.0.0.0", "a number of bits after the /"),
        ("10.0.0.0/0.0.0.255", "a number of bits after the /"),
        ("10.0.0.0/", "a number of bits after the /"),
        ("10.0.0.0/33", "write 192.0.2.1"),
        ("10.256", "one to three numbers up to 255"),
        ("010.1", "one to three numbers up to 255"),
        ("10..1", "write 192.0.2.1"),
        (".10", "write 192.0.2.1"),
        ("1.2.3.4.", "write 192.0.2.1"),
        ("1.2.3.4.5", "write 192.0.2.1"),
        ("10.1/16", "write 192.0.2.1"),
        ("fe80::1%eth0", "a number of bits after the /"),
        ("", "write 192.0.2.1"),
        ("/", "a number of bits after the /"),
        (":", "write 192.0.2.1"),
    ],
)
def test_what_is_no_network_is_an_error_with_a_remedy(text, remedy):
    with pytest.raises(ValueError) as caught:
        parseNetwork(text)
    assert remedy in str(caught.value)


@pytest.mark.parametrize(
    "stranger", ["10.100.0.1", "10.10.0.1", "10.19.1.1", "10.0.1.1", "110.1.0.1"]
)
def test_the_beginning_of_an_address_ends_at_an_octet(stranger):
    lists = Lists(clients=["10.1"])
    assert lists.client("10.1.255.1")
    assert lists.client(stranger) is None


@given(st.lists(st.integers(0, 255), min_size=1, max_size=3), st.ip_addresses(v=4))
def test_a_textual_prefix_contains_all_addresses_that_begin_with_these_octets(octets, address):
    prefix = ".".join(map(str, octets))
    isIn = str(address).split(".")[: len(octets)] == prefix.split(".")
    assert (Lists(clients=[prefix]).client(str(address)) is not None) == isIn


NETWORKS = st.one_of(
    st.builds(
        lambda address, bits: ip_network(f"{address}/{bits}", strict=False),
        st.ip_addresses(v=4),
        st.integers(0, 32),
    ),
    st.builds(
        lambda address, bits: ip_network(f"{address}/{bits}", strict=False),
        st.ip_addresses(v=6),
        st.integers(0, 128),
    ),
)


@given(st.lists(NETWORKS, max_size=20), st.data())
def test_networks_find_the_smallest_that_has_an_address(networks, data):
    table = Networks({network: network for network in networks})
    near = [network.network_address for network in networks]
    address = data.draw(st.one_of(st.ip_addresses(), *map(st.just, near)))
    holders = [each for each in networks if each.version == address.version and address in each]
    expected = max(holders, key=lambda each: each.prefixlen, default=None)
    assert table.find(address) == expected


@given(st.text(alphabet="0123456789./:abcdefx% ", max_size=30) | st.text(max_size=30))
def test_any_text_is_a_network_or_a_value_error(text):
    try:
        network = parseNetwork(text)
    except ValueError:
        return
    assert parseNetwork(str(network)) == network


def test_mapped_addresses_count_as_ipv4():
    assert Lists(clients=["192.0.2.0/24"]).client("::ffff:192.0.2.9")
    assert Lists(clients=["::ffff:192.0.2.9"]).client("192.0.2.9")
    assert Lists(clients=["::/0"]).client("::ffff:192.0.2.9") is None
    assert isinstance(parseNetwork("::ffff:0:0/96"), IPv4Network)


def test_a_client_of_a_unix_socket_is_in_no_network():
    assert Lists(clients=["0.0.0.0/0", "::/0"]).client("") is None


# Names


@pytest.mark.parametrize(
    ("entry", "has", "hasNot"),
    [
        ("mail.example.org", ["mail.example.org", "MAIL.Example.ORG."], ["a.mail.example.org"]),
        ("*.example.org", ["a.example.org", "b.a.example.org"], ["example.org", "badexample.org"]),
        (".example.org", ["a.example.org"], ["example.org", "", ".", ".example.org"]),
        ("bücher.example", ["xn--bcher-kva.example", "BÜCHER.example"], ["bucher.example"]),
    ],
)
def test_names_have_hosts(entry, has, hasNot):
    names = Names({entry: entry})
    assert all(names.find(name) == entry for name in has)
    assert not any(names.find(name) for name in hasNot)


@pytest.mark.parametrize(
    "text",
    ["", "*", ".", "*.", "*example.org", "a.*.org", "-a.org", "a-.org", "a b", "a..b", "**.a"],
)
def test_what_is_no_name_is_an_error_with_a_remedy(text):
    with pytest.raises(ValueError, match=r"write mail\.example\.org"):
        parseName(text)


def test_the_nearest_entry_answers():
    names = Names({"*.org": 1, "*.example.org": 2, "a.example.org": 3})
    found = [
        names.find(name) for name in ("b.org", "b.example.org", "a.example.org", "x.a.example.org")
    ]
    assert found == [1, 2, 3, 2]


def test_a_name_that_is_too_long_is_in_no_list():
    assert Names({"*.org": 1}).find("a." * 200 + "org") is None


@given(st.text(max_size=300))
def test_no_name_breaks_a_look_up(name):
    lists = Lists(clients=["*.example.org", "10.1"], senders=["@*.example.org", "u@*"])
    assert lists.client(name, [name]) is None
    assert lists.sender(name) is None or name.rpartition("@")[0].lstrip("<").lower() == "u"


# Mail addresses


@pytest.mark.parametrize(
    ("entry", "has", "hasNot"),
    [
        (
            "user@example.org",
            ["<user@example.org>", "User@EXAMPLE.org"],
            ["xuser@example.org", "<>"],
        ),
        ("<User@example.org>", ["<user@example.org>"], ["<user@a.example.org>"]),
        ("@example.org", ["<a@example.org>", "<b@example.org>"], ["<a@b.example.org>", "<a@org>"]),
        ("*@example.org", ["<a@example.org>"], ["<a@b.example.org>"]),
        ("*@*.example.org", ["<a@b.example.org>", "<a@c.b.example.org>"], ["<a@example.org>"]),
        ("@.example.org", ["<a@b.example.org>"], ["<a@example.org>"]),
        ("user@*", ["<user@example.org>", "<user@x.y>"], ["<other@x.y>", "<user>"]),
        ("user@", ["<user@example.org>"], ["<other@example.org>"]),
        (
            "user@*.example.org",
            ["<user@a.example.org>"],
            ["<user@example.org>", "<b@a.example.org>"],
        ),
        ("<>", ["<>"], ["<a@b>", ""]),
        ("postmaster", ["<postmaster>", "<Postmaster>"], ["<postmaster@example.org>"]),
        ("u@[192.0.2.1]", ["<u@[192.0.2.1]>"], ["<u@192.0.2.1>"]),
        ('"a b"@example.org', ['<"a b"@example.org>'], ["<b@example.org>"]),
        ("@bücher.example", ["<a@xn--bcher-kva.example>", "<a@bücher.example>"], ["<a@example>"]),
        ("a@bücher.example", ["<a@xn--bcher-kva.example>", "<a@bücher.example>"], ["<b@example>"]),
    ],
)
def test_mailboxes_have_senders_and_recipients(entry, has, hasNot):
    mailboxes = Mailboxes({entry: entry})
    lists = Lists(senders=[entry], recipients=[entry])
    for path in has:
        assert (
            mailboxes.find(path) == lists.sender(path).text == lists.recipient(path).text == entry
        )
    assert not any(mailboxes.find(path) for path in hasNot)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("example.org", "write @example.org"),
        ("", "has no @"),
        ("*@*", "name a domain"),
        ("@", "name a domain"),
        ("*", "has no @"),
        ("a*@example.org", "the whole local part"),
        ("a@b..c", "write user@example.org"),
        ("a@*.*.c", "write user@example.org"),
        ("a\t@b.c", "not a mail address"),
    ],
)
def test_what_is_no_mailbox_is_an_error_with_a_remedy(text, remedy):
    with pytest.raises(ValueError) as caught:
        parseMailbox(text)
    assert remedy in str(caught.value)


def test_the_nearest_mailbox_answers():
    mailboxes = Mailboxes({"@*.org": 1, "@example.org": 2, "u@*": 3, "u@example.org": 4})
    paths = ("<a@b.org>", "<a@example.org>", "<u@b.org>", "<u@example.org>")
    assert [mailboxes.find(path) for path in paths] == [1, 2, 3, 4]


@given(st.text(max_size=60))
def test_any_text_is_a_mailbox_or_a_value_error(text):
    try:
        key = parseMailbox(text)
    except ValueError:
        return
    assert parseMailbox(key) == key


# Files, places and whole lists


def test_a_file_has_an_entry_a_line_and_comments():
    text = "# ours\n192.0.2.0/24 # the office\n\n  *.example.org\r\nuser#1@example.org\n#10.1"
    assert entriesOf(text, "f") == [
        ListEntry("192.0.2.0/24", "f", 2),
        ListEntry("*.example.org", "f", 4),
        ListEntry("user#1@example.org", "f", 5),
    ]


def test_an_answer_says_which_entry_it_was_and_where():
    lists = Lists(clients=entriesOf("\n10.1 # ours", "friends.txt"))
    assert str(lists.client("10.1.2.3")) == "10.1 (friends.txt line 2)"
    assert str(Lists(senders=["@example.org"]).sender("<a@example.org>")) == "@example.org"


def test_of_two_entries_that_are_alike_the_first_answers():
    for kind, find in (("*.a.org", "client"), ("10.1", "client"), ("u@a.org", "sender")):
        lists = Lists(**{f"{find}s": [ListEntry(kind, "f", 1), ListEntry(kind, "f", 2)]})
        args = ("10.1.2.3", ["x.a.org"]) if find == "client" else ("u@a.org",)
        assert getattr(lists, find)(*args).line == 1


def test_a_name_counts_only_where_the_caller_gives_it():
    lists = Lists(clients=["*.example.org"])
    assert lists.client("192.0.2.1") is None
    assert lists.client("192.0.2.1", ["evil.example.com", "mx.example.org"]).text == "*.example.org"


def test_all_mistakes_are_raised_at_once_with_their_lines():
    clients = entriesOf("192.0.2.1/24\ngood.example.org\nbad name", "clients.txt")
    with pytest.raises(ListError) as caught:
        Lists(clients, ["example.org"], triples=[("x", "y", "z")], heloTriples=[("a", "b", "c")])
    assert [mistake.line for mistake in caught.value.mistakes if mistake.source] == [1, 3]
    assert len(caught.value.mistakes) == 5
    assert "clients.txt line 3: 'bad name' is not a host name" in str(caught.value)


def test_triples_pass_one_mail_only():
    lists = Lists(triples=[("192.0.2.1", "<Ann@example.com>", "<bob@example.org>")])
    args = ("192.0.2.1", "helo", "<ann@example.com>", "<Bob@example.org>")
    assert lists.triple(*args).text == "192.0.2.1 <Ann@example.com> <bob@example.org>"
    for change in (("192.0.2.2",), ("192.0.2.1", "h", "<x@y>"), (*args[:3], "<x@y>"), ("",)):
        assert lists.triple(*change, *args[len(change) :]) is None


def test_a_helo_triple_needs_the_network_and_the_recipient_too():
    lists = Lists(heloTriples=[("MX.example.com", "10.1", "<bob@example.org>")])
    assert lists.triple("10.1.2.3", "mx.example.com", "<>", "<bob@example.org>")
    assert lists.triple("10.1.2.3", "MX.Example.com.", "<>", "<bob@example.org>")
    assert lists.triple("10.100.2.3", "mx.example.com", "<>", "<bob@example.org>") is None
    assert lists.triple("10.1.2.3", "other.example.com", "<>", "<bob@example.org>") is None
    assert lists.triple("10.1.2.3", "mx.example.com", "<>", "<x@example.org>") is None
    assert Lists().triple("10.1.2.3", "mx.example.com", "<>", "<bob@example.org>") is None


def test_a_byte_order_mark_is_no_part_of_an_entry():
    assert entriesOf("\ufeff10.1") == [ListEntry("10.1", "", 1)]


def test_many_entries_answer_as_one_by_one_would():
    entries = [f"10.{n >> 8}.{n & 255}.0/24" for n in range(0, 10_000, 2)]
    entries += [f"h{n}.example.org" for n in range(5_000)]
    lists = Lists(clients=entries)
    for n in range(0, 10_000, 997):
        address = str(ip_address("10.0.0.7") + 256 * n)
        assert (lists.client(address) is not None) == (n % 2 == 0)
        assert (lists.client("192.0.2.1", [f"h{n}.example.org"]) is not None) == (n < 5_000)


@pytest.mark.parametrize("entry", ["ann@example.org", "@example.org", "/^ann@/", "ann@*"])
def test_an_address_that_was_missing_is_found_once_it_has_an_entry(entry: str) -> None:
    table = Mailboxes({"bob@example.org": "other"})
    for _ in range(2):
        assert table.find("<ann@example.org>") is None
    table.add(parseMailbox(entry), "entry")
    for _ in range(2):
        assert table.find("<ann@example.org>") == "entry"
        assert table.find("<bob@example.org>") == "other"


def test_a_table_remembers_few_of_the_addresses_that_are_missing() -> None:
    table = Mailboxes({"/^list-/": "list"})
    tracemalloc.start()
    try:
        for number in range(2 * MOST_MISSING):
            assert table.find(f"<{number:0200}@example.org>") is None
            assert table.find(f"<{number:0>2000}@example.org>") is None
        mailboxKey.cache_clear()  # which all tables share
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size < 600 * MOST_MISSING
