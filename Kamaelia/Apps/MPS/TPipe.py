"""A tee: passes messages on, and copies chosen ones to a component beside the pipeline.

Example usage
-------------
    Pipeline(Source(), TPipe(condition=isError, action=Append(filename="errors")), Sink()).run()

How does it work?
-----------------
With mode="split", each message goes to "outbox", and to the action as well if condition(message) is
true. With mode="route", it goes to one of the two. With source=True, the messages of the action go
to "outbox" too.

Termination: when the action has ended. A message on "control" goes to "signal" and to the action.
"""

from collections.abc import Callable, Generator
from typing import Any

from Axon.Hooks import plainResult
from Kamaelia.Util.Parent import parent
from Kamaelia.Util.SendWithRoom import isToStop, sendWithRoom

__all__ = ["TPipe"]


class TPipe(parent):
    """A component that sends chosen messages to the component `action`.

    condition: a function of a message; None chooses all. sink: False to send nothing to the action.
    source: True to send what the action sends to "outbox". mode: "split" or "route". Raises
    ValueError without an action, or for another mode.
    """

    Inboxes = {
        "inbox": "anything",
        "control": "a shutdown message, which is passed on",
        "_inbox": "messages from the action",
        "_control": "shutdown messages from the action",
    }
    Outboxes = {
        "outbox": "the messages from inbox that are passed on, and those of the action",
        "signal": "the messages from control",
        "_outbox": "chosen messages, to the action",
        "_signal": "the messages from control, to the action",
    }

    condition: Callable[[Any], Any] | None = None
    action: Any = None  # the component beside the stream
    sink = True
    source = False
    mode = "split"

    def __init__(self, **argd: Any) -> None:
        super().__init__(**argd)
        if self.mode not in ("split", "route"):
            raise ValueError(f'mode is {self.mode!r}, but must be "split" or "route"')
        if self.action is None:
            raise ValueError("a TPipe needs a component: TPipe(action=...)")

    def main(self) -> Generator[int, None, None]:
        self.link((self, "_signal"), (self.action, "control"))
        if self.sink:
            self.link((self, "_outbox"), (self.action, "inbox"))
        if self.source:
            self.link((self.action, "outbox"), (self, "_inbox"))
            self.link((self.action, "signal"), (self, "_control"))
        self.adopt(self.action)
        while not self.childrenDone():
            yield from self._passOn()
            yield from self.waitForChange()
        yield from self._passOn()

    def _passOn(self) -> Generator[int, None, None]:
        """Pass all waiting messages on."""
        for message in self.Inbox():
            for boxname in self._waysOf(message):
                yield from sendWithRoom(self, message, boxname)
            if isToStop(self):
                break
        for message in self.Inbox("_inbox"):
            yield from sendWithRoom(self, message)
        self.discardUnread("_control")
        for message in self.Inbox("control"):
            self.send(message, "signal")
            self.send(message, "_signal")

    def _waysOf(self, message: Any) -> list[str]:
        """Return the outboxes for a message from "inbox"."""
        isChosen = self.sink and (
            self.condition is None or bool(plainResult(self.condition(message), "condition", self))
        )
        isPassedOn = self.mode == "split" or not isChosen
        return ["outbox"] * isPassedOn + ["_outbox"] * isChosen


__kamaelia_components__ = (TPipe,)
