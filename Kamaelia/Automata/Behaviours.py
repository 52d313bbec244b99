"""Sources of numbers that bounce, count or stay the same.

Example usage
-------------
    Pipeline(bouncingFloat(scale_speed=0.5), MessageRateLimit(25), Show()).run()
    loopingCounter(increment=6)                  # the angles of a second hand
    cartesianPingPong(point=(50, 50), width=200, height=100, border=10)

How does it work?
-----------------
A value is sent in each turn, as fast as the receiver takes them: use an inbox with a size or a
capacity behind these components. "pause" on "control" stops them, and "unpause" lets them continue.

Termination: at "shutdown" on "control", which is sent to "signal", or at a producerFinished or
shutdownMicroprocess, which is passed on.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from itertools import repeat
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Util.SendWithRoom import sendWithRoom

__all__ = [
    "bouncingFloat",
    "cartesianPingPong",
    "continuousIdentity",
    "continuousOne",
    "continuousZero",
    "loopingCounter",
]


class _Behaviour(component):
    """A source of the values that values() generates."""

    Inboxes = {
        "inbox": "not used",
        "control": '"pause", "unpause", "shutdown" or a shutdown message',
    }
    Outboxes = {"outbox": "the values", "signal": "the end from control"}

    def values(self) -> Iterator[Any]:
        """Generate the values."""
        raise NotImplementedError

    def main(self) -> Generator[int, None, None]:
        values = self.values()
        isPaused = False
        while True:
            if isPaused:
                yield from self.waitForMessage("control")
            else:
                yield from sendWithRoom(self, next(values))
                yield 1
            for message in self.Inbox("control"):
                if _isEnd(message):
                    self.send(message, "signal")
                    return
                isPaused = message == "pause" or (isPaused and message != "unpause")


def _isEnd(message: object) -> bool:
    return message == "shutdown" or isinstance(message, producerFinished | shutdownMicroprocess)


class bouncingFloat(_Behaviour):
    """A source of numbers that go down and up between 0.05 and 1.05.

    scale_speed: the step, in tenths.
    """

    def __init__(self, scale_speed: float) -> None:
        super().__init__()
        self.scale_speed = scale_speed

    def values(self) -> Iterator[float]:
        """Generate the numbers."""
        scale, direction = 1.0, 1
        while True:
            scale += 0.1 * self.scale_speed * direction
            if scale > 1.0:
                scale, direction = 1.05, -direction
            if scale < 0.1:
                scale, direction = 0.05, -direction
            yield scale


class cartesianPingPong(_Behaviour):
    """A source of positions [x, y] that move by 10 in each direction and bounce off the borders.

    point: the position before the first. width, height: the area. border: the distance from its
    edges at which a position turns around.
    """

    def __init__(self, point: Sequence[float], width: float, height: float, border: float) -> None:
        super().__init__()
        self.point = list(point)
        self.width = width
        self.height = height
        self.border = border

    def values(self) -> Iterator[list[float]]:
        """Generate the positions."""
        steps = [10, 10]
        while True:
            for axis, end in enumerate((self.width, self.height)):
                self.point[axis] += steps[axis]
                if self.point[axis] > end - self.border:
                    steps[axis] = -10
                if self.point[axis] < self.border:
                    steps[axis] = 10
            yield list(self.point)


class loopingCounter(_Behaviour):
    """A source of numbers that grow by `increment` and start again at `modulo`."""

    def __init__(self, increment: float, modulo: float = 360) -> None:
        super().__init__()
        self.increment = increment
        self.modulo = modulo

    def values(self) -> Iterator[float]:
        """Generate the numbers."""
        total: float = 0
        while True:
            total = (total + self.increment) % self.modulo
            yield total


class continuousIdentity(_Behaviour):
    """A source that sends `original` again and again."""

    def __init__(self, original: Any, *args: Any) -> None:
        super().__init__()
        self.original = original

    def values(self) -> Iterator[Any]:
        """Generate the value."""
        return repeat(self.original)


class continuousZero(continuousIdentity):
    """A source of zeros."""

    def __init__(self, *args: Any) -> None:
        super().__init__(0)


class continuousOne(continuousIdentity):
    """A source of ones."""

    def __init__(self, *args: Any) -> None:
        super().__init__(1)


__kamaelia_components__ = (
    bouncingFloat,
    cartesianPingPong,
    loopingCounter,
    continuousIdentity,
    continuousZero,
    continuousOne,
)
