"""An IRC client: tuples to a server, tuples from a server.

Example usage
-------------
    Pipeline(
        ConsoleReader(),
        PureTransformer(channelInformat("#tea")),
        SimpleIRCClientPrefab("irc.example.org", 6697, ssl=True, nick="ann", channels=["#tea"]),
        PureTransformer(channelOutformat("#tea")),
        ConsoleEchoer(),
    ).run()

How does it work?
-----------------
A tuple to "talk" is a command with its parameters: ("PRIVMSG", "#tea", "hello"), ("ME", "#tea",
"pours tea"). A tuple from "heard" is (command, sender, recipient, text). With a nickname, the
client registers, answers PING and joins its channels. Without one, the program does that itself.
Kamaelia.Support.Protocol.IRC knows the protocol.

Termination: at a producerFinished or shutdownMicroprocess, or when the connection has ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished
from Axon.Settings import refuseMisspelt
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Internet.TCPClient import TCPClient
from Kamaelia.Support.LineBuffer import LineBuffer, LongLine
from Kamaelia.Support.Protocol.IRC import (
    IRCError,
    Message,
    Session,
    clientError,
    heardOf,
    messagesOf,
)
from Kamaelia.Support.Protocol.IRC.Message import LONGEST_LINE, decoded
from Kamaelia.Util.SendWithRoom import isToStop, sendWithRoom

__all__ = ["IRC_Client", "SimpleIRCClientPrefab"]

MANY_LINES = 64  # of the server, which take about 2 ms


class IRC_Client(component):
    """A client without its connection: it takes and sends what a TCPClient sends and takes.

    nick: register with this nickname, or with a similar one if it is taken. username, realname,
    password, channels, capabilities: see Session (Kamaelia.Support.Protocol.IRC.Session).
    """

    Inboxes = {
        "inbox": "bytes or text from the server, in pieces",
        "talk": "tuples or lists: a command and its parameters",
        "control": "a shutdown message",
    }
    Outboxes = {
        "outbox": "bytes for the server",
        "heard": 'tuples: (command, sender, recipient, text); "CLIENT ERROR" for a bad line',
        "disconnect": "the shutdown message from control, for the connection",
        "signal": "the shutdown message from control",
    }

    nick: str | None = None
    username: str | None = None
    realname: str | None = None
    password: str | None = None
    channels: Iterable[str] = ()
    capabilities: Iterable[str] = ()

    def __init__(self, **argd: Any) -> None:
        refuseMisspelt(type(self))
        super().__init__(**argd)
        self.session: Session | None = None
        if self.nick is not None:
            self.session = Session(
                self.nick,
                self.username,
                self.realname,
                self.password,
                self.channels,
                self.capabilities,
            )
            for message in self.session.start():
                bytes(message)  # raises IRCError for a setting that cannot be sent

    def main(self) -> Iterator[int]:
        lines = LineBuffer(b"\n", LONGEST_LINE)
        for message in self.session.start() if self.session else []:
            yield from sendWithRoom(self, bytes(message))
        while True:
            yield from self.waitForMessage()
            # Only what waits now, so that a server that floods cannot delay the other inboxes.
            for _ in range(self.dataReady("inbox")):
                data = self.recv("inbox")
                heard = lines.feed(data.encode() if isinstance(data, str) else data)
                for number, line in enumerate(heard, 1):
                    if isinstance(line, LongLine) or line.strip():
                        yield from self._hear(line)
                    if number % MANY_LINES == 0:
                        yield 1  # others have their turns
            for _ in range(self.dataReady("talk")):
                yield from self._say(self.recv("talk"))
            if self._isOver():
                break
        if self.session:
            yield from sendWithRoom(self, bytes(Message("QUIT")))
        self._disconnect()
        self.isShuttingDown()

    def _isOver(self) -> bool:
        """Return whether to end: at once, or because all messages before the end are processed.

        The shutdown message is left in "control".
        """
        if isToStop(self):
            return True
        isFinished = any(isinstance(each, producerFinished) for each in self.inboxes["control"])
        return isFinished and not (self.dataReady("inbox") or self.dataReady("talk"))

    def _disconnect(self) -> None:
        for message in self.inboxes["control"]:
            self.send(message, "disconnect")

    def _hear(self, line: bytes | LongLine[bytes]) -> Iterator[int]:
        """Answer a line from the server if necessary, and pass it on as a tuple."""
        answers: list[bytes] = []
        if isinstance(line, LongLine):
            begin = line.beginning[:50]
            heard = clientError(f"a line is longer than {LONGEST_LINE} bytes: {begin!r}")
        else:
            try:
                message = Message.parse(line)
                heard = heardOf(message)
                received = self.session.receive(message) if self.session else []
                answers = [bytes(answer) for answer in received]
            except IRCError:  # also if the server asks for an answer that cannot be sent
                heard = clientError(decoded(line).rstrip("\r\n"))
        for answer in answers:
            yield from sendWithRoom(self, answer)
        yield from sendWithRoom(self, heard, "heard")

    def _say(self, command: Sequence[str]) -> Iterator[int]:
        """Send a command to the server. Report one that cannot be sent to "heard"."""
        try:
            lines = [bytes(message) for message in messagesOf(command)]
        except IRCError as error:
            yield from sendWithRoom(self, clientError(str(error)), "heard")
            return
        for line in lines:
            yield from sendWithRoom(self, line)


def SimpleIRCClientPrefab(
    host: str = "irc.freenode.net", port: int = 6667, ssl: Any = None, **settings: Any
) -> Graphline:
    """Return an IRC_Client with its connection: "inbox" is "talk", and "outbox" is "heard".

    ssl: an SSLContext, or True for the default one. settings: those of IRC_Client.
    """
    return Graphline(
        irc=IRC_Client(**settings),
        tcp=TCPClient(host, port, ssl=ssl),
        linkages={
            ("self", "inbox"): ("irc", "talk"),
            ("self", "control"): ("irc", "control"),
            ("irc", "outbox"): ("tcp", "inbox"),
            ("irc", "disconnect"): ("tcp", "control"),
            ("tcp", "outbox"): ("irc", "inbox"),
            ("tcp", "signal"): ("irc", "control"),
            ("irc", "heard"): ("self", "outbox"),
            ("irc", "signal"): ("self", "signal"),
        },
    )


__kamaelia_components__ = (IRC_Client,)
__kamaelia_prefabs__ = (SimpleIRCClientPrefab,)
