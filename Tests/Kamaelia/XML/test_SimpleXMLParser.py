"""A parser of XML streams, through its boxes."""

from collections.abc import Iterator
from typing import Any

import pytest

from Axon.AxonExceptions import noSpaceInBox
from Axon.Component import component
from Axon.Ipc import errorInformation, producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.XML.SimpleXMLParser import SimpleXMLParser

EVENTS = [
    ("document",),
    ("element", "a", {"x": "1"}),
    ("chars", "text"),
    ("/element", "a"),
    ("/document",),
]


def test_the_events_of_a_document_are_sent() -> None:
    outcome = feed(SimpleXMLParser(), inbox=["<a x=", "'1'>te", "xt</a>"])
    assert [event for event in outcome["outbox"] if event[0] != "chars"] == [
        event for event in EVENTS if event[0] != "chars"
    ]
    assert outcome["signal"] == [FINISHED]


def test_without_any_input_nothing_is_sent() -> None:
    assert feed(SimpleXMLParser()) == {"outbox": [], "signal": [FINISHED], "error": []}


def test_an_error_is_reported_and_the_receiver_is_told_that_nothing_follows() -> None:
    parser = SimpleXMLParser()
    text = "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"
    outcome = feed(parser, inbox=[text, "<a/>"])
    assert outcome["outbox"] == [("document",)]
    (error,), (end,) = outcome["error"], outcome["signal"]
    assert isinstance(error, errorInformation)
    assert (error.caller, error.message) == (parser, text)
    assert str(error.exception).startswith("document type declarations are refused (line 1")
    assert isinstance(end, producerFinished)
    assert end.message is error.exception


def test_an_incomplete_document_is_an_error_at_the_end() -> None:
    outcome = feed(SimpleXMLParser(), inbox=["<a>"])
    assert [str(each.exception) for each in outcome["error"]] == [
        "no element found (line 1, column 4)"
    ]
    assert ("/document",) not in outcome["outbox"]


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("maxDepth", "<a><a><a/></a></a>"),
        ("maxToken", "<a bcdefgh"),
        ("maxNames", "<a><b/><c/></a>"),
    ],
)
def test_the_limits_are_settings(setting: str, text: str) -> None:
    outcome = feed(SimpleXMLParser(**{setting: 2}), inbox=[text])
    assert len(outcome["error"]) == 1


def test_shutdownMicroprocess_ends_it_before_the_input_is_parsed() -> None:
    message = shutdownMicroprocess()
    outcome = feed(SimpleXMLParser(), inbox=["<a>"], control=[message])
    assert outcome == {"outbox": [], "signal": [message], "error": []}


class SlowReader(component):
    """A component that takes one event a turn, and notes how many are waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[Any] = []
        self.most = 0

    def main(self) -> Iterator[int]:
        while not self.isShuttingDown():
            yield from self.waitForMessage()
            while self.dataReady():
                self.most = max(self.most, self.dataReady())
                self.got.append(self.recv())
                yield 1


@pytest.mark.parametrize("isSized", [True, False])
def test_it_waits_while_its_receiver_is_full(isSized: bool) -> None:
    reader, parser = SlowReader(), SimpleXMLParser()
    if isSized:
        reader.inboxes["inbox"].setSize(2)
    system = Graphline(
        PARSER=parser,
        READER=reader,
        linkages={
            ("self", "inbox"): ("PARSER", "inbox"),
            ("self", "control"): ("PARSER", "control"),
            ("PARSER", "outbox"): ("READER", "inbox"),
            ("PARSER", "signal"): ("READER", "control"),
        },
        capacity=None if isSized else 2,
    )
    feed(system, inbox=["<r>", *["<a/>"] * 300, "</r>"])
    assert len(reader.got) == 604
    assert reader.got[-1] == ("/document",)
    assert reader.most <= 2


def test_shutdownMicroprocess_ends_it_while_its_receiver_is_full() -> None:
    parser, full, message = SimpleXMLParser(), component(), shutdownMicroprocess()
    full.inboxes["inbox"].setSize(1)
    parser.link((parser, "outbox"), (full, "inbox"))

    class Late(component):
        """A component that sends the message when the parser waits for space."""

        def main(self) -> Iterator[int]:
            while not full.dataReady():
                yield 1
            yield 1
            parser.deliver(message, "control")

    Late().activate()
    outcome = feed(parser, inbox=["<a><b/></a>"], control=[])
    assert outcome == {"signal": [message], "error": []}
    assert full.recv() == ("document",)


def test_its_sized_inbox_refuses_more() -> None:
    parser, sender = SimpleXMLParser(), component()
    parser.inboxes["inbox"].setSize(1)
    sender.link((sender, "outbox"), (parser, "inbox"))
    sender.send("<a>")
    with pytest.raises(noSpaceInBox):
        sender.send("<b>")
