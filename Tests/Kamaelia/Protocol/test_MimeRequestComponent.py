"""A parser of one request, through its boxes."""

import pytest

from Axon.AxonExceptions import noSpaceInBox
from Axon.Component import component
from Axon.Ipc import errorInformation, producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Protocol.MimeRequestComponent import MimeRequestComponent, mimeObject
from Kamaelia.Support.Data.requestLine import BadRequest

LINES = [
    "GET http://ann:secret@127.0.0.1:8000/ HTTP/1.0\n",
    "Colour: green\n",
    "Content-Length: 20\n",
    "\n",
    "0123456789",
    "abcdefghij",
]


@pytest.mark.parametrize("isText", [True, False])
def test_a_request_is_sent_and_ends_it(isText: bool) -> None:
    pieces = LINES if isText else [line.encode() for line in LINES]
    outcome = feed(MimeRequestComponent(), inbox=pieces, control=[])
    (request,) = outcome["outbox"]
    assert isinstance(request, mimeObject)
    assert request.header == {
        "colour": ["Colour", "green"],
        "content-length": ["Content-Length", "20"],
    }
    body = LINES[4] + LINES[5]
    assert request.body == (body if isText else body.encode())
    assert request.preambleLine.passwd == "secret"
    (end,) = outcome["signal"]
    assert isinstance(end, producerFinished)


def test_a_malformed_request_is_reported_and_ends_it() -> None:
    outcome = feed(MimeRequestComponent(), inbox=["GET / HTTP/1.0\n\n"], control=[])
    assert outcome["outbox"] == []
    error, end = outcome["signal"]
    assert outcome["error"] == [error]
    assert isinstance(error, errorInformation)
    assert isinstance(error.exception, BadRequest)
    assert isinstance(end, producerFinished)


def test_the_limits_are_settings() -> None:
    for setting in ("maxHeader", "maxBody"):
        outcome = feed(MimeRequestComponent(**{setting: 1}), inbox=LINES, control=[])
        assert isinstance(outcome["signal"][0], errorInformation)


@pytest.mark.parametrize("message", [FINISHED, shutdownMicroprocess()])
def test_a_shutdown_message_ends_it_before_the_request_is_complete(message: object) -> None:
    outcome = feed(MimeRequestComponent(), inbox=LINES[:2], control=[message])
    assert outcome == {"outbox": [], "signal": [message], "error": []}


def test_a_request_and_the_end_of_its_source_may_arrive_together() -> None:
    assert len(feed(MimeRequestComponent(), inbox=LINES)["outbox"]) == 1


def test_it_waits_while_its_receiver_is_full() -> None:
    parser, full = MimeRequestComponent(), component()
    full.inboxes["inbox"].setSize(1)
    full.deliver("before", "inbox")
    parser.link((parser, "outbox"), (full, "inbox"))
    outcome = feed(parser, inbox=LINES, control=[], until=1.0)
    assert outcome == {"signal": [], "error": []}
    assert full.recv() == "before"
    assert not full.dataReady()


def test_its_sized_inbox_refuses_more() -> None:
    parser, sender = MimeRequestComponent(), component()
    parser.inboxes["inbox"].setSize(1)
    sender.link((sender, "outbox"), (parser, "inbox"))
    sender.send("GET ")
    with pytest.raises(noSpaceInBox):
        sender.send("http://")
