"""The milter protocol, by its bytes: what is asked, what is answered, what is refused."""

import tracemalloc
from collections.abc import Iterable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.Milter import (
    CONTINUE,
    LONGEST_PACKET,
    LONGEST_REPLY,
    MANY_PACKETS,
    BadPacket,
    MilterSession,
    packet,
)
from Kamaelia.Support.Protocol.PolicyDelegation import NO_OPINION, Action, PolicyRequest
from Tests.pieces import pieces


def negotiation(version: int = 6, actions: int = 0x1FF, flags: int = 0x1FFFFF) -> bytes:
    return packet(b"O", b"".join(each.to_bytes(4) for each in (version, actions, flags)))


def words(*each: str | bytes) -> bytes:
    return b"".join((one.encode() if isinstance(one, str) else one) + b"\0" for one in each)


def connect(peer: str = "192.0.2.7", family: bytes = b"4", name: str = "mx.example.net") -> bytes:
    return packet(b"C", words(name) + family + (4711).to_bytes(2) + words(peer))


MAIL = [
    packet(b"D", b"M" + words("{mail_addr}", "ann@example.net")),
    packet(b"M", words("<ann@example.net>", "SIZE=10")),
    packet(b"D", b"R" + words("{rcpt_addr}", "bob@example.org")),
    packet(b"R", words("<bob@example.org>")),
    packet(b"T"),
    packet(b"E"),
]
START = [negotiation(), packet(b"D", b"C" + words("j", "mx")), connect(), packet(b"H", words("me"))]


def steps(
    data: bytes, cuts: Iterable[int] = (), session: MilterSession | None = None
) -> list[bytes | PolicyRequest]:
    """What a session wants, if these bytes arrive cut at these places."""
    session = session or MilterSession()
    found: list[bytes | PolicyRequest] = []
    for piece in pieces(data, cuts):
        session.feed(piece)
        found += [each for each in session.steps() if each is not None]
    return found


def test_the_caller_may_do_other_work_between_many_empty_packets() -> None:
    session = MilterSession(longestText=1000)
    steps(b"".join(START), session=session)
    session.feed(packet(b"B") * (3 * MANY_PACKETS) + packet(b"M", words("<ann@example.net>")))
    assert list(session.steps()) == [None, None, None]


def questions(*packets: bytes) -> list[PolicyRequest]:
    return [each for each in steps(b"".join(packets)) if isinstance(each, PolicyRequest)]


@pytest.mark.parametrize(
    ("macros", "hasTLS", "hasCertificate"),
    [
        ([], None, False),
        (["{tls_version}", "TLSv1.3", "{cipher}", "x"], True, False),
        (["{tls_version}", "TLSv1.3", "{cert_subject}", "mx", "{cert_issuer}", "ca"], True, True),
        (["{cert_subject}", "mx"], None, False),
        (["{tls_version}", "TLSv1.3", "{cert_subject}", ""], True, False),
    ],
)
def test_the_macros_of_helo_tell_of_tls_and_of_the_clients_certificate(
    macros: list[str], hasTLS: bool | None, hasCertificate: bool
) -> None:
    hello = [packet(b"D", b"H" + words(*macros)), packet(b"H", words("mx.b.example"))]
    first, *_ = questions(*START, *hello, *MAIL)
    assert (first.hasTLS, first.hasCertificate) == (hasTLS, hasCertificate)
    again, *_ = questions(*START, *hello, packet(b"K"), connect(), packet(b"H", words("x")), *MAIL)
    assert (again.hasTLS, again.hasCertificate) == (None, False)


def test_the_text_is_kept_up_to_a_limit_if_it_is_wanted() -> None:
    text = b"Subject:  hello\r\n\tworld\r\nX:\r\n\r\nHello\r\nworld\r\n"
    parts = [
        packet(b"L", words("Subject", "  hello\n\tworld")),
        packet(b"L", words("X", "")),
        packet(b"N"),
        packet(b"B", b"Hello\r\n"),
        packet(b"B", b"world\r\n"),
    ]
    *before, end = MAIL
    data = b"".join([*START, *before, *parts, end])
    for most, kept in ((len(text), text), (len(text) - 1, None)):
        session = MilterSession(most)
        assert steps(data, session=session)[0] == negotiation(6, 1, 0x1C7180)
        found = steps(b"".join([*before, *parts, end]), session=session)  # a second mail
        assert [each.text for each in found if isinstance(each, PolicyRequest)] == [
            None,
            None,
            kept,
        ]
    assert [each.text for each in questions(*START, *before, *parts, end)] == [None, None, None]


