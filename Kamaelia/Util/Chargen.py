"""The same text, over and over, for trying out what it is sent to.

Example usage
-------------
    Pipeline(Chargen(), ConsoleEchoer()).run()

How does it work?
-----------------
It sends as fast as it is let: link it with a capacity, or whoever is slower is flooded.

Termination: at a producerFinished or shutdownMicroprocess.
"""

from collections.abc import Iterator

from Axon.Component import component

__all__ = ["Chargen"]


class Chargen(component):
    """Chargen() -> sends "Hello World", or its attribute `message`, once a turn, for ever."""

    Inboxes = {"inbox": "nothing", "control": "when to stop"}
    Outboxes = {"outbox": "the text", "signal": "whatever ended it"}

    message = "Hello World"

    def main(self) -> Iterator[int]:
        while not self.isShuttingDown():
            self.send(self.message)
            yield 1


__kamaelia_components__ = (Chargen,)
