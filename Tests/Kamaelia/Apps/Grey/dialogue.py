"""A client made of a component: it sends the next line when a reply arrives; no socket."""

from collections.abc import Generator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished
from Axon.Scheduler import scheduler


class Dialogue(component):
    """Dialogue(handler, lines) -> `heard`, the replies; it leaves when all is said."""

    Inboxes = {"inbox": "replies", "control": "the handler closes", "makessl": "it begins TLS"}
    Outboxes = {"outbox": "lines", "signal": "the client has gone", "sslready": "TLS has begun"}

    def __init__(self, handler: Any, lines: list[bytes], leaves: bool = True) -> None:
        super().__init__()
        self.handler = handler
        self.lines = lines
        self.leaves = leaves
        self.heard: list[str] = []
        self.closed = False
        boxes = [("outbox", "inbox"), ("signal", "control")]
        for fromBox, toBox in boxes:
            self.link((handler, fromBox), (self, toBox))
            self.link((self, fromBox), (handler, toBox))
        if "makessl" in handler.outboxes:
            self.link((handler, "makessl"), (self, "makessl"))
            self.link((self, "sslready"), (handler, "sslready"))

    def main(self) -> Generator[int, None, None]:
        while True:
            yield from self.waitForMessage()
            for data in self.Inbox():
                self.heard += data.decode("utf-8", "surrogateescape").splitlines()
            for _ in self.Inbox("makessl"):
                self.send(True, "sslready")
            if self.dataReady("control"):
                self.closed = True
                return
            if self.lines:
                self.send(self.lines.pop(0))
            elif self.leaves:
                self.leaves = False
                self.send(producerFinished(), "signal")


def talk(handler: Any, *lines: str | bytes, leaves: bool = True) -> Dialogue:
    """Run a client that sends these lines, each after a reply; CRLF is added to text."""
    wire = [line if isinstance(line, bytes) else f"{line}\r\n".encode() for line in lines]
    dialogue = Dialogue(handler, wire, leaves)
    dialogue.activate()
    handler.activate()
    scheduler.run.runThreads()
    return dialogue


def codes(dialogue: Dialogue) -> list[int]:
    """The code of each reply, without the greeting's."""
    return [int(line[:3]) for line in dialogue.heard if line[3:4] != "-"][1:]