@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
def test_a_mail_is_asked_about_at_each_stage_however_the_network_splits_it(size: int) -> None:
    data = b"".join(START + MAIL)
    reply, rcpt, *later = steps(data, range(0, len(data), size))
    assert reply == negotiation(6, 1, 0x7170)
    assert rcpt == PolicyRequest(
        stage="RCPT",
        peer="192.0.2.7",
        peerport=4711,
        names=("mx.example.net",),
        remotename="me",
        sender="<ann@example.net>",
        recipient="<bob@example.org>",
        instance="1",
    )
    assert [each.stage for each in later] == ["DATA", "END-OF-MESSAGE"]
    assert {each.instance for each in later} == {"1"}


def test_each_mail_and_each_client_of_a_connection_is_another_one() -> None:
    other = connect("2001:db8::1", b"6", "unknown")
    asked = questions(*START, *MAIL, *MAIL, packet(b"A"), packet(b"K"), negotiation(), other, *MAIL)
    assert [each.instance for each in asked] == ["1"] * 3 + ["2"] * 3 + ["3"] * 3
    assert (asked[-1].peer, asked[-1].names, asked[-1].remotename) == ("2001:db8::1", (), "")


@pytest.mark.parametrize("name", ["unknown", "UNKNOWN", "[192.0.2.7]"])
def test_a_name_that_the_mta_has_not_verified_is_no_name(name: str) -> None:
    assert questions(negotiation(), connect(name=name), *MAIL)[0].names == ()


def test_an_ipv6_address_may_have_the_prefix_of_sendmail() -> None:
    asked = questions(negotiation(), connect("IPv6:2001:DB8::1", b"6"), *MAIL)
    assert asked[0].peer == "2001:db8::1"


def test_a_login_counts_for_one_mail_and_not_for_the_next_client() -> None:
    login = packet(b"D", b"M" + words("i", "Q1", "{auth_authen}", "ann"))
    asked = questions(*START, login, *MAIL[1:4], *MAIL[:4], login, packet(b"K"), connect(), *MAIL)
    assert [each.login for each in asked] == ["ann", "", "", "", ""]


@pytest.mark.parametrize(
    ("family", "address"),
    [(b"L", "/run/socket"), (b"U", ""), (b"4", "127.0.0.1"), (b"6", "::1")],
)
def test_mail_from_this_machine_continues_unasked(family: bytes, address: str) -> None:
    data = b"".join([negotiation(), connect(address, family), *MAIL])
    assert steps(data)[1:] == [CONTINUE] * 3


def test_an_mta_that_offers_nothing_gets_a_reply_to_each_command() -> None:
    start = [negotiation(2, 0, 0), *START[1:], packet(b"U", words("HELP"))]
    header = [packet(b"L", words("Subject", "hello")), packet(b"N"), packet(b"B", b"hello")]
    mail = [*MAIL[:4], *header, *MAIL[-1:]]
    said = steps(b"".join(start + mail))
    assert said[0] == negotiation(2, 0, 0)
    expected = [CONTINUE] * 4 + ["RCPT"] + [CONTINUE] * 3 + ["END-OF-MESSAGE"]
    assert [each if isinstance(each, bytes) else each.stage for each in said[1:]] == expected


def test_a_header_is_inserted_once_at_the_end_if_the_mta_allows_it() -> None:
    for actions, expected in ((0x1FF, True), (0, False)):
        session = MilterSession()
        data = b"".join([negotiation(actions=actions), *START[1:], *MAIL])
        rcpt, begun, ended = [
            each for each in steps(data, session=session) if isinstance(each, PolicyRequest)
        ]
        assert session.replyTo(rcpt, Action(header=("X-Greylist", "late\r\nBcc: x"))) == CONTINUE
        assert session.replyTo(begun, NO_OPINION) == CONTINUE
        inserted = packet(b"i", (0).to_bytes(4) + words("X-Greylist", r"late\r\nBcc: x"))
        assert session.replyTo(ended, NO_OPINION) == (inserted if expected else b"") + CONTINUE


