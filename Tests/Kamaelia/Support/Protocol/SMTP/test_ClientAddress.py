"""What a server behind the proxy is told about the client."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.ProxyHeader import Origin
from Kamaelia.Support.Protocol.SMTP.ClientAddress import ClientIdentity, linesFor, xtext

ORIGIN = Origin("192.0.2.1", 4711, "198.51.100.5", 25)
ALL = ["NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT", "SOURCE", "IDENT"]


def test_a_client_is_told_of_in_one_line():
    client = ClientIdentity(ORIGIN, "mail.example.org", "me")
    both = "NAME=mail.example.org ADDR=192.0.2.1 PORT=4711 PROTO=ESMTP HELO=me"
    ours = "DESTADDR=198.51.100.5 DESTPORT=25"
    assert linesFor("XCLIENT", client, ALL) == [f"XCLIENT {both} {ours}"]
    assert linesFor("XFORWARD", client, ALL) == [f"XFORWARD {both} SOURCE=REMOTE"]


def test_only_what_the_server_lists_is_said_and_once():
    client = ClientIdentity(ORIGIN, isExtended=False)
    assert linesFor("XCLIENT", client, ["proto", "Addr", "ADDR", "LOGIN"]) == [
        "XCLIENT PROTO=SMTP ADDR=192.0.2.1"
    ]
    assert linesFor("XCLIENT", client, ["LOGIN"]) == []


def test_what_is_not_known_is_said_to_be_so():
    words = "NAME=[UNAVAILABLE] ADDR=[UNAVAILABLE] PORT=[UNAVAILABLE] HELO=[UNAVAILABLE]"
    unknown = ClientIdentity(Origin("/run/socket", 0, "", 0))
    assert linesFor("XCLIENT", unknown, ["NAME", "ADDR", "PORT", "HELO"]) == [f"XCLIENT {words}"]


@pytest.mark.parametrize(
    ("peer", "written"),
    [
        ("2001:db8::1", "IPV6:2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "IPV6:fe80::1"),
    ],
)
def test_addresses_are_written_as_postfix_reads_them(peer, written):
    client = ClientIdentity(Origin(peer, 1, "", 0))
    assert linesFor("XCLIENT", client, ["ADDR"]) == [f"XCLIENT ADDR={written}"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("mail.example", "mail.example"),
        ("a+b=c", "a+2Bb+3Dc"),
        ("a b", "a+20b"),
        ("[192.0.2.1]", "[192.0.2.1]"),
        ("a\r\nMAIL", "[UNAVAILABLE]"),
        ("grün", "[UNAVAILABLE]"),
        ("", "[UNAVAILABLE]"),
        ("x" * 255, "x" * 255),
        ("x" * 256, "[UNAVAILABLE]"),
    ],
)
def test_values_are_xtext(value, written):
    assert xtext(value) == written


values = st.text(max_size=300) | st.text("+=a", max_size=300)


@given(values, values, st.permutations(ALL))
def test_no_line_is_too_long_and_none_is_two(name, helo, offered):
    lines = linesFor("XCLIENT", ClientIdentity(ORIGIN, name, helo), offered)
    assert all(len(line) <= 510 and line.isascii() and line.isprintable() for line in lines)
    said = [word.partition("=")[0] for line in lines for word in line.split(" ")[1:]]
    assert said == [name for name in offered if name not in ("LOGIN", "SOURCE", "IDENT")]
