"""A splitter whose destinations can be added and removed while it runs.

Example usage
-------------
    splitter = PlugSplitter(Ticker()).activate()
    Plug(splitter, ConsoleEchoer()).activate()
    Pipeline(Plug(splitter, PassThrough()), Logger()).activate()

How does it work?
-----------------
An addsink or removesink message to "configuration" adds or removes a destination. These messages
are read before waiting data. A Plug sends them for the component that it contains. All
destinations receive the same object. A destination that has ended is removed before the next
message is sent.

Termination: at a producerFinished or shutdownMicroprocess, which is sent to every destination
that named a box for it. A PlugSplitter with a source ends when the source ends.
"""

from collections.abc import Iterator
from typing import Any

from Axon.AxonExceptions import noSpaceInBox
from Axon.Box import NULL
from Axon.ComponentCheck import checkComponents
from Axon.Ipc import ipc, producerFinished, shutdownMicroprocess
from Kamaelia.Util.Parent import parent

__all__ = ["Plug", "PlugSplitter", "Splitter", "addsink", "removesink"]

ENDS = (producerFinished, shutdownMicroprocess)


class addsink(ipc):
    """A request to send messages to the box `sinkbox` of the component `sink` as well.

    sinkcontrol: the inbox that receives the messages from "control", or None. passthrough: 0 if
    `sinkbox` is an inbox, 2 if it is an outbox through which the messages leave.
    """

    def __init__(
        self,
        sink: Any,
        sinkbox: str | None = "inbox",
        sinkcontrol: str | None = None,
        passthrough: int = 0,
    ) -> None:
        self.sink = sink
        self.sinkbox = sinkbox
        self.sinkcontrol = sinkcontrol
        self.passthrough = passthrough


class removesink(ipc):
    """A request to stop sending messages to the boxes of `sink`."""

    def __init__(
        self, sink: Any, sinkbox: str | None = "inbox", sinkcontrol: str | None = None
    ) -> None:
        self.sink = sink
        self.sinkbox = sinkbox
        self.sinkcontrol = sinkcontrol


class _Destinations:
    """The destinations of one kind of message, with an outbox of `owner` for each."""

    def __init__(self, owner: Any, boxname: str) -> None:
        self.names = {boxname: None}  # the outboxes, in order
        self._boxname = boxname
        self._owner = owner
        self._linkages: dict[tuple[Any, str], Any] = {}
        self._count = 0

    def add(self, sink: Any, sinkbox: str, passthrough: int = 0) -> None:
        """Link another outbox, unless the destination is already known."""
        if (sink, sinkbox) in self._linkages:
            return
        self._count += 1
        name = f"{self._boxname}_{self._count}"
        self._owner.outboxes[name] = NULL
        self._linkages[sink, sinkbox] = self._owner.link(
            (self._owner, name), (sink, sinkbox), passthrough=passthrough
        )
        self.names[name] = None

    def remove(self, sink: Any, sinkbox: str) -> None:
        """Remove a destination. Do nothing if it is unknown."""
        linkage = self._linkages.pop((sink, sinkbox), None)
        if linkage is not None:
            self._owner.unlink(thelinkage=linkage)
            del self.names[linkage.sourcebox]
            del self._owner.outboxes[linkage.sourcebox]

    def removeEnded(self) -> None:
        """Remove the destinations that have ended and no longer read their inboxes."""
        ended = [each for each in self._linkages if each[0].isStopped()]
        for sink, sinkbox in ended:
            self.remove(sink, sinkbox)


