"""A source of endless text, to test the components that receive it.

Example usage
-------------
    Pipeline(Chargen(), ConsoleEchoer(), capacity=100).run()

How does it work?
-----------------
It sends once per turn. Link it with a capacity, because a slower receiver is otherwise flooded.

Termination: at a producerFinished or shutdownMicroprocess.
"""

from collections.abc import Iterator

from Axon.Component import component

__all__ = ["Chargen"]


class Chargen(component):
    """A source that sends the attribute `message` ("Hello World") once per turn, without end."""

    Inboxes = {"inbox": "nothing", "control": "a shutdown message"}
    Outboxes = {"outbox": "the text", "signal": "the shutdown message from control"}

    message = "Hello World"  # what to send

    def main(self) -> Iterator[int]:
        while not self.isShuttingDown():
            self.send(self.message)
            yield 1


__kamaelia_components__ = (Chargen,)
