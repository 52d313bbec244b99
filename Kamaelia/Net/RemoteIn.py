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
for one. At most `capacity` messages are handed out and not done, so at most so many are repeated.

Termination: when the writer has ended, after its last message is done; after shutdownMicroprocess
or producerFinished on "control": what is not done stays in the link. linkTakenOver: another reader
has taken the place of this one. linkError: the link cannot work.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Net.Addresses import transportFor
from Kamaelia.Net.Ends import ReaderEnd
from Kamaelia.Net.RemoteOut import RemoteOut
from Kamaelia.Support.Links.Codecs import availableCodecs

POLLS = 0.001, 0.05  # seconds between looks at a component that works on a message: first, most


class RemoteIn(component):
    """RemoteIn(url, name, ...) -> sends out what arrives over the link `name`.

    url: redis://, rediss://, unix:, tcp://, tls:// or local: (Kamaelia.Net.Addresses).
    capacity: the most messages that are handed out and not done.
    after: RemoteOut components; a message is done when what they had accepted by then is done, too.
    pickle: accept pickle, on a `local:` link. key: a secret of both ends. tls: an SSLContext.
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
        self._end = ReaderEnd(self, name, patience, max(capacity, 64), codecs)
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
            self._handOutMore()
            if incoming.isAtEnd() and not self._barriers:
                incoming.finish()
                self._end.confirmUpTo(incoming.done)
                isAbort = incoming.endKind == "shutdown"
                return shutdownMicroprocess(self) if isAbort else producerFinished(self)
            for message in self.Inbox("control"):
                if isinstance(message, (producerFinished, shutdownMicroprocess)):
                    return message
            yield self._waitForNews()

    def _handOutMore(self) -> None:
        incoming, sink = self._incoming, self.outboxes["outbox"]
        if sink.task.process is None or sink.task.hasEnded():
            return  # nothing takes messages, so they stay in the link
        send, capacity = self.send, self.capacity
        unconfirmed = incoming.handed - self._end.settled
        for _ in range(min(incoming.waiting(), capacity - unconfirmed)):
            send(incoming.hand())
        if incoming.waiting() < self._end.limit:
            self._end.room.set()

    # Which messages are done

    def _countDone(self) -> None:
        incoming = self._incoming
        before = incoming.done
        if self._hasLinkageBack():
            for _ in self.Inbox():
                incoming.markDone(1)
        else:
            incoming.markDone(max(0, self._taken()))
        if incoming.done > before:
            self._poll = POLLS[0]
            if self._after:
                accepted = [other.progress()[0] for other in self._after]
                self._barriers.append((incoming.done, accepted))

    def _hasLinkageBack(self) -> bool:
        sink = self.inboxes.created().get("inbox")
        return sink is not None and bool(sink.feeders or sink)

    def _taken(self) -> int:
        """Return how many messages the receiver has taken and finished."""
        outstanding = self._incoming.outstanding()
        sink = self.outboxes["outbox"]
        receiver = sink.task.process
        if not outstanding or receiver is None or sink.task.hasEnded():
            return 0
        taken = outstanding - len(sink)
        return taken if self._isWaiting(sink, receiver) else taken - 1

    def _isWaiting(self, sink: Any, receiver: Any) -> bool:
        """Return whether the receiver has an empty inbox and sleeps until a message arrives."""
        if sink or receiver.isAtWork():
            return False
        task = sink.task
        if hasattr(task.body, "isWaitingForMessage"):  # a coroutine may also wait for asyncio
            return bool(receiver.isWaitingForMessage())
        return bool(task.isPaused() and not receiver.isHeld())

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
        """Sleep until something happens; look again if the receiver works on its last message."""
        sink = self.outboxes["outbox"]
        if self._incoming.outstanding() and not sink and not self._hasLinkageBack():
            if sink.task.isRunnable() and not hasattr(sink.task.body, "isWaitingForMessage"):
                return 1
            if sink.task.isAlive():
                self._poll = min(2 * self._poll, POLLS[1])
                return self.pause(self._poll)
        return self.pause()


__kamaelia_components__ = (RemoteIn,)
