"""The slides of a document, for the graph viewer."""

from collections.abc import Iterator
from pathlib import Path

from Axon.Component import component
from Axon.Ipc import shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Support.Data import Experimental
from Kamaelia.Support.Data.XMLEvents import XMLEventParser
from Kamaelia.XML.GraphSlides import (
    GraphSlideXMLComponent,
    GraphSlideXMLParser,
    onDemandGraphFileParser_Prefab,
)

TALK = (
    "<talk>title<slide>ADD NODE a\n<b/>ADD NODE b</slide>\n<slide></slide><slide>c</slide></talk>"
)
SLIDES = ["ADD NODE a\nADD NODE b", "", "c"]


def test_the_text_of_each_slide_is_sent() -> None:
    pieces = [TALK[begin : begin + 7] for begin in range(0, len(TALK), 7)]
    outcome = feed(GraphSlideXMLComponent(), inbox=pieces)
    assert outcome == {"outbox": SLIDES, "signal": [FINISHED], "error": []}


def test_a_malformed_document_is_reported_after_the_slides_before_the_error() -> None:
    outcome = feed(GraphSlideXMLComponent(), inbox=[TALK[:-3] + "x>"])
    assert outcome["outbox"] == SLIDES
    assert len(outcome["error"]) == 1


def test_shutdownMicroprocess_ends_it() -> None:
    message = shutdownMicroprocess()
    outcome = feed(GraphSlideXMLComponent(), inbox=[TALK], control=[message])
    assert outcome == {"outbox": [], "signal": [message], "error": []}


def test_a_program_may_handle_the_slides_itself() -> None:
    class Titles(GraphSlideXMLParser):
        def __init__(self) -> None:
            self.got: list[object] = []

        def newSlide(self, tag: str, slide: str) -> None:
            self.got.append((tag, slide))

        def documentDone(self) -> None:
            self.got.append("done")

    titles, parser = Titles(), XMLEventParser()
    for event in [*parser.feed(TALK), *parser.close()]:
        titles.takeEvent(event)
    assert titles.got == [*(("slide", text) for text in SLIDES), "done"]


class Speaker(component):
    """A component that asks for a slide until it has all of them, and then ends the source."""

    Outboxes = {"outbox": "NEXT", "signal": "the end"}

    def main(self) -> Iterator[int]:
        self.got: list[str] = []
        asked = 0
        while len(self.got) < len(SLIDES):
            self.send("NEXT")
            asked += 1
            yield from self.waitForMessage("inbox", timeout=0.01)
            self.got += self.Inbox()
            assert len(self.got) <= asked
        self.send(FINISHED, "signal")


def test_slides_of_a_file_are_sent_on_demand(tmp_path: Path) -> None:
    (tmp_path / "talk.xml").write_text(TALK)
    speaker = Speaker()
    Graphline(
        SPEAKER=speaker,
        SLIDES=onDemandGraphFileParser_Prefab(str(tmp_path / "talk.xml")),
        linkages={
            ("SPEAKER", "outbox"): ("SLIDES", "inbox"),
            ("SPEAKER", "signal"): ("SLIDES", "control"),
            ("SLIDES", "outbox"): ("SPEAKER", "inbox"),
        },
    ).run()
    assert speaker.got == SLIDES


def test_the_old_path_has_the_same_names() -> None:
    modules = {getattr(Experimental, name).__module__ for name in Experimental.__all__}
    assert modules == {"Kamaelia.XML.GraphSlides"}
