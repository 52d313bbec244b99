"""A mixer of raw sound from any number of sources that come and go.

Example usage
-------------
    Graphline(MIXER=RawAudioMixer(), A=Named("A"), B=Named("B"), OUT=SimpleFileWriter("mix.raw"),
              linkages={("A", "outbox"): ("MIXER", "inbox"), ("B", "outbox"): ("MIXER", "inbox"),
                        ("MIXER", "outbox"): ("OUT", "inbox")}).run()

How does it work?
-----------------
A source begins with its first message, (name, samples), and is heard from the moment when
`readThreshold` seconds of it have arrived until nothing is left. Every `readInterval` seconds a
piece of that length is sent, the sum of all sources that are heard. While none is heard, nothing is
sent. The sum is not scaled; where it is too loud, it is limited to the range of a sample. A source
that stays below the threshold is forgotten when nothing has come from it for `forgetAfter` seconds.

Termination: at a producerFinished, after the sources that are heard, or at a shutdownMicroprocess
at once.
"""

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Support.Media.Samples import AudioBuffer, mixed
from Kamaelia.Util.SendWithRoom import sendWithRoom

__all__ = ["AudioBuffer", "RawAudioMixer"]


class RawAudioMixer(component):
    """A component that sends the sum of all sources.

    sample_rate: Hz. channels: 1 for mono. format: "S16_LE". readThreshold, bufferingLimit,
    readInterval: seconds; of a source that is ahead by more than bufferingLimit, the oldest samples
    are dropped. Raises ValueError for another format.
    """

    Inboxes = {"inbox": "(name, bytes): a source and its samples", "control": "a shutdown message"}
    Outboxes = {"outbox": "bytes: samples", "signal": "the shutdown message from control"}

    forgetAfter: float = 60.0  # seconds

    def __init__(
        self,
        sample_rate: int = 8000,
        channels: int = 1,
        format: str = "S16_LE",  # noqa: A002 - the historical name
        readThreshold: float = 1.0,
        bufferingLimit: float = 2.0,
        readInterval: float = 0.1,
        **argd: Any,
    ) -> None:
        super().__init__(**argd)
        if format != "S16_LE":
            raise ValueError(f"the format is {format!r}, but only S16_LE is supported")
        if readInterval * sample_rate < 1:
            raise ValueError("readInterval must be at least the time of one sample")
        self.readInterval = readInterval
        unit = 2 * channels  # bytes
        self._silence = bytes(unit)
        self._threshold = int(sample_rate * readThreshold) * unit
        self._limit = max(self._threshold, int(sample_rate * bufferingLimit) * unit)
        self._piece = int(sample_rate * readInterval) * unit
        self._buffers: dict[Any, AudioBuffer] = {}
        self._heard: dict[Any, float] = {}  # when something came from each source; the newest last
        self._end: Any = None

    def main(self) -> Iterator[int]:
        clock = self.scheduler.timers.clock
        due = None  # when the next piece is sent; None while no source is heard
        while not self._hasEnded():
            if due is None:
                yield from self.waitForMessage()
            elif (left := due - clock.now()) > 0:
                yield from self.waitForMessage(timeout=left)
            self._takeIn(clock.now())
            if due is None and self._isAnyHeard():
                due = clock.now()
            while due is not None and due <= clock.now() and not self._hasEnded():
                yield from self._sendPiece()
                due = due + self.readInterval if self._isAnyHeard() else None
        self.send(self._end, "signal")

    def _takeIn(self, now: float) -> None:
        """Take all messages from "inbox" and "control"."""
        for source, samples in self.Inbox():
            if self._end is None:
                if source not in self._buffers:
                    self._forgetOld(now)
                    buffer = AudioBuffer(self._threshold, self._limit, self._silence)
                    self._buffers[source] = buffer
                self._buffers[source].append(samples)
                self._heard.pop(source, None)
                self._heard[source] = now
        for message in self.Inbox("control"):
            isStop = isinstance(message, shutdownMicroprocess)
            if isStop or (self._end is None and isinstance(message, producerFinished)):
                self._end = message

    def _forgetOld(self, now: float) -> None:
        old = takewhile(lambda each: now - each[1] > self.forgetAfter, self._heard.items())
        for source in [name for name, _ in old if not self._buffers[name].active]:
            del self._heard[source], self._buffers[source]

    def _isAnyHeard(self) -> bool:
        return any(buffer.active for buffer in self._buffers.values())

    def _hasEnded(self) -> bool:
        if isinstance(self._end, shutdownMicroprocess):
            return True
        return self._end is not None and not self._isAnyHeard()

    def _sendPiece(self) -> Iterator[int]:
        """Send one piece of all sources that are heard, and forget those that are empty."""
        pieces = [piece for each in self._buffers.values() if (piece := each.pop(self._piece))]
        for source in [name for name, buffer in self._buffers.items() if not buffer]:
            del self._buffers[source], self._heard[source]
        yield from sendWithRoom(self, mixed(pieces))


__kamaelia_components__ = (RawAudioMixer,)
