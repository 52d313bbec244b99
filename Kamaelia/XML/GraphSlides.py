"""Slides for the graph viewer, from an XML document: the text of each element `slide`.

Example usage
-------------
    slides = onDemandGraphFileParser_Prefab("talk.xml")     # a message to "inbox" is "next, please"
    Pipeline(Keys(), slides, lines_to_tokenlists(), viewer).run()

How does it work?
-----------------
The component is a SimpleXMLParser that sends the text of slides instead of events. The text of a
slide is the commands of the viewer; elements within it are ignored.

Termination: as SimpleXMLParser.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any

from Axon.Component import component
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.File.ReadFileAdaptor import ReadFileAdaptor
from Kamaelia.Support.Data.XMLEvents import Event
from Kamaelia.Util.RateFilter import OnDemandLimit
from Kamaelia.XML.SimpleXMLParser import SimpleXMLParser

__all__ = ["GraphSlideXMLComponent", "GraphSlideXMLParser", "onDemandGraphFileParser_Prefab"]

LONGEST = 2**20  # characters of a slide; the rest is dropped


class GraphSlideXMLParser:
    """A handler of XML events that calls newSlide(tag, text) and documentDone()."""

    inslide = False
    current_slide = ""

    def takeEvent(self, event: Event) -> None:
        """Call the method for an event of XMLEventParser."""
        kind, *values = event
        handlers: dict[str, Any] = {
            "element": self.startElement,
            "chars": self.characters,
            "/element": self.endElement,
            "/document": self.endDocument,
        }
        if kind in handlers:
            handlers[kind](*values)

    def startElement(self, name: str, attrs: Mapping[str, str]) -> None:
        """Begin a slide, if the element is one."""
        if name == "slide":
            self.inslide = True
            self.current_slide = ""

    def characters(self, chars: str) -> None:
        """Add text to the slide."""
        if self.inslide:
            self.current_slide = (self.current_slide + chars)[:LONGEST]

    def endElement(self, name: str) -> None:
        """End the slide, if the element is one."""
        if name == "slide" and self.inslide:
            self.inslide = False
            self.newSlide(name, self.current_slide)

    def endDocument(self) -> None:
        """Call documentDone()."""
        self.documentDone()

    def newSlide(self, tag: str, slide: str) -> None:
        """Take the text of a slide. Subclasses override this."""

    def documentDone(self) -> None:
        """Take note of the end of the document. Subclasses override this."""


class GraphSlideXMLComponent(SimpleXMLParser, GraphSlideXMLParser):
    """A component that sends the text of each slide of a document."""

    Outboxes = {
        "outbox": "text: one slide in each message",
        "signal": "the shutdown message from control, or producerFinished with an XMLError",
        "error": "errorInformation: the document is malformed; exception: an XMLError",
    }

    def __init__(self, **argd: Any) -> None:
        super().__init__(**argd)
        self._slides: list[str] = []

    def newSlide(self, tag: str, slide: str) -> None:
        """Send the text of a slide."""
        self._slides.append(slide)

    def messagesOf(self, event: Event) -> Iterable[str]:
        """Return the text of the slide that an event completes."""
        self.takeEvent(event)
        slides, self._slides = self._slides, []
        return slides


def onDemandGraphFileParser_Prefab(filename: str | PathLike[str]) -> component:
    """Return a component that sends one slide of a file for each message to "inbox"."""
    return Graphline(
        FILEREAD=ReadFileAdaptor(filename),
        PARSER=GraphSlideXMLComponent(),
        CONTROL=OnDemandLimit(),
        linkages={
            ("FILEREAD", "outbox"): ("PARSER", "inbox"),
            ("FILEREAD", "signal"): ("PARSER", "control"),
            ("PARSER", "outbox"): ("CONTROL", "inbox"),
            ("PARSER", "error"): ("self", "error"),
            ("self", "inbox"): ("CONTROL", "slidecontrol"),
            ("self", "control"): ("CONTROL", "control"),
            ("CONTROL", "outbox"): ("self", "outbox"),
            ("CONTROL", "signal"): ("self", "signal"),
        },
    )


__kamaelia_components__ = (GraphSlideXMLComponent,)
__kamaelia_prefabs__ = (onDemandGraphFileParser_Prefab,)
