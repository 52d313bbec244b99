"""Session descriptions become dicts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Axon.AxonExceptions import noSpaceInBox
from Axon.Component import component
from Axon.Ipc import errorInformation, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Protocol.SDP import SDPParser
from Kamaelia.Support.Protocol.SDP import SDPError, SDPLines, parseLine

SEMINAR = """\
v=0
o=jdoe 2890844526 2890842807 IN IP4 10.47.16.5
s=SDP Seminar
i=A Seminar on the session description protocol
u=http://www.example.com/seminars/sdp.pdf
e=j.doe@example.com (Jane Doe)
c=IN IP4 224.2.17.12/127
t=2873397496 2873404696
a=recvonly
m=audio 49170 RTP/AVP 0
m=video 51372 RTP/AVP 99
a=rtpmap:99 h263-1998/90000
"""
CONNECTION = ("IN", "IP4", "224.2.17.12", "127", 1)
PARSED = {
    "protocol_version": 0,
    "origin": ("jdoe", 2890844526, 2890842807, "IN", "IP4", "10.47.16.5"),
    "sessionname": "SDP Seminar",
    "information": "A Seminar on the session description protocol",
    "connection": CONNECTION,
    "time": [(2873397496, 2873404696, [])],
    "URI": "http://www.example.com/seminars/sdp.pdf",
    "email": "j.doe@example.com (Jane Doe)",
    "attribute": ["recvonly"],
    "media": [
        {"media": ("audio", 49170, 1, "RTP/AVP", "0"), "connection": CONNECTION},
        {
            "media": ("video", 51372, 1, "RTP/AVP", "99"),
            "connection": CONNECTION,
            "attribute": ["rtpmap:99 h263-1998/90000"],
        },
    ],
}
SHORT = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=short", "t=0 0"]


def sessionsOf(*lines: str, maxSize: int = 2**20) -> list[Any]:
    parser = SDPLines(maxSize)
    return [*(each for line in lines for each in parser.feed(line)), *parser.finish()]


def test_the_example_of_the_historical_documentation_is_parsed_as_it_says() -> None:
    assert feed(SDPParser(), inbox=SEMINAR.splitlines()) == {
        "outbox": [PARSED],
        "signal": [FINISHED],
        "error": [],
    }


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_lines_may_be_bytes_and_may_have_line_ends(end: str) -> None:
    lines = [(line + end).encode() for line in SEMINAR.splitlines()]
    assert feed(SDPParser(), inbox=lines)["outbox"] == [PARSED]


def test_a_session_ends_where_the_next_one_begins() -> None:
    outcome = feed(SDPParser(), inbox=[*SEMINAR.splitlines(), "", *SHORT], control=[])
    assert outcome == {"outbox": [PARSED], "signal": [], "error": []}


def test_shutdownMicroprocess_ends_it_without_the_last_session() -> None:
    message = shutdownMicroprocess()
    outcome = feed(SDPParser(), inbox=SEMINAR.splitlines(), control=[message])
    assert outcome == {"outbox": [], "signal": [message], "error": []}


def test_a_malformed_session_is_reported_and_the_next_one_is_parsed() -> None:
    lines = ["s=too early", *SHORT, "x=unknown", "a=skipped", *SEMINAR.splitlines()]
    outcome = feed(SDPParser(), inbox=lines)
    assert outcome["outbox"] == [PARSED]
    (error,) = outcome["error"]
    assert isinstance(error, errorInformation)
    assert error.message == "x=unknown"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("c=IN IP4 224.2.1.1/127/3", ("IN", "IP4", "224.2.1.1", "127", "3")),
        ("c=IN IP4 example.com", ("IN", "IP4", "example.com", 127, 1)),
        ("c=IN IP6 FF15::101/3", ("IN", "IP6", "FF15::101", None, "3")),
        ("b=AS:1200", ("AS", 1_200_000)),
        ("b=X-YZ:128", ("X-YZ", 128_000)),
        ("t=0 0", (0, 0, [])),
        ("r=7d 1h 0 25h", (604800, 3600, [0, 90000])),
        ("z=2882844526 -1h 2898848070 0", [(2882844526, -3600), (2898848070, 0)]),
        ("k=prompt", ("prompt", None)),
        ("k=base64:abc=", ("base64", "abc=")),
        ("m=video 49170/2 RTP/AVP 31 32", ("video", 49170, 2, "RTP/AVP", "31 32")),
        ("a=", ""),
    ],
)
def test_the_value_of_a_line(line: str, value: object) -> None:
    assert parseLine(line).value == value


@pytest.mark.parametrize(
    "line",
    [
        "v=1",
        "o=jdoe",
        "o=jdoe x 1 IN IP4 a",
        "c=IN IP5 a",
        "c=IN IP6 ::1/1/2",
        "b=AS",
        "t=0",
        "t=" + "9" * 5000 + " 0",
        "r=1",
        "r=1w 1",
        "z=1",
        "k=secret",
        "m=video x RTP/AVP 31",
        "q=1",
        "plain text",
        "=",
        "t=\u0661 0",
    ],
)
def test_a_malformed_line_is_an_error(line: str) -> None:
    with pytest.raises(SDPError):
        parseLine(line)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["v=0"], "no line o="),
        ([*SHORT, "s=again"], "more than one line s="),
        (["v=0", "r=1 1 0"], "follows no line t="),
        ([*SHORT, "m=audio 1 RTP/AVP 0"], "a line c="),
        ([*SHORT, "c=IN IP4 a", "m=audio 1 RTP/AVP 0", "t=0 0"], "not allowed in a media section"),
        ([*SHORT, *["a=x"] * 100], "longer than 100 characters"),
    ],
)
def test_a_malformed_session_is_an_error(lines: list[str], reason: str) -> None:
    (error,) = sessionsOf(*lines, maxSize=100)
    assert isinstance(error, SDPError)
    assert reason in str(error)


def test_an_error_in_the_first_line_of_a_session_does_not_lose_the_one_before() -> None:
    session, error = sessionsOf(*SHORT, "v=7", "s=skipped")
    assert session["sessionname"] == "short"
    assert isinstance(error, SDPError)


def test_a_media_section_keeps_its_own_connection() -> None:
    """The historical parser replaced it by that of the session."""
    own = "c=IN IP4 10.0.0.1"
    (session,) = sessionsOf(*SHORT, "c=IN IP4 10.0.0.2", "m=audio 1 RTP/AVP 0", own)
    assert session["media"][0]["connection"][2] == "10.0.0.1"


def test_repeats_belong_to_their_time_and_repeated_lines_become_lists() -> None:
    (session,) = sessionsOf(*SHORT, "r=1 1 0", "t=5 6", "r=2 1 0", "e=a", "e=b", "e=c", "p=1")
    assert session["time"] == [(0, 0, [(1, 1, [0])]), (5, 6, [(2, 1, [0])])]
    assert (session["email"], session["phone"]) == (["a", "b", "c"], "1")


KINDS = st.sampled_from([*"vosiuepcbtrzkamx"])
VALUES = st.sampled_from(
    ["0", "- 1 1 IN IP4 a", "IN IP4 a", "audio 1 RTP/AVP 0", "0 0", "", "1 \u00fc"]
)


@given(st.lists(st.tuples(KINDS, VALUES).map("=".join), max_size=12))
def test_any_lines_are_sessions_or_errors(lines: list[str]) -> None:
    found = sessionsOf(*SHORT, *lines)
    assert found
    assert len(found) <= 2 * len(lines) + 1


@given(st.text(max_size=30))
def test_any_text_is_a_line_or_an_error(line: str) -> None:
    try:
        parseLine(line)
    except SDPError:
        return


def test_it_waits_while_its_receiver_is_full_and_its_own_sized_inbox_refuses_more() -> None:
    parser, full, sender = SDPParser(), component(), component()
    parser.inboxes["inbox"].setSize(len(SHORT) * 2)
    full.inboxes["inbox"].setSize(1)
    parser.link((parser, "outbox"), (full, "inbox"))
    sender.link((sender, "outbox"), (parser, "inbox"))
    for line in SHORT * 2:
        sender.send(line)
    with pytest.raises(noSpaceInBox):
        sender.send("v=0")
    full.deliver("before", "inbox")
    outcome = feed(parser, until=1.0)
    assert outcome == {"signal": [], "error": []}
    assert full.recv() == "before"
