"""The sending end of a link to another process or machine.

Example usage
-------------
    Pipeline(Reader(), RemoteOut("tcp://127.0.0.1:4000", "lines")).run()     # one process
    Pipeline(RemoteIn("tcp://127.0.0.1:4000", "lines"), Writer()).run()      # another

How does it work?
-----------------
A message is encoded within the send of the component that sends it, so an error about a value that
cannot be sent is raised there. It is kept until the far end has confirmed it. While `window`
messages or `windowBytes` bytes are unconfirmed, the sender is held.

Termination: after a producerFinished or shutdownMicroprocess on "control", once the far end has
confirmed everything, which includes the end, and has ended itself. A reader that was killed just
then has a few seconds to come back and learn of the end. linkError: the link cannot work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.WriteGate import WriteGate
from Kamaelia.Net.Addresses import transportFor
from Kamaelia.Net.Ends import WriterEnd, nameOfComponent
from Kamaelia.Support.Links.Codecs import availableCodecs, codecNamed
from Kamaelia.Support.Links.Errors import linkError, notEncodable
from Kamaelia.Support.Links.Outgoing import FRAME, Outgoing


class RemoteOut(component):
    """RemoteOut(url, name, ...) -> sends what it receives over the link `name`.

    url: redis://, rediss://, unix:, tcp://, tls:// or local: (Kamaelia.Net.Addresses).
    window, windowBytes: how much may be unconfirmed. frame: the most messages in one frame.
    shared: several readers share the messages (RemoteIn(shared=True)).
    position: how many messages the source has sent before; None: it starts with the first. With a
    position, "confirmed" continues from there, and messages that the link already has are dropped.
    codec: "msgpack", "json", or "pickle", which is for `local:` only. key: a secret of both ends.
    tls: an SSLContext. patience: the most seconds without a connection; None: any time.
    """

    Inboxes = {
        "inbox": "messages of plain data",
        "control": "producerFinished or shutdownMicroprocess: it follows the last message",
    }
    Outboxes = {
        "outbox": "not used",
        "signal": "the message from control, once the far end has confirmed everything",
        "confirmed": "how many messages are done at the far end, whenever this changes",
    }

    def __init__(
        self,
        url: Any,
        name: str,
        *,
        window: int = 4096,
        windowBytes: int = 64 << 20,
        frame: int = FRAME,
        shared: bool = False,
        position: int | None = None,
        codec: str | None = None,
        key: str | None = None,
        tls: Any = None,
        patience: float | None = None,
        **argd: Any,
    ) -> None:
        super().__init__(**argd)
        if window < 1 or frame < 1:
            raise ValueError("a window and a frame have at least 1 message")
        self._transport = transportFor(url, False, key, tls)
        codec = codec or availableCodecs()[0]
        if codec == "pickle" and not self._transport.isLocal:
            raise linkError("pickle is for links local: only, since it runs code of the sender")
        outgoing = Outgoing(
            codecNamed(codec, nameOfComponent),
            window,
            windowBytes,
            1 if shared else min(frame, window),
            position,
        )
        self._outgoing = outgoing
        self._end = WriterEnd(self, name, patience, outgoing)
        self._gate = WriteGate(self)
        self._listeners: tuple[Callable[[], object], ...] = ()
        self._ending: Any = None  # the message from control
        self.isDone = False  # the far end has confirmed everything, the end included
        #: Adds a message, within the turn of its sender; returns the gate if the window is full,
        #: and raises notEncodable if the message is not plain data.
        self.accept = self._acceptor()
        self.takeDirectly("inbox", self.accept)

    def _acceptor(self) -> Callable[[Any], WriteGate | None]:
        """Return what takes the messages, without the cost of look-ups in this component."""
        put, end, gate = self._outgoing.put, self._end, self._gate

        def accept(message: Any) -> WriteGate | None:
            try:
                isFull = put(message)
            except notEncodable as error:
                error.add_note(f"for the inbox 'inbox' of {self.name}, link {end.name!r}")
                raise
            if end.isAsleep:
                end.wakeTransport()
            if isFull:
                gate.shut()
                return gate
            return None

        return accept

    def progress(self) -> tuple[int, int]:
        """Return how many messages this has accepted, and how many of them are done."""
        return self._outgoing.accepted(), self._outgoing.done()

    def notifyProgress(self, listener: Callable[[], object]) -> None:
        """Call `listener()` whenever more messages are done."""
        self._listeners = (*self._listeners, listener)

    async def main(self) -> None:
        """Report what is confirmed, and add the end."""
        self._end.start(self._transport.write)
        reported = 0
        try:
            while not self._outgoing.isDone():
                if self._end.error is not None:
                    raise self._end.error
                reported = self._report(reported)
                self._readControl()
                if not self._outgoing.isDone():
                    await self.waitForWakeUp()
            self.isDone = True
            self._report(reported)
            self._notify()
            self.send(self._ending, "signal")
            while not self._end.hasStopped():  # the reader, too, has to learn that it has ended
                await self.waitForWakeUp()
        finally:
            self._end.cancel()
            self._gate.open()

    def _report(self, reported: int) -> int:
        """Tell what is done if that has changed; return it."""
        done = self._outgoing.done()
        if done == reported:
            return done
        self.send(done + (self._outgoing.position or 0), "confirmed")
        self._notify()
        if self._gate.isShut() and self._outgoing.hasRoom():
            self._gate.open()
        return done

    def _notify(self) -> None:
        for listener in self._listeners:
            listener()

    def _readControl(self) -> None:
        for message in self.Inbox("control"):
            isAbort = isinstance(message, shutdownMicroprocess)
            if self._ending is None and (isAbort or isinstance(message, producerFinished)):
                self._ending = message
                self.accept = _discard  # as any component that has ended
                self.takeDirectly("inbox", _discard)
                self._outgoing.finish("shutdown" if isAbort else "finished")
                self._end.wakeTransport()


def _discard(message: Any) -> None:
    """Take a message that arrives after the end."""


__kamaelia_components__ = (RemoteOut,)
