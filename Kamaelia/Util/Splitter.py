"""Sends each message to destinations that come and go.

Example usage
-------------
    splitter = PlugSplitter(Ticker()).activate()
    Plug(splitter, ConsoleEchoer()).activate()
    Pipeline(Plug(splitter, PassThrough()), Logger()).activate()

How does it work?
-----------------
An addsink or removesink message to "configuration" says where to send, or to
send no more; they are read before the data that wait. A Plug sends them for the
component in it. All destinations get the same object. A destination that has ended
is removed before the next message is sent.

Termination: at a producerFinished or shutdownMicroprocess, which goes to every
destination that named a box for it; a PlugSplitter with a source: when that ends.
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
    """addsink(sink, sinkbox="inbox", sinkcontrol=None, passthrough=0) -> send to that box, too.

    sinkcontrol: the inbox, if any, for what comes to control. passthrough: 0 for
    an inbox; 2 if `sinkbox` is an outbox, and messages are to go out through it.
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
    """removesink(sink, sinkbox="inbox", sinkcontrol=None) -> send to these boxes no more."""

    def __init__(
        self, sink: Any, sinkbox: str | None = "inbox", sinkcontrol: str | None = None
    ) -> None:
        self.sink = sink
        self.sinkbox = sinkbox
        self.sinkcontrol = sinkcontrol


class _Destinations:
    """The boxes to which one kind of message goes: an outbox of `owner` for each."""

    def __init__(self, owner: Any, boxname: str) -> None:
        self.names = {boxname: None}  # the outboxes to send to, in order
        self._boxname = boxname
        self._owner = owner
        self._linkages: dict[tuple[Any, str], Any] = {}
        self._count = 0

    def add(self, sink: Any, sinkbox: str, passthrough: int = 0) -> None:
        """Link another outbox; a destination that is known already is not added twice."""
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
        """Remove the destination, if it is one."""
        linkage = self._linkages.pop((sink, sinkbox), None)
        if linkage is not None:
            self._owner.unlink(thelinkage=linkage)
            del self.names[linkage.sourcebox]
            del self._owner.outboxes[linkage.sourcebox]

    def removeEnded(self) -> None:
        """Remove the destinations that have ended, whose inboxes nobody reads any longer."""
        ended = [each for each in self._linkages if each[0]._isStopped()]
        for sink, sinkbox in ended:
            self.remove(sink, sinkbox)


class PlugSplitter(parent):
    """PlugSplitter([sourceComponent]) -> sends each message to "outbox" and to all destinations.

    sourceComponent: whose messages they are; without it, those that come to "inbox".
    """

    Inboxes = {
        "inbox": "anything; goes to the source, if there is one",
        "control": "when to stop; goes to the source, if there is one",
        "configuration": "addsink and removesink",
        "_inbox": "from the source",
        "_control": "from the source",
    }
    Outboxes = {"outbox": "every message", "signal": "everything that came to control"}

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
    """Plug(splitter, component) -> a destination of the PlugSplitter `splitter`.

    What the splitter sends, and what comes to this plug's own boxes, goes to `component`;
    what that sends leaves through the plug. Ends, and says so to the splitter, when
    `component` has ended.
    """

    Inboxes = {"inbox": "goes to the component", "control": "goes to the component"}
    Outboxes = {
        "outbox": "comes from the component",
        "signal": "comes from the component",
        "splitter_config": "addsink at the beginning, removesink at the end",
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
    """Splitter() -> sends each message to the destinations that "configuration" named.

    While one of them is full (noSpaceInBox), it waits, and so do all others.
    """

    Inboxes = {
        "inbox": "anything",
        "control": "when to stop",
        "configuration": "addsink and removesink",
    }
    Outboxes = {"outbox": "nothing", "signal": "whatever ended it"}

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
        """Sends to that box, too."""
        self._data.add(sink, sinkbox, passthrough)

    def deletesink(self, oldsink: removesink) -> None:
        """Sends to that box no more."""
        self._data.remove(oldsink.sink, oldsink.sinkbox or "inbox")


__kamaelia_components__ = (PlugSplitter, Plug, Splitter)
