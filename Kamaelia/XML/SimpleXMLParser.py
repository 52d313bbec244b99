"""A parser of XML streams: pieces of a document in, events out.

Example usage
-------------
    Pipeline(RateControlledFileReader("a.xml"), SimpleXMLParser(), ConsoleEchoer()).run()

How does it work?
-----------------
XMLEventParser does the work (Kamaelia.Support.Data.XMLEvents), with the standard library's expat.
Document type declarations, and with them all entities except the five that XML defines, are
refused. While the receiver has no space (a sized inbox, or a linkage with a capacity), the parser
waits and takes no input.

Termination: at a producerFinished, after the end of the document; at a shutdownMicroprocess, at
once; at the first error in the document.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import Any

from Axon.Component import component
from Axon.Ipc import errorInformation, producerFinished
from Kamaelia.Support.Data.XMLEvents import Event, XMLError, XMLEventParser
from Kamaelia.Util.SendWithRoom import isToStop, sendWithRoom

__all__ = ["SimpleXMLParser"]


class SimpleXMLParser(component):
    """A component that sends the events of one XML document.

    The events are tuples: ("document",), ("element", name, attributes), ("chars", text),
    ("/element", name) and ("/document",). `attributes` is a dict. The text of an element may come
    in several pieces. maxDepth, maxToken, maxNames: the limits of XMLEventParser.
    """

    Inboxes = {
        "inbox": "bytes or text: an XML document, in pieces",
        "control": "a shutdown message",
    }
    Outboxes = {
        "outbox": "the events, as tuples",
        "signal": "the shutdown message from control, or producerFinished with an XMLError",
        "error": "errorInformation: the document is malformed; exception: an XMLError",
    }

    maxDepth = 256
    maxToken = 2**20
    maxNames = 10_000

    def main(self) -> Iterator[int]:
        parser = XMLEventParser(self.maxDepth, self.maxToken, self.maxNames)
        while not isToStop(self):
            yield from self.waitForMessage()
            for data in self.Inbox():
                if isToStop(self):
                    break
                if not (yield from self._sendEvents(parser.feed(data), data)):
                    return
            if self._isProducerFinished():
                if not (yield from self._sendEvents(parser.close(), None)):
                    return
                break
        self.isShuttingDown()

    def messagesOf(self, event: Event) -> Iterable[Any]:
        """Return the messages to send for an event. Subclasses may override this."""
        return (event,)

    def _isProducerFinished(self) -> bool:
        """Return whether "control" holds a producerFinished, and no message waits in "inbox"."""
        return not self.dataReady("inbox") and any(
            isinstance(each, producerFinished) for each in self.inboxes["control"]
        )

    def _sendEvents(self, events: Iterable[Event], data: Any) -> Generator[int, None, bool]:
        """Send the events. Report an error in the document, and return False after it."""
        try:
            for event in events:
                for message in self.messagesOf(event):
                    if not (yield from sendWithRoom(self, message)):
                        return True
        except XMLError as error:
            error = error.with_traceback(None)
            self.send(errorInformation(self, error, data), "error")
            self.send(producerFinished(self, error), "signal")
            return False
        return True


__kamaelia_components__ = (SimpleXMLParser,)
