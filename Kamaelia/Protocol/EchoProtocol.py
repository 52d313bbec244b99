"""A protocol that sends back what it receives.

Example usage
-------------
    ServerCore(protocol=EchoProtocol, port=1501).run()

How does it work?
-----------------
A client that sends and does not read holds its own EchoProtocol, and no other.

Termination: at any message on "control", after the data that arrived before it.
"""

from collections.abc import Iterator

from Axon.Component import component

__all__ = ["EchoProtocol"]


class EchoProtocol(component):
    """A protocol that sends each message back."""

    Inboxes = {"inbox": "data from the peer", "control": "anything: end"}
    Outboxes = {"outbox": "the same data", "signal": "the message from control"}

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.send(message)
            if self.dataReady("control"):
                self.send(self.recv("control"), "signal")
                return


__kamaelia_components__ = (EchoProtocol,)
