"""A chat server: every client receives what one of them sends.

    python Examples/Chat/server.py --port 1700
    nc localhost 1700          # in several terminals

Messages are published through a Backplane. `chatter` returns this Graphline for each client, and is
the protocol of the ServerCore:

    client -> LISTENER -> PUBLISH ->   (the Backplane)   -> SUBSCRIBE -> BUFFER -> client
                 |                                                                   ^
                 '--- questions to this client alone --------------------------------'

A component that sends to a client is held while the client does not read. The Backplane must not
be held, because one such client would stop the whole chat. A BUFFER is never held by its client:
it keeps the newest messages, and discards older ones.
"""

import argparse
from collections.abc import Iterator

from Axon.Component import component
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Flow.Buffer import Buffer
from Kamaelia.Util.Backplane import Backplane, PublishTo, SubscribeTo

LONGEST = 1000  # bytes in a line; the rest is discarded


class Listener(component):
    """A divider of bytes into lines: the client's name, then its messages."""

    Inboxes = {"inbox": "bytes from the client", "control": "the client has disconnected"}
    Outboxes = {
        "outbox": "bytes for all clients",
        "reply": "bytes for this client",
        "signal": "the message from control",
    }
    speaker: bytes | None = None

    def main(self) -> Iterator[int]:
        self.send(b"What is your name?\n", "reply")
        begun = b""
        while True:
            yield from self.waitForMessage()
            for data in self.Inbox():
                *lines, begun = (begun + data).split(b"\n")
                for line in lines:
                    self.heard(line[:LONGEST].strip())
                begun = begun[:LONGEST]
            if self.dataReady("control"):
                break
        if self.speaker:
            self.send(b"* %s has left\n" % self.speaker)
        yield from self.passOnShutdown()

    def heard(self, line: bytes) -> None:
        """Handle one line from the client."""
        if self.speaker:
            self.send(b"%s: %s\n" % (self.speaker, line))
        elif line:
            self.speaker = line
            self.send(b"* %s has come\n" % line)


def chatter(**peer: object) -> Graphline:
    """Return the components for one client."""
    return Graphline(
        LISTENER=Listener(),
        PUBLISH=PublishTo("chat"),
        SUBSCRIBE=SubscribeTo("chat"),
        BUFFER=Buffer(1000),
        linkages={
            ("self", "inbox"): ("LISTENER", "inbox"),
            ("self", "control"): ("LISTENER", "control"),
            ("LISTENER", "outbox"): ("PUBLISH", "inbox"),
            ("SUBSCRIBE", "outbox"): ("BUFFER", "inbox"),
            ("BUFFER", "outbox"): ("self", "outbox"),
            ("LISTENER", "reply"): ("self", "outbox"),
            # When the client disconnects, its components end in this order.
            ("LISTENER", "signal"): ("PUBLISH", "control"),
            ("PUBLISH", "signal"): ("SUBSCRIBE", "control"),
            ("SUBSCRIBE", "signal"): ("BUFFER", "control"),
        },
    )


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    options.add_argument(
        "--port", type=int, default=1700, help="port, 0: any free port (%(default)s)"
    )
    chosen = options.parse_args()
    Backplane("chat").activate()
    ServerCore(protocol=chatter, host=chosen.host, port=chosen.port).run()


if __name__ == "__main__":
    main()
