"""The receiving end of a link from another process or machine.

Example usage
-------------
    Pipeline(RemoteIn("tcp://127.0.0.1:4000", "lines"), Writer()).run()

    Graphline(                              # of more than one component: with a linkage back
        IN=RemoteIn("redis://host/0", "lines"), PARSE=Parser(), STORE=Store(),
        linkages={
            ("IN", "outbox"): ("PARSE", "inbox"),
            ("PARSE", "outbox"): ("STORE", "inbox"),
            ("STORE", "outbox"): ("IN", "inbox"),       # one message for each that is stored
            ("IN", "signal"): ("PARSE", "control"), ("PARSE", "signal"): ("STORE", "control"),
        },
    ).run()

How does it work?
-----------------
A message that is not done when this process is killed is sent again to the next reader. If
something is linked to "inbox", each message that arrives there means that one more message is done,
in order. Otherwise a message is done when the component that took it takes the next one or waits
for one. That protects the first component only: a part of several needs the linkage back. At most
`capacity` messages are handed out and not done, so at most so many are repeated.

Termination: when the writer has ended, after its last message is done; after shutdownMicroprocess
or producerFinished on "control": what is not done stays in the link. linkTakenOver: another reader
has taken the place of this one. linkError: the link cannot work.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from typing import Any

from Axon.Box import NULL
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Net.Addresses import transportFor
from Kamaelia.Net.Ends import ReaderEnd
from Kamaelia.Net.RemoteOut import RemoteOut
from Kamaelia.Support.Links.Codecs import availableCodecs
from Kamaelia.Support.Links.Errors import linkError
from Kamaelia.Support.Links.Incoming import Incoming
from Kamaelia.Support.Links.Pool import Share

POLLS = 0.001, 0.05  # seconds between looks at a component that works on a message: first, most


class RemoteIn(component):
    """RemoteIn(url, name, ...) -> sends out what arrives over the link `name`.

    url: redis://, rediss://, unix:, tcp://, tls:// or local: (Kamaelia.Net.Addresses).
    capacity: the most messages that are handed out and not done.
    shared: the readers of the link share its messages. It needs Redis, and a writer that is shared,
    too; the order is promised within each reader only. heartbeat: a reader that shows no life for
    so many seconds is dead, and the others receive what it had. A message may take longer.
    after: RemoteOut components; a message is done when what they had accepted by then is done, too.
    pickle: accept pickle, on a `local:` link. key: a secret of both ends. tls: an SSLContext of a
    server, or two, (of a server, of a client): then this can take over from an earlier reader.
    patience: the most seconds without a connection; None: any time.
    """

    Inboxes = {
        "inbox": "if it is linked: each message means that one more message is done, in order",
        "control": "producerFinished or shutdownMicroprocess: stop; the rest stays in the link",
    }
    Outboxes = {
        "outbox": "the messages of the writer",
        "signal": "producerFinished or shutdownMicroprocess, as the writer, after its last message",
    }

    def __init__(
        self,
        url: Any,
        name: str,
        *,
        capacity: int = 64,
        shared: bool = False,
        heartbeat: float = 5.0,
        after: Sequence[RemoteOut] = (),
        pickle: bool = False,
        key: str | None = None,
        tls: Any = None,
        patience: float | None = None,
        **argd: Any,
    ) -> None:
        super().__init__(**argd)
        if capacity < 1:
            raise ValueError(f"a capacity is at least 1 message, not {capacity!r}")
        self.capacity = capacity
        self._transport = transportFor(url, True, key, tls)
        codecs = availableCodecs()
        if pickle and self._transport.isLocal:
            codecs = ["pickle", *codecs]
        if shared and not self._transport.isShareable:
            raise linkError("only links over Redis can be shared by several readers")
        incoming = Share() if shared else Incoming()
        limit = capacity if shared else max(capacity, 64)
        self._end = ReaderEnd(self, name, patience, limit, codecs, incoming, heartbeat)
        self._incoming = self._end.incoming
        self._after = after
        self._barriers: deque[tuple[int, list[int]]] = deque()
        self._poll = POLLS[0]

    def main(self) -> Generator[object, None, None]:
        for other in self._after:
            other.notifyProgress(self.unpause)
        self.scheduler.outside += 1
        self._end.start(self._transport.read)
        try:
            ending = yield from self._handOut()
            self.send(ending, "signal")
            self._end.leave()
            while not self._end.hasStopped():
                yield self.pause()
        finally:
            self.scheduler.outside -= 1
            self._end.cancel()
        if self._end.error is not None:
            raise self._end.error

    def _handOut(self) -> Generator[object, None, Any]:
        """Hand out messages until the end, and return the message for "signal"."""
        incoming = self._incoming
        while True:
            if self._end.error is not None:
                raise self._end.error
            self._countDone()
            self._confirm()
            if incoming.isAtEnd():
                self.atEnd()
            if incoming.isAtEnd() and not self._barriers and all(o.isDone for o in self._after):
                incoming.finish()
                self._end.confirmUpTo(incoming.done)
                isAbort = incoming.endKind == "shutdown"
                return shutdownMicroprocess(self) if isAbort else producerFinished(self)
            for message in self.Inbox("control"):
                if isinstance(message, (producerFinished, shutdownMicroprocess)):
                    return message
            self._handOutMore()
            yield self._waitForNews()

    def _handOutMore(self) -> None:
        incoming = self._incoming
        if incoming.waiting() and self.hasReceiver():
            if 2 * (incoming.handed - self._end.secured) > self.capacity:
                self._end.secure()
            unconfirmed = incoming.handed - self._end.secured
            if unconfirmed < self.capacity:
                self.handOut(incoming.hand(self.capacity - unconfirmed))
        if incoming.waiting() < self._end.limit:
            self._end.room.set()

    def _countDone(self) -> None:
        incoming = self._incoming
        before = incoming.done
        if incoming.outstanding():
            incoming.markDone(self.countFinished(incoming.outstanding()))
        if incoming.done > before:
            self._poll = POLLS[0]
            if self._after:
                accepted = [other.progress()[0] for other in self._after]
                self._barriers.append((incoming.done, accepted))

    # Where messages go, and when they are done: a subclass may decide otherwise

    def handOut(self, messages: list[Any]) -> None:
        """Send messages of the link to their receivers."""
        for message in messages:
            self.send(message)

    def atEnd(self) -> None:
        """Act on the end of the writer: every message is done. It may be called several times."""

    def hasReceiver(self) -> bool:
        """Return whether messages can be handed out; otherwise they stay in the link."""
        sink = self.outboxes["outbox"]
        return sink is not NULL and not hasEnded(sink)

    def countFinished(self, outstanding: int) -> int:
        """Return how many of the `outstanding` messages, the oldest ones, are done now."""
        if self._hasLinkageBack():
            return sum(1 for _ in self.Inbox())
        return takenFrom(self.outboxes["outbox"], outstanding) if self.hasReceiver() else 0

    def receivers(self) -> list[Any]:
        """Return the inboxes to look at again while their components work; see Axon.Sinks."""
        if self._hasLinkageBack() or not self.hasReceiver():
            return []
        return [self.outboxes["outbox"]]

    def _hasLinkageBack(self) -> bool:
        sink = self.inboxes.created().get("inbox")
        return sink is not None and bool(sink.feeders or sink)

    def _confirm(self) -> None:
        """Confirm what is done, as far as the components in `after` have passed on its results."""
        number = self._incoming.done
        if self._after:
            number = self._end.confirmable
            done = [other.progress()[1] for other in self._after]
            barriers = self._barriers
            while barriers and all(a >= b for a, b in zip(done, barriers[0][1], strict=True)):
                number = barriers.popleft()[0]
        self._end.confirmUpTo(number)

    def _waitForNews(self) -> object:
        """Sleep until something happens; look again if a receiver works on its last message."""
        if self._incoming.outstanding():
            sinks = self.receivers()
            if not all(map(hasTaker, sinks)):
                return 1  # what was sent there is done
            tasks = [sink.task for sink in sinks if not sink]
            if any(task.isRunnable() and not isCoroutine(task) for task in tasks):
                return 1
            if any(task.isAlive() for task in tasks):
                self._poll = min(2 * self._poll, POLLS[1])
                return self.pause(self._poll)
        return self.pause()


def hasTaker(sink: Any) -> bool:
    """Return whether a component takes the messages from `sink`, and has not ended."""
    return getattr(sink.task, "process", None) is not None and not sink.task.hasEnded()


def hasEnded(sink: Any) -> bool:
    """Return whether the component with this inbox has ended."""
    return getattr(sink.task, "process", None) is not None and bool(sink.task.hasEnded())


def takenFrom(sink: Any, outstanding: int) -> int:
    """Return how many of the messages that were sent to `sink` its component has finished."""
    if not hasTaker(sink):
        return outstanding
    taken: int = outstanding - len(sink)
    return max(0, taken if isWaiting(sink) else taken - 1)


def isWaiting(sink: Any) -> bool:
    """Return whether the component with this inbox has taken all messages and waits for more."""
    task = sink.task
    receiver = task.process
    if sink or receiver.isAtWork():
        return False
    if isCoroutine(task):  # it may also wait for something of asyncio
        return bool(receiver.isWaitingForMessage())
    return bool(task.isPaused() and not receiver.isHeld())


def isCoroutine(task: Any) -> bool:
    """Return whether the body of `task` is a coroutine."""
    return hasattr(task, "body") and hasattr(task.body, "isWaitingForMessage")


__kamaelia_components__ = (RemoteIn,)
