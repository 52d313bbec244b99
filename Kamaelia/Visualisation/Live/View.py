"""What one viewer of a system is sent, and what it asks for: JSON texts, however they travel.

Example usage
-------------
    view = View(Observation(scheduler.run), scheduler.run.brake, send=texts.append)
    view.open()
    view.sendChanges(now)               # what has changed since the last call, if anything
    view.answer('{"type": "details", "id": 7}')
    view.close()

How does it work?
-----------------
An Observation is shared by all viewers: the first one begins to observe the system, and the last
one ends that. {"type": "details", "id": 7} is answered, and "choose" also sends the last messages
of that component while they change. {"type": "record", "ids": [7, 8]} sends each message of these.
"pause", "step" and "continue" stop the system, give one turn, and let it continue.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from Kamaelia.Visualisation.Live.Details import detailsOf
from Kamaelia.Visualisation.Live.ErrorLog import ErrorLog
from Kamaelia.Visualisation.Live.Feed import Feed
from Kamaelia.Visualisation.Live.Messages import Selection
from Kamaelia.Visualisation.Live.Reader import Reader

MESSAGES_INTERVAL = 0.3  # seconds between two lists of the last messages
MOST_CHOSEN = 20  # components in one recording

Message = dict[str, Any]
encoded: Callable[[Message], str] = json.JSONEncoder(separators=(",", ":")).encode


class Brake(Protocol):
    """What pauses the system: that of a scheduler (Axon.Brake), or one with its methods."""

    @property
    def isPaused(self) -> bool:
        """Whether the system is paused."""

    def pause(self) -> None:
        """Give no more turns."""

    def step(self) -> None:
        """Give one turn."""

    def release(self) -> None:
        """Let the system continue."""

    def order(self) -> Sequence[Any]:
        """Return the tasks that are ready, in the order of their turns."""


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
            if self.scheduler.brake.isPaused:
                self.scheduler.brake.release()

    def find(self, number: object) -> Any:
        """Return the component of the system with this id, or None."""
        isAttendant = self.scheduler.attendants.has
        for each in self.scheduler.listAllThreads():
            if each.id == number and not isAttendant(each.getTask()):
                return each
        return None


class View:
    """View(observation, brake, send): one viewer, to which `send` takes the texts."""

    def __init__(
        self, observation: Observation, brake: Brake, send: Callable[[str], object]
    ) -> None:
        self.observation = observation
        self.brake = brake
        self.selection = Selection()
        self._send = send
        self._feed = Feed()
        self._pauseSent: Message | None = None
        self._errorSent = observation.errors.number
        self._messagesDue = 0.0

    def open(self) -> None:
        """Begin to observe."""
        self.observation.open()

    def close(self) -> None:
        """Stop observing."""
        self.selection.close()
        self.observation.close()

    def sendChanges(self, now: float, age: float = 0.0) -> None:
        """Send what has changed. A reading that is at most `age` seconds old is used again."""
        observation = self.observation
        message = self._feed.message(observation.reader.read(now, age))
        if message is not None:
            self._sendMessage(message)
        pause = _pauseOf(self.brake)
        if pause != self._pauseSent:
            self._pauseSent = pause
            self._sendMessage(pause)
        for error in observation.errors.since(self._errorSent):
            self._errorSent = error["number"]
            self._sendMessage({"type": "error", **error})
        self._sendMessages(now)

    def _sendMessages(self, now: float) -> None:
        if recorded := self.selection.recorded():
            self._sendMessage({"type": "record", "passages": recorded})
        if now >= self._messagesDue:
            self._messagesDue = now + MESSAGES_INTERVAL
            if last := self.selection.lastMessages():
                self._sendMessage({"type": "messages", "boxes": last})

    def _sendMessage(self, message: Message) -> None:
        self._send(encoded(message))

    # Requests

    def answer(self, text: object) -> None:
        """Act on a request, or answer that it is not understood."""
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


def _pauseOf(brake: Brake) -> Message:
    """Return whether the system is paused, and the next turns."""
    order = [task.process.id for task in brake.order()] if brake.isPaused else []
    return {"type": "pause", "isPaused": brake.isPaused, "order": order}


def _details(view: View, request: Mapping[str, Any]) -> Message:
    process = view.observation.find(request.get("id"))
    found = {} if process is None else detailsOf(process)
    return {"type": "details", "id": request.get("id"), **found}


def _choose(view: View, request: Mapping[str, Any]) -> Message:
    view.selection.choose(view.observation.find(request.get("id")))
    return _details(view, request)


def _record(view: View, request: Mapping[str, Any]) -> None:
    ids = request.get("ids")
    chosen = ids[:MOST_CHOSEN] if isinstance(ids, list) else []
    found = (view.observation.find(number) for number in chosen)
    view.selection.record(each for each in found if each is not None)


def _pause(view: View, _: Mapping[str, Any]) -> None:
    view.brake.pause()


def _step(view: View, _: Mapping[str, Any]) -> None:
    if view.brake.isPaused:
        view.brake.step()


def _continue(view: View, _: Mapping[str, Any]) -> None:
    view.brake.release()


# The requests of a viewer: each is a function of the view and the request.
REQUESTS: dict[str, Callable[[View, Mapping[str, Any]], Message | None]] = {
    "choose": _choose,
    "details": _details,
    "record": _record,
    "pause": _pause,
    "step": _step,
    "continue": _continue,
}
