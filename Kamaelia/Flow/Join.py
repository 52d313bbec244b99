"""Joins: several streams of messages become one.

Example usage
-------------
    Pipeline(Merge(Reader("a.log"), Reader("b.log")), Display()).run()
    Graphline(PRICE=Price(), RATE=Rate(), BOTH=CombineLatest("price", "rate"), ..., linkages={
        ("PRICE", "outbox"): ("BOTH", "price"), ("PRICE", "signal"): ("BOTH", "price_control"),
        ("RATE", "outbox"): ("BOTH", "rate"), ("RATE", "signal"): ("BOTH", "rate_control"), ...})

How does it work?
-----------------
An input is a component, which becomes a child, or the name of an inbox, to which others are
linked. An input has ended when its component has ended, or when its control has received a
producerFinished. Without a join, the end of the first of two producers ends their consumer.

Termination: when the inputs have ended, as the classes say, with a producerFinished; at a
shutdownMicroprocess, which also goes to all child components, when these have ended.
"""

from collections.abc import Iterator
from typing import Any

from Axon.AxonExceptions import wiringError
from Axon.ComponentCheck import checkComponents
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Util.Parent import parent
from Kamaelia.Util.SendWithRoom import sendWithRoom

__all__ = ["CombineLatest", "Join", "Merge", "Zip"]


class Join(parent):
    """Join(*inputs[, capacity]): the common part of the joins.

    inputs: components, and names of inboxes. The inbox of a component is "input1" for the first
    input, and so on. capacity: the number of messages (1 or more) in the inbox of an input at
    which its senders are held. Raises wiringError if there is no input or a name occurs twice, and
    if a class is given instead of a component.
    """

    Inboxes = {"inbox": "nothing", "control": "a shutdown message for all inputs"}
    Outboxes = {
        "outbox": "the joined messages",
        "signal": "the shutdownMicroprocess from control, or at the end producerFinished",
    }

    def __init__(self, *inputs: Any, capacity: int | None = None) -> None:
        kind = type(self).__name__
        components = [each for each in inputs if not isinstance(each, str)]
        checkComponents(kind, components)
        self.sources = {
            each if isinstance(each, str) else f"input{number}": each
            for number, each in enumerate(inputs, start=1)
        }
        controls = {f"{name}_control": name for name in self.sources}
        names = [*self.sources, *controls, "control"]
        if not inputs or len(self.sources) < len(inputs) or len(set(names)) < len(names):
            raise wiringError(f"a {kind} needs one or more inputs with different names")
        self.Inboxes = {  # type: ignore[misc]
            **self.Inboxes,
            **dict.fromkeys(self.sources, "anything"),
            **dict.fromkeys(controls, "a shutdown message: the end of this input"),
        }
        super().__init__()
        self._controls = controls
        self._unused = {"inbox"} - self.sources.keys()
        self._endedInputs: set[str] = set()
        self._shutdown: shutdownMicroprocess | None = None
        if capacity is not None:
            for name in self.sources:
                self.setInboxCapacity(name, capacity)

    def results(self) -> Iterator[Any]:
        """Generate what can be sent for the messages that wait in the inboxes of the inputs."""
        raise NotImplementedError

    def isComplete(self) -> bool:
        """Return whether nothing can be sent any more: here, when all inputs have ended."""
        return all(self.hasEndedInput(name) for name in self.sources)

    def hasEndedInput(self, name: str) -> bool:
        """Return whether an input has ended, and all its messages have been taken."""
        return name in self._endedInputs and not self.dataReady(name)

    def main(self) -> Iterator[int]:
        self._startChildren()
        while True:
            for result in self.results():
                yield from sendWithRoom(self, result)
            self._readControls()
            self.discardUnread(*self._unused)
            if self._shutdown is not None or self.isComplete():
                break
            yield from self.waitForChange()
        yield from self._endChildren()
        self.send(self._shutdown or producerFinished(self), "signal")

    def _startChildren(self) -> None:
        children = {n: each for n, each in self.sources.items() if not isinstance(each, str)}
        for name, child in children.items():
            self.link((child, "outbox"), (self, name))
            self.link((child, "signal"), (self, f"{name}_control"))
        self.adopt(*children.values())

    def _readControls(self) -> None:
        """Note which inputs have ended. Call this after their inboxes have been read."""
        for boxname, name in self._controls.items():
            for message in self.Inbox(boxname):
                self._noteEnd(message, [name])
        for name, child in self.sources.items():
            if not isinstance(child, str) and child.isStopped():
                self._endedInputs.add(name)
        for message in self.Inbox("control"):
            self._noteEnd(message, [n for n, each in self.sources.items() if isinstance(each, str)])
            if not isinstance(message, shutdownMicroprocess):  # which _endChildren passes on
                self._passOn(message)
        self.childrenDone()

    def _noteEnd(self, message: Any, names: list[str]) -> None:
        if isinstance(message, producerFinished):
            self._endedInputs.update(names)
        elif isinstance(message, shutdownMicroprocess) and self._shutdown is None:
            self._shutdown = message

    def _passOn(self, message: Any) -> None:
        for child in self.childComponents():
            if not child.isStopped():
                child.deliver(message, "control")

    def _endChildren(self) -> Iterator[int]:
        """Tell the children that are left to stop; discard what they still send."""
        self._passOn(self._shutdown or shutdownMicroprocess(self))
        while not self.childrenDone():
            self.discardUnread(*self.sources)
            yield from self.waitForChange()


class Merge(Join):
    """Merge(*inputs[, capacity]): send the messages of all inputs as they arrive.

    It ends when all inputs have ended.
    """

    Outboxes = {**Join.Outboxes, "outbox": "the messages of all inputs"}

    def results(self) -> Iterator[Any]:
        while any(self.dataReady(name) for name in self.sources):
            for name in self.sources:
                if self.dataReady(name):
                    yield self.recv(name)


class Zip(Join):
    """Zip(*inputs[, capacity]): send the first messages of all inputs as a tuple, then the next.

    It ends when one input has ended and all its messages have been sent. `capacity` holds the
    senders of inputs that are faster than the others.
    """

    Outboxes = {**Join.Outboxes, "outbox": "tuples of one message from each input"}

    def results(self) -> Iterator[tuple[Any, ...]]:
        while all(self.dataReady(name) for name in self.sources):
            yield tuple(self.recv(name) for name in self.sources)

    def isComplete(self) -> bool:
        return any(self.hasEndedInput(name) for name in self.sources)


class CombineLatest(Join):
    """CombineLatest(*inputs[, capacity]): send the latest messages of all inputs as a tuple.

    A tuple is sent for each message, once every input has sent one. It ends when all inputs have
    ended, or when one has ended without a message.
    """

    Outboxes = {**Join.Outboxes, "outbox": "tuples of the latest message from each input"}

    def __init__(self, *inputs: Any, capacity: int | None = None) -> None:
        super().__init__(*inputs, capacity=capacity)
        self._latest: dict[str, Any] = {}

    def results(self) -> Iterator[tuple[Any, ...]]:
        while any(self.dataReady(name) for name in self.sources):
            for name in self.sources:
                if self.dataReady(name):
                    self._latest[name] = self.recv(name)
                    if len(self._latest) == len(self.sources):
                        yield tuple(self._latest[each] for each in self.sources)

    def isComplete(self) -> bool:
        isMissing = any(
            self.hasEndedInput(name) and name not in self._latest for name in self.sources
        )
        return isMissing or super().isComplete()


__kamaelia_components__ = (Join, Merge, Zip, CombineLatest)
