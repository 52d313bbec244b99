"""A parser of session descriptions (SDP, RFC 4566).

Example usage
-------------
    Pipeline(
        OneShot("http://www.example.com/session.sdp"), SimpleHTTPClient(), chunks_to_lines(),
        SDPParser(), ConsoleEchoer(),
    ).run()

How does it work?
-----------------
SDPLines does the work (Kamaelia.Support.Protocol.SDP). A session is sent when the next one begins
with a "v=" line, or at the end. A media section without a connection has that of the session. After
a malformed line, the rest of its session is skipped.

Termination: at a producerFinished, after the last session; at a shutdownMicroprocess, without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from Axon.Component import component
from Axon.Ipc import errorInformation, producerFinished, shutdownMicroprocess
from Kamaelia.Support.Protocol.SDP import SDPError, SDPLines
from Kamaelia.Util.SendWithRoom import sendWithRoom

__all__ = ["AllDone", "SDPParser", "ShutdownNow"]


class AllDone(Exception):
    """The source has no more lines."""


class ShutdownNow(Exception):
    """The component has to end at once."""


class SDPParser(component):
    """A component that sends a dict for each session description.

    maxSize: the most characters of one description. Keys: protocol_version, origin, sessionname,
    information, URI, email, phone, connection, bandwidth, time, timezone adjustments, encryption,
    attribute, media; media is a list of dicts for the media sections.
    """

    Inboxes = {
        "inbox": "lines, text or bytes, one in each message",
        "control": "a shutdown message",
    }
    Outboxes = {
        "outbox": "dicts, one for each session",
        "signal": "the shutdown message from control",
        "error": "errorInformation: a malformed session",
    }

    maxSize = 2**20

    def main(self) -> Iterator[int]:
        lines = SDPLines(self.maxSize)
        try:
            while True:
                yield from self.waitForMessage()
                for line in self.Inbox():
                    yield from self._sendSessions(lines.feed(textOf(line)), line)
                self.handleControl()
        except AllDone:
            yield from self._sendSessions(lines.finish())
        except ShutdownNow:
            pass
        self.isShuttingDown()

    def handleControl(self) -> None:
        """Raise AllDone or ShutdownNow if "control" holds a shutdown message, which stays there."""
        for message in self.inboxes["control"]:
            if isinstance(message, shutdownMicroprocess):
                raise ShutdownNow
            if isinstance(message, producerFinished):
                raise AllDone

    def _sendSessions(
        self, sessions: Iterator[dict[str, Any] | SDPError], line: object = None
    ) -> Iterator[int]:
        """Send each session, and report each error; `line` is the message that led to it."""
        for session in sessions:
            if isinstance(session, SDPError):
                self.send(errorInformation(self, session, line), "error")
            else:
                yield from sendWithRoom(self, session)


def textOf(line: str | bytes) -> str:
    """Return a line as text; bytes are decoded as UTF-8."""
    return line if isinstance(line, str) else line.decode("utf-8", "replace")


__kamaelia_components__ = (SDPParser,)