class PlugSplitter(parent):
    """A splitter that sends each message to "outbox" and to all destinations.

    sourceComponent: the component that sends the messages. Without it, they arrive at "inbox".
    """

    Inboxes = {
        "inbox": "anything; passed to the source, if there is one",
        "control": "a shutdown message; passed to the source, if there is one",
        "configuration": "addsink and removesink",
        "_inbox": "anything: the messages of the source",
        "_control": "a shutdown message of the source",
    }
    Outboxes = {"outbox": "every message", "signal": "all messages from control"}

    def __init__(self, sourceComponent: Any = None) -> None:
        super().__init__()
        self._data = _Destinations(self, "outbox")
        self._signals = _Destinations(self, "signal")
        self._source = sourceComponent
        if sourceComponent is not None:
            checkComponents(type(self).__name__, [sourceComponent])
            for inbox, outbox in (("inbox", "outbox"), ("control", "signal")):
                self.link((self, inbox), (sourceComponent, inbox), passthrough=1)
                self.link((sourceComponent, outbox), (self, f"_{inbox}"))

    def main(self) -> Iterator[int]:
        if self._source is None:
            inbox, control = "inbox", "control"
        else:
            inbox, control = "_inbox", "_control"
            self.adopt(self._source)
        while True:
            self._configure()
            if self.dataReady(inbox):
                self._data.removeEnded()
            send, names = self.send, self._data.names
            for message in self.Inbox(inbox):
                for name in names:
                    send(message, name)
            isOver = self._passOnControl(control)
            if isOver if self._source is None else self.childrenDone():
                return
            yield from self.waitForChange()

    def _configure(self) -> None:
        for message in self.Inbox("configuration"):
            if isinstance(message, addsink):
                if message.sinkbox is not None:
                    self._data.add(message.sink, message.sinkbox, message.passthrough)
                if message.sinkcontrol is not None:
                    self._signals.add(message.sink, message.sinkcontrol)
            elif isinstance(message, removesink):
                if message.sinkbox is not None:
                    self._data.remove(message.sink, message.sinkbox)
                if message.sinkcontrol is not None:
                    self._signals.remove(message.sink, message.sinkcontrol)

    def _passOnControl(self, control: str) -> bool:
        isOver = False
        if self.dataReady(control):
            self._signals.removeEnded()
        for message in self.Inbox(control):
            for name in self._signals.names:
                self.send(message, name)
            isOver = isOver or isinstance(message, ENDS)
        return isOver


class Plug(parent):
    """A component in a container that makes it a destination of a PlugSplitter.

    `component` receives the messages of the splitter and of the plug's own boxes. The messages
    that it sends leave through the plug. When `component` has ended, the plug removes itself from
    the splitter and ends.
    """

    Inboxes = {"inbox": "passed to the component", "control": "passed to the component"}
    Outboxes = {
        "outbox": "the messages of the component",
        "signal": "the signals of the component",
        "splitter_config": "addsink at the start, removesink at the end",
    }

    def __init__(self, splitter: Any, component: Any) -> None:
        checkComponents("Plug", [splitter, component])
        super().__init__()
        self.splitter = splitter
        self.component = component

    def main(self) -> Iterator[int]:
        for inbox, outbox in (("inbox", "outbox"), ("control", "signal")):
            self.link((self, inbox), (self.component, inbox), passthrough=1)
            self.link((self.component, outbox), (self, outbox), passthrough=2)
        self.link((self, "splitter_config"), (self.splitter, "configuration"))
        self.send(addsink(self, "inbox", "control"), "splitter_config")
        self.adopt(self.component)
        try:
            yield from self.waitForChildren()
        finally:
            self.send(removesink(self, "inbox", "control"), "splitter_config")


class Splitter(parent):
    """A splitter that sends each message to the destinations added through "configuration".

    While one destination is full (noSpaceInBox), all of them wait.
    """

    Inboxes = {
        "inbox": "anything",
        "control": "a shutdown message",
        "configuration": "addsink and removesink",
    }
    Outboxes = {"outbox": "nothing", "signal": "the shutdown message from control"}

    def __init__(self) -> None:
        super().__init__()
        self._data = _Destinations(self, "outbox")

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            self._configure()
            for message in self.Inbox():
                yield from self._sendToAll(message)
            if self.isShuttingDown():
                return

    def _configure(self) -> None:
        for message in self.Inbox("configuration"):
            if isinstance(message, addsink):
                self.createsink(message.sink, message.sinkbox or "inbox", message.passthrough)
            elif isinstance(message, removesink):
                self.deletesink(message)

    def _sendToAll(self, message: Any) -> Iterator[int]:
        pending = list(self._data.names)[1:]
        while pending:
            self._data.removeEnded()
            pending = [
                name
                for name in pending
                if name in self._data.names and not self._isSent(message, name)
            ]
            if pending:
                self.pause()
                yield 1

    def _isSent(self, message: Any, name: str) -> bool:
        try:
            self.send(message, name)
        except noSpaceInBox:
            return False
        return True

    def createsink(self, sink: Any, sinkbox: str = "inbox", passthrough: int = 0) -> None:
        """Add the inbox `sinkbox` of `sink` (or an outbox, with passthrough=2) as a destination."""
        self._data.add(sink, sinkbox, passthrough)

    def deletesink(self, oldsink: removesink) -> None:
        """Remove the destination that the message names."""
        self._data.remove(oldsink.sink, oldsink.sinkbox or "inbox")


__kamaelia_components__ = (PlugSplitter, Plug, Splitter)
