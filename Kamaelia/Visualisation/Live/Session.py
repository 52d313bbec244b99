"""One browser that shows the system: the handler of its WebSocket.

How does it work?
-----------------
It sends what a View (Kamaelia.Visualisation.Live.View) has to tell, at most 20 times a second, and
less often if that takes more than a fiftieth of the time of the processor, as for very large
systems. A browser that does not read holds the Session and nothing else; then the next message
contains all that has changed meanwhile.

Termination: when the browser has gone, or with the server.
"""

from __future__ import annotations

from collections.abc import Generator
from time import thread_time

from Axon.Component import component
from Kamaelia.Internet.EventLoop import timeOf
from Kamaelia.Visualisation.Live.View import Observation, View

INTERVAL = 0.05  # seconds between two messages, at least
LONGEST_INTERVAL = 1.0  # seconds, also if that is more of the time
SAMPLE = 0.003  # seconds in which rates are measured, after each message
SHARE = 50  # the part of the time that the messages may take is one in SHARE


class Session(component):
    """Session(observation=...): the handler of the WebSocket of one browser."""

    Inboxes = {
        "inbox": "str: a JSON object, which asks for something",
        "control": "producerFinished or shutdownMicroprocess: the browser has gone",
    }
    Outboxes = {"outbox": "str: a JSON object", "signal": "the message from control"}

    observation: Observation

    def main(self) -> Generator[int, None, None]:
        view = View(self.observation, self.observation.scheduler.brake, self.send)
        view.open()
        try:
            yield from self._talk(view)
        finally:
            view.close()

    def _talk(self, view: View) -> Generator[int, None, None]:
        due = timeOf(self)
        while not self.isShuttingDown():
            for message in self.Inbox():
                view.answer(message)
                yield 1  # this is held if the browser does not read
            if timeOf(self) >= due:
                due = yield from self._sendAndSample(view)
            yield from self.waitForChange(max(0.0, due - timeOf(self)))

    def _sendAndSample(self, view: View) -> Generator[int, None, float]:
        """Send the changes, and measure rates. Return when that is due again."""
        now, began = timeOf(self), thread_time()
        view.sendChanges(now, INTERVAL / 2)
        used = thread_time() - began
        reader = self.observation.reader
        if reader.beginSample(now):
            yield from self.waitForChange(SAMPLE)  # longer if the browser does not read
            reader.endSample(timeOf(self))
        return now + min(max(INTERVAL, SHARE * used), LONGEST_INTERVAL)


__kamaelia_components__ = (Session,)
