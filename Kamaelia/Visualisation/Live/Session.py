"""One browser that shows the system: what it is sent, and what it asks for.

How does it work?
-----------------
A Session is the handler of a WebSocket. It sends the differences since its last message at most
20 times a second, and less often if they take more than a fiftieth of the time of the processor,
as for very large systems. A browser that does not read holds the Session and nothing else; then
the next message contains all that has changed meanwhile.

A message of the browser is a JSON object. {"type": "details", "id": 7} is answered, and "choose"
also sends the last messages of that component while they change. {"type": "record", "ids": [7, 8]}
sends each message of these. "pause", "step" and "continue" stop the system, give one turn, and let
it continue.

Termination: when the browser has gone, or with the server.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from time import thread_time
from typing import Any

from Axon.Component import component
from Kamaelia.Internet.EventLoop import timeOf
from Kamaelia.Visualisation.Live.Details import detailsOf
from Kamaelia.Visualisation.Live.ErrorLog import ErrorLog
from Kamaelia.Visualisation.Live.Feed import Feed
from Kamaelia.Visualisation.Live.Messages import Selection
from Kamaelia.Visualisation.Live.Reader import Reader

INTERVAL = 0.05  # seconds between two messages, at least
LONGEST_INTERVAL = 1.0  # seconds, also if that is more of the time
SAMPLE = 0.003  # seconds in which rates are measured, after each message
SHARE = 50  # the part of the time that the messages may take is one in SHARE

MESSAGES_INTERVAL = 0.3  # seconds between two lists of the last messages
MOST_CHOSEN = 20  # components in one recording

Message = dict[str, Any]


class Observation:
    """Observation(scheduler) -> the readings of a system, for all browsers together."""

    def __init__(self, scheduler: Any) -> None:
        self.scheduler = scheduler
        self.reader = Reader(scheduler)
        self.errors = ErrorLog()
        self._sessions = 0

    def open(self) -> None:
        """Add a browser; the first one begins the observation."""
        self._sessions += 1
        if self._sessions == 1:
            self.reader.open()
            self.errors.open()

    def close(self) -> None:
        """Remove a browser. The last one ends the observation, and a pause."""
        self._sessions -= 1
        if self._sessions == 0:
            self.reader.close()
            self.errors.close()
            if self.scheduler.brake:
                self.scheduler.brake.release()

    def find(self, number: object) -> Any:
        """Return the component of the system with this id, or None."""
        isAttendant = self.scheduler.attendants.has
        for each in self.scheduler.listAllThreads():
            if each.id == number and not isAttendant(each.getTask()):
                return each
        return None


class Session(component):
    """Session(observation=...): the handler of the WebSocket of one browser."""

    Inboxes = {
        "inbox": "str: a JSON object, which asks for something",
        "control": "producerFinished or shutdownMicroprocess: the browser has gone",
    }
    Outboxes = {"outbox": "str: a JSON object", "signal": "the message from control"}

    observation: Observation

    def main(self) -> Generator[int, None, None]:
        observation = self.observation
        self.selection = Selection()
        observation.open()
        try:
            yield from self._talk()
        finally:
            self.selection.close()
            observation.close()

    def _talk(self) -> Generator[int, None, None]:
        self._feed = Feed()
        self._pauseSent: Message | None = None
        self._errorSent = self.observation.errors.number
        due = self._messagesDue = timeOf(self)
        while not self.isShuttingDown():
            for message in self.Inbox():
                self._answer(message)
                yield 1  # this is held if the browser does not read
            if timeOf(self) >= due:
                due = yield from self._sendAndSample()
            yield from self.waitForChange(max(0.0, due - timeOf(self)))

    def _sendAndSample(self) -> Generator[int, None, float]:
        """Send the changes, and measure rates. Return when that is due again."""
        began = thread_time()
        self._sendChanges()
        used = thread_time() - began
        yield 1  # this is held if the browser does not read
        reader = self.observation.reader
        now = timeOf(self)
        reader.beginSample(now)
        yield from self.waitForChange(SAMPLE)
        reader.endSample(timeOf(self))
        return now + min(max(INTERVAL, SHARE * used), LONGEST_INTERVAL)

    def _sendChanges(self) -> None:
        observation = self.observation
        message = self._feed.message(observation.reader.read(timeOf(self), INTERVAL / 2))
        if message is not None:
            self._sendMessage(message)
        pause = _pauseOf(observation.scheduler)
        if pause != self._pauseSent:
            self._pauseSent = pause
            self._sendMessage(pause)
        for error in observation.errors.since(self._errorSent):
            self._errorSent = error["number"]
            self._sendMessage({"type": "error", **error})
        self._sendMessages()

    def _sendMessages(self) -> None:
        if recorded := self.selection.recorded():
            self._sendMessage({"type": "record", "passages": recorded})
        now = timeOf(self)
        if now >= self._messagesDue:
            self._messagesDue = now + MESSAGES_INTERVAL
            if last := self.selection.lastMessages():
                self._sendMessage({"type": "messages", "boxes": last})

    def _sendMessage(self, message: Message) -> None:
        self.send(json.dumps(message, separators=(",", ":")))

    # Requests

    def _answer(self, text: object) -> None:
        """Act on a message of the browser, or answer that it is not understood."""
        request = _requestIn(text)
        act = REQUESTS.get(str(request.get("type")))
        if act is None:
            self._sendMessage({"type": "mistake", "text": "a request has a type that is known"})
            return
        answer = act(self, request)
        if answer is not None:
            self._sendMessage(answer)


def _requestIn(text: object) -> Mapping[str, Any]:
    try:
        request = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return {}
    return request if isinstance(request, dict) else {}


def _pauseOf(scheduler: Any) -> Message:
    """Return whether the system is paused, and the next turns."""
    brake = scheduler.brake
    order = [task.process.id for task in brake.order()] if brake else []
    return {"type": "pause", "isPaused": bool(brake), "order": order}


def _details(session: Session, request: Mapping[str, Any]) -> Message:
    process = session.observation.find(request.get("id"))
    found = {} if process is None else detailsOf(process)
    return {"type": "details", "id": request.get("id"), **found}


def _choose(session: Session, request: Mapping[str, Any]) -> Message:
    session.selection.choose(session.observation.find(request.get("id")))
    return _details(session, request)


def _record(session: Session, request: Mapping[str, Any]) -> None:
    ids = request.get("ids")
    chosen = ids[:MOST_CHOSEN] if isinstance(ids, list) else []
    found = (session.observation.find(number) for number in chosen)
    session.selection.record(each for each in found if each is not None)


def _pause(session: Session, _: Mapping[str, Any]) -> None:
    session.observation.scheduler.brake.pause()


def _step(session: Session, _: Mapping[str, Any]) -> None:
    brake = session.observation.scheduler.brake
    if brake:
        brake.step()


def _continue(session: Session, _: Mapping[str, Any]) -> None:
    session.observation.scheduler.brake.release()


# The requests of a browser: each is a function of the session and the request.
REQUESTS: dict[str, Callable[[Session, Mapping[str, Any]], Message | None]] = {
    "choose": _choose,
    "details": _details,
    "record": _record,
    "pause": _pause,
    "step": _step,
    "continue": _continue,
}

__kamaelia_components__ = (Session,)
