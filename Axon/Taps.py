"""Taps: the messages that arrive at an inbox of a running system, for displays and tests.

Example usage
-------------
    >>> from Axon.Component import component
    >>> from Axon.Taps import tap
    >>> producer, consumer = component(), component()
    >>> joint = producer.link((producer, "outbox"), (consumer, "inbox"))
    >>> with tap(consumer, "inbox") as tapped:
    ...     producer.send({"user": "ada", "password": "s3cret"})
    ...     producer.send(b"x" * 1_000_000)
    >>> tapped.count
    2
    >>> tapped.last()[0].message["user"], tapped.last()[0].sender is producer
    ('ada', True)
    >>> tapped.last()[0].text
    "{'user': 'ada', 'password': <left out>}"

How does it work?
-----------------
An inbox changes its class while it is tapped (Axon.Sinks), so that all others pay nothing. A TapLog
counts the messages, and keeps the last 32 as references; the compiled core has its own. Their text
is made only when it is read: then a message that has changed since is shown as it is now. `call`,
if given, is called with each Passage in the sender's turn; what it raises is raised in the sender.

A component that knows what must not be shown, or shows it better, defines `shown(message)`, which
returns what is shown in place of the message: a text, or another value. The sender and the receiver
are both asked. Axon.MessageText describes the text, and what it leaves out.

A chain of linkages has its messages only at its end: the tap of an outbox, or of an inbox that
leads on, is that of the inbox at the end. Linking or unlinking afterwards does not move the tap.

Taps belong to the scheduler's thread. `close()` removes one, and so do the end of a `with` and the
end of the last reference to it. A tap keeps its messages, and their senders, in memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self
from weakref import ref

from Axon import Core
from Axon.MessageText import LIMIT, textOf
from Axon.Task import RUNNING

KEPT = 32  # messages


class Passage:
    """A message that has arrived: its number, sender (None if unknown), receiver and inbox."""

    __slots__ = ("boxname", "message", "number", "receiver", "sender")

    def __init__(self, number: int, sender: Any, receiver: Any, boxname: str, message: Any) -> None:
        self.number, self.sender, self.message = number, sender, message
        self.receiver, self.boxname = receiver, boxname

    @property
    def text(self) -> str:
        """The message as one line of at most 200 characters."""
        return self.shortened(LIMIT)

    def shortened(self, limit: int) -> str:
        """Return the message as one line of at most `limit` characters."""
        shown = self.message
        for component in (self.sender, self.receiver):
            show = getattr(component, "shown", None)
            if show is not None:
                try:
                    shown = show(shown)
                except Exception as error:  # noqa: BLE001 - a display must not end the system
                    return f"<shown() raised {type(error).__name__}>"
        if type(shown) is str and shown is not self.message:
            return _asLine(shown, limit)
        return textOf(shown, limit)

    def sourceBoxes(self) -> list[str]:
        """Return the outboxes of the sender that lead to the inbox: mostly one."""
        if self.sender is None:
            return []
        ends = self.receiver.placeOfBox(self.boxname, True)
        return [box.boxname for box in self.sender.linkedOutboxes() if box.end() is ends]


def _asLine(text: str, limit: int) -> str:
    """Return a text that shown() has returned as one line of printable characters."""
    start = text if len(text) <= limit else f"{text[: limit - 3]}..."
    return "".join(each if each.isprintable() else " " for each in start)


class TapLog:
    """Counts messages, and keeps the last 32 with their senders."""

    __slots__ = ("__weakref__", "_kept", "count")

    def __init__(self) -> None:
        self.count = 0
        self._kept: deque[tuple[Any, Any]] = deque(maxlen=KEPT)

    def note(self, sender: Any, message: Any) -> None:
        """Count a message from `sender`, and keep it."""
        self.count += 1
        self._kept.append((sender, message))

    def last(self) -> list[tuple[Any, Any]]:
        """Return the senders and the messages that are kept, the oldest first."""
        return list(self._kept)


class TapListener:
    """TapListener(log, senderTo): notes each message in a TapLog, which it does not keep.

    senderTo: the function of this name, which returns the component that sends to a sink.
    """

    __slots__ = ("_log", "_senderTo")

    def __init__(self, log: TapLog, senderTo: Callable[[Any], Any]) -> None:
        self._log, self._senderTo = ref(log), senderTo

    def __call__(self, sink: Any, message: Any) -> None:
        log = self._log()
        if log is not None:
            feeder = sink.feeder
            sender = self._senderTo(sink) if feeder is None else feeder.process
            log.count += 1  # what note() does, without its call
            log._kept.append((sender, message))


if not TYPE_CHECKING and Core.compiled is not None:
    TapLog = Core.compiled.TapLog
    TapListener = Core.compiled.TapListener


class Tap:
    """Tap(sink[, call, sender]) -> counts the messages that arrive in `sink`, and keeps the last.

    sink: see Axon.Box; `tap()` finds that of a box. sender: count those of this component only.
    """

    __slots__ = (
        "__weakref__",
        "_boxname",
        "_call",
        "_listener",
        "_log",
        "_receiver",
        "_sender",
        "_sink",
    )

    def __init__(
        self, sink: Any, call: Callable[[Passage], object] | None = None, sender: Any = None
    ) -> None:
        self._log = TapLog()
        self._call, self._sender = call, sender
        self._receiver, self._boxname = sink.component, sink.boxname
        self._sink: Callable[[], Any] = ref(sink)
        isPlain = call is None and sender is None
        self._listener: Callable[[Any, Any], None] = (
            TapListener(self._log, senderTo) if isPlain else _listenerFor(ref(self))
        )
        sink.addListener(self._listener)

    @property
    def count(self) -> int:
        """How many messages have arrived."""
        return self._log.count

    def note(self, sender: Any, message: Any) -> None:
        """Count a message from `sender`, and keep it."""
        if self._sender is not None and sender is not self._sender:
            return
        self._log.note(sender, message)
        if self._call is not None:
            self._call(self._passage(self.count, sender, message))

    def _passage(self, number: int, sender: Any, message: Any) -> Passage:
        return Passage(number, sender, self._receiver, self._boxname, message)

    def last(self) -> list[Passage]:
        """Return the last messages, at most 32, the oldest first."""
        kept = self._log.last()
        first = self.count - len(kept) + 1
        return [self._passage(number, *each) for number, each in enumerate(kept, first)]

    def close(self) -> None:
        """Stop counting. What was counted and kept can still be read."""
        sink, self._sink = self._sink(), _nothing
        if sink is not None:
            sink.removeListener(self._listener)

    def __del__(self) -> None:
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _listenerFor(tapReference: ref[Tap]) -> Callable[[Any, Any], None]:
    """Return the function that a sink calls. It does not keep the tap, nor what that refers to."""

    def arrived(sink: Any, message: Any) -> None:
        found = tapReference()
        if found is not None:
            found.note(senderTo(sink), message)

    return arrived


def _nothing() -> None:
    """Return None, as a dead weak reference does."""


def tap(
    component: Any,
    boxname: str = "inbox",
    *,
    isInbox: bool = True,
    call: Callable[[Passage], object] | None = None,
    onlySender: bool = False,
) -> Tap:
    """Return a Tap of the inbox in which messages to this inbox, or from this outbox, end.

    isInbox: False for an outbox. onlySender: count only what the owner of that outbox sends.
    Raises KeyError if there is no such box, and ValueError if the outbox leads to no inbox.
    """
    sink = component.placeOfBox(boxname, isInbox).end()
    if not hasattr(sink, "addListener"):
        raise ValueError(f"{component.name}'s {boxname!r} leads to no inbox: nothing passes there")
    return Tap(sink, call, None if isInbox or not onlySender else component)


def senderTo(sink: Any) -> Any:
    """Return the component that is sending to `sink` now, or None if that is not known.

    It is the one whose turn it is. Outside of a turn, which is where an asynchronous body or a
    connection sends, it is known only if one component alone feeds the inbox.
    """
    feeder = sink.feeder
    if feeder is not None:
        return feeder.process
    feeders = sink.feeders
    for task in feeders:
        if task.state == RUNNING or len(feeders) == 1:
            return task.process
    return None
