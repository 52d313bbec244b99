"""A chat server: what one client says, all get to read.

    python Examples/Chat/server.py --port 1700
    nc localhost 1700          # in several terminals

A Backplane is where everybody meets: who publishes does not know who subscribes.
For each client there is this picture, made by `chatter`, a component like any
other, so that ServerCore takes it for its protocol:

    client -> LISTENER -> PUBLISH ->   (the Backplane)   -> SUBSCRIBE -> DESK -> WRITER -> client
                 |                                                        ^-- next --'     ^
                 '--- questions to this client alone --------------------------------------'

Whoever sends to a client that does not read is held until it does. If that were
the Backplane, one sleeper would silence the room; so it is the WRITER, who asks
the DESK for a piece of news at a time. The DESK holds nobody up: it forgets the
oldest news when there is too much.
"""

import argparse
from collections import deque

from Axon.Component import component
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Util.Backplane import Backplane, PublishTo, SubscribeTo

LONGEST = 1000  # bytes in a line; the rest of it is dropped


class Listener(component):
    """Makes lines of bytes: the first is the client's name, the others are what it says."""

    Inboxes = {"inbox": "bytes from the client", "control": "the client has gone"}
    Outboxes = {
        "outbox": "bytes for everybody",
        "reply": "bytes for this client",
        "signal": "whatever came to control",
    }
    speaker = None

    def main(self):
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

    def heard(self, line):
        if self.speaker:
            self.send(b"%s: %s\n" % (self.speaker, line))
        elif line:
            self.speaker = line
            self.send(b"* %s has come\n" % line)


class Desk(component):
    """Keeps the newest messages until they are asked for, one by one, through "next"."""

    Inboxes = {"inbox": "news", "next": "anything: send the next piece", "control": "the end"}
    most = 1000

    def main(self):
        news, asked = deque(maxlen=self.most), 0
        while True:
            yield from self.waitForMessage()
            news.extend(self.Inbox())
            asked += len(list(self.Inbox("next")))
            while asked and news:
                self.send(news.popleft())
                asked -= 1
            if self.isShuttingDown():
                return


class Writer(component):
    """Asks for a piece of news, sends it on, and only then asks for another."""

    Outboxes = {"outbox": "news", "next": "a request for one message", "signal": "the end"}

    def main(self):
        self.send(True, "next")
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.send(message)
                yield 1  # here it waits for a client that does not read
                self.send(True, "next")
            if self.isShuttingDown():
                return


def chatter(**peer):
    """What there is for each client."""
    return Graphline(
        LISTENER=Listener(),
        PUBLISH=PublishTo("chat"),
        SUBSCRIBE=SubscribeTo("chat"),
        DESK=Desk(),
        WRITER=Writer(),
        linkages={
            ("self", "inbox"): ("LISTENER", "inbox"),
            ("self", "control"): ("LISTENER", "control"),
            ("LISTENER", "outbox"): ("PUBLISH", "inbox"),
            ("SUBSCRIBE", "outbox"): ("DESK", "inbox"),
            ("WRITER", "next"): ("DESK", "next"),
            ("DESK", "outbox"): ("WRITER", "inbox"),
            ("WRITER", "outbox"): ("self", "outbox"),
            ("LISTENER", "reply"): ("self", "outbox"),
            # When the client goes, this is the order in which its components do.
            ("LISTENER", "signal"): ("PUBLISH", "control"),
            ("PUBLISH", "signal"): ("SUBSCRIBE", "control"),
            ("SUBSCRIBE", "signal"): ("DESK", "control"),
            ("DESK", "signal"): ("WRITER", "control"),
        },
    )


def say(server):
    print(f"chat server: listening on {server.host}, port {server.port}", flush=True)


def main():
    options = argparse.ArgumentParser(description="All read what one says.")
    options.add_argument("--host", default="127.0.0.1", help="where to listen (%(default)s)")
    options.add_argument("--port", type=int, default=1700, help="0: any free one (%(default)s)")
    chosen = options.parse_args()
    Backplane("chat").activate()
    ServerCore(protocol=chatter, host=chosen.host, port=chosen.port, onListening=say).run()


if __name__ == "__main__":
    main()