def test_a_percent_sign_in_a_reply_is_doubled_and_a_reply_is_one_line() -> None:
    (question, *_) = questions(*START, *MAIL)
    said = MilterSession().replyTo(question, Action(550, "5.7.1 100%\r\n250 b\u00f6se"))
    assert said == packet(b"y", b"550 5.7.1 100%%\\r\\n250 b\\xf6se\0")
    assert len(MilterSession().replyTo(question, Action(550, "x" * 5000))) == LONGEST_REPLY + 6


def test_nothing_is_asked_after_quit() -> None:
    session = MilterSession()
    assert steps(b"".join([*START, packet(b"Q"), *MAIL]), session=session) == [
        negotiation(6, 1, 0x7170)
    ]
    assert session.isOver


@pytest.mark.parametrize(
    ("packets", "why"),
    [
        ([(0).to_bytes(4)], "0 octets"),
        ([(LONGEST_PACKET + 1).to_bytes(4)], f"{LONGEST_PACKET + 1} octets"),
        ([b"\xff\xff\xff\xff"], "4294967295 octets"),
        ([b"GET / HTTP/1.1\r\n\r\n"], "1195725856 octets"),
        ([packet(b"?")], "unknown command b'[?]'"),
        ([connect()], "before the negotiation"),
        ([packet(b"O", b"\0" * 11)], "11 octets"),
        ([negotiation(1)], "version 1 of the protocol is older than 2"),
        ([negotiation(), MAIL[1]], "MAIL comes before CONNECT"),
        ([negotiation(), connect(), MAIL[3]], "RCPT comes before MAIL"),
        ([*START, *MAIL, packet(b"A"), packet(b"E")], "END-OF-MESSAGE comes before MAIL"),
        ([negotiation(), connect("192.0.2.777")], "not an address: '192.0.2.777'"),
        ([negotiation(), connect("", b"4")], "not an address: ''"),
        ([negotiation(), connect("::1", b"X")], "unknown family"),
        ([*START, packet(b"M")], "without an address"),
        ([*START, packet(b"M", b"<a@b.example>")], "a word has no end"),
        ([*START, packet(b"D")], "macros without a command"),
        ([*START, packet(b"D", b"M" + words("i"))], "a macro has no value"),
    ],
)
def test_what_no_mta_sends_is_refused_with_the_reason(packets: list[bytes], why: str) -> None:
    with pytest.raises(BadPacket, match=why):
        steps(b"".join(packets))


letters = st.sampled_from(b"OCHMRTLNBEAQKDU").map(lambda each: bytes([each]))
contents = st.lists(
    st.sampled_from([b"\0", b"<>", b"a@b.example", b"4", b"6", b"M", b"\xff\xfe", b"192.0.2.1"]),
    max_size=8,
).map(b"".join)
streams = st.lists(st.one_of(st.builds(packet, letters, contents), st.sampled_from(START + MAIL)))


@given(streams, st.lists(st.integers(0, 2000), max_size=10))
def test_arbitrary_packets_are_answered_or_refused_whatever_the_cuts(
    packets: list[bytes], cuts: list[int]
) -> None:
    data = negotiation() + b"".join(packets)

    def outcome(cuts: Iterable[int]) -> object:
        try:
            return steps(data, cuts)
        except BadPacket as error:
            return str(error)

    whole = outcome(())
    assert outcome(cuts) == whole
    for each in whole if isinstance(whole, list) else ():
        assert isinstance(each, bytes) or (each.sender.isprintable() and each.peer)


@given(st.binary(max_size=3000))
def test_arbitrary_bytes_are_answered_or_refused(data: bytes) -> None:
    with suppress(BadPacket):
        steps(data)


def test_a_packet_without_end_takes_little_memory() -> None:
    session = MilterSession()
    steps(negotiation(), session=session)
    endless = packet(b"D", b"M" + words("x", "y"))
    tracemalloc.start()
    try:
        for number in range(20_000):  # each macro is another one
            name = f"{{{number}}}"
            session.feed(packet(b"D", b"M" + words(name, "y" * 50)))
            list(session.steps())
        session.feed(endless[:-1])
        assert list(session.steps()) == []
        assert tracemalloc.get_traced_memory()[1] < 4 * LONGEST_PACKET
    finally:
        tracemalloc.stop()
