"""The arguments of XCLIENT and XFORWARD: what is read, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.ProxyHeader import Origin
from Kamaelia.Support.Protocol.SMTP.ClientAddress import ClientIdentity, linesFor
from Kamaelia.Support.Protocol.SMTP.ClientAttributes import ATTRIBUTES, readAttributes
from Kamaelia.Support.Protocol.SMTP.Line import wordsOf
from Kamaelia.Support.Protocol.SMTP.Session import Session
from Kamaelia.Support.Protocol.SMTP.Settings import KNOWN_EXTENSIONS, Settings


@pytest.mark.parametrize(
    ("line", "given"),
    [
        ("ADDR=192.0.2.1", {"ADDR": "192.0.2.1"}),
        ("addr=192.0.2.1 port=25", {"ADDR": "192.0.2.1", "PORT": "25"}),
        ("ADDR=IPV6:2001:db8::1", {"ADDR": "2001:db8::1"}),
        ("ADDR=ipv6:2001:DB8:0::1", {"ADDR": "2001:db8::1"}),
        ("ADDR=IPV6:::ffff:192.0.2.1", {"ADDR": "192.0.2.1"}),
        ("ADDR=[UNAVAILABLE] NAME=[TEMPUNAVAIL]", {"ADDR": "", "NAME": ""}),
        ("NAME=a+2Bb+3Dc", {"NAME": "a+b=c"}),
        (
            "LOGIN=me NAME=x HELO=y PROTO=ESMTP",
            {"LOGIN": "me", "NAME": "x", "HELO": "y", "PROTO": "ESMTP"},
        ),
        ("SOURCE=REMOTE", {"SOURCE": "REMOTE"}),
        ("DESTADDR=192.0.2.2 DESTPORT=0", {"DESTADDR": "192.0.2.2", "DESTPORT": "0"}),
    ],
)
def test_attributes_are_read(line, given):
    assert readAttributes(wordsOf(f"XCLIENT {line}".encode())) == given


@pytest.mark.parametrize(
    "line",
    [
        *("", "ADDR", "ADDR=", "ADDR=x", "ADDR=192.0.2", "ADDR=192.0.2.1.5", "ADDR=2001:db8::1"),
        *(
            "ADDR=IPV6:192.0.2.1",
            "ADDR=IPV6:",
            "ADDR=0300.0.2.1",
            "ADDR=192.0.2.1%0A",
            "ADDR=IPV6:fe80::1%lo",
            "WHO=x",
        ),
        *("PORT=-1", "PORT=65536", "PORT=x", "PORT=1e3", "NAME=a=b", "NAME=a+b", "NAME=a+2"),
        *("NAME=a+0D+0AMAIL", "NAME=a+00", "NAME=a+7F", "NAME=a+E9", "=x", "ADDR=IPV6:fe80::1%lo"),
        *("NAME=" + 256 * "a", "ADDR=192.0.2.1 ADDR=192.0.2.2", "ADDR = 192.0.2.1", "NAME=a\tb"),
    ],
)
def test_what_is_malformed_is_refused_as_a_whole(line):
    assert readAttributes(wordsOf(f"XCLIENT PROTO=SMTP {line}".encode())) is None or not line
    assert readAttributes(wordsOf(f"XCLIENT {line}".encode())) is None


names = st.text(st.characters(min_codepoint=0, max_codepoint=255), max_size=300)


@given(names, names, st.sampled_from(["192.0.2.1", "2001:db8::1", "", "unix"]))
@pytest.mark.parametrize("command", ["XCLIENT", "XFORWARD"])
def test_what_this_proxy_writes_is_read_again(command, name, helo, peer):
    client = ClientIdentity(Origin(peer, 4711, "192.0.2.9", 25), name, helo)
    read = {}
    for line in linesFor(command, client, ATTRIBUTES[command].split()):
        given = readAttributes(wordsOf(line.encode()))
        assert given is not None
        read |= given
    assert read["ADDR"] == (peer if peer != "unix" else "")
    isPlain = name.isascii() and name.isprintable() and len(name) <= 255
    assert read["NAME"] in ({name, ""} if isPlain else {""})


@given(st.binary(max_size=200))
def test_no_octets_do_harm(octets):
    given = readAttributes(wordsOf(b"XCLIENT " + octets))
    assert given is None or all(value.isascii() for value in given.values())


def opened(*lines):
    session = Session(Settings(extensions=frozenset(KNOWN_EXTENSIONS), strict=False))
    session.greet("today")
    return [reply.code for line in lines for reply in session.receive(line + b"\r\n")], session


@pytest.mark.parametrize("command", [b"XCLIENT", b"XFORWARD"])
def test_the_client_may_not_change_within_a_mail(command):
    codes, _ = opened(b"EHLO a", b"MAIL FROM:<a@b>", command + b" ADDR=192.0.2.1", b"RSET")
    assert codes == [250, 250, 503, 250]


def test_XCLIENT_begins_the_session_anew_and_XFORWARD_needs_a_hello():
    codes, session = opened(b"XFORWARD NAME=x", b"EHLO a", b"XCLIENT NAME=x", b"MAIL FROM:<a@b>")
    assert codes == [503, 250, 250, 503]
    assert session.remotename == ""
