"""The part of a client that every IRC connection needs: registration, PONG, nickname, channels.

Example usage
-------------
    session = Session("ann", channels=["#tea"])
    send(session.start())                       # NICK, USER
    send(session.receive(Message.parse(line)))  # the answers to one message from the server

How does it work?
-----------------
Each command that needs an answer is a row of a table. The source of the rules is RFC 2812,
section 3.1, and IRCv3 capability negotiation, version 302.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from Kamaelia.Support.Protocol.IRC.Message import Message

__all__ = ["Session", "folded"]

MOST_NICKS = 20  # nicknames to try
SHORTEST = 9  # characters of a nickname that every server accepts (RFC 2812, 1.2.1)

#: Letters that a server with the case mapping rfc1459 regards as equal (RFC 2812, 2.2).
FOLDS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ[]\\~", "abcdefghijklmnopqrstuvwxyz{}|^")


def folded(name: str) -> str:
    """Return the form in which nicknames and channels are compared."""
    return name.translate(FOLDS)


class Session:
    """The registration of `nick` with a server, and the state after it.

    username, realname: by default the nickname. password: that of the server, or None. channels:
    "#name" or "#name key", joined after the registration. capabilities: IRCv3 capabilities to
    request if the server has them. nick: the current nickname, which differs from the wanted one
    if that is taken. isRegistered: whether the server has accepted the registration.
    """

    def __init__(
        self,
        nick: str,
        username: str | None = None,
        realname: str | None = None,
        password: str | None = None,
        channels: Iterable[str] = (),
        capabilities: Iterable[str] = (),
    ) -> None:
        self.nick = self.wanted = nick
        self.username = username or nick
        self.realname = realname or nick
        self.password = password
        self.channels = list(channels)
        self.wantedCapabilities = set(capabilities)
        self.capabilities: set[str] = set()
        self.isRegistered = False
        self._attempts = 0
        self._offered: set[str] = set()
        self._rows: dict[str, Callable[[Message], list[Message]]] = {
            "001": self._welcome,
            "432": self._nextNick,  # erroneous nickname
            "433": self._nextNick,  # nickname in use
            "436": self._nextNick,  # nickname collision
            "437": self._nextNick,  # nickname temporarily unavailable
            "CAP": self._capability,
            "NICK": self._nickChanged,
            "PING": lambda message: [Message("PONG", message.params)],
        }

    def start(self) -> list[Message]:
        """Return the messages that begin the registration."""
        first = [Message("CAP", ["LS", "302"])] if self.wantedCapabilities else []
        if self.password is not None:
            first.append(Message("PASS", [self.password]))
        user = Message("USER", [self.username, "0", "*", self.realname], hasTrailing=True)
        return [*first, Message("NICK", [self.nick]), user]

    def receive(self, message: Message) -> list[Message]:
        """Return the answers to a message from the server."""
        row = self._rows.get(message.command)
        return row(message) if row else []

    def isMe(self, nick: str) -> bool:
        """Return whether `nick` is the current nickname."""
        return folded(nick) == folded(self.nick)

    def _welcome(self, message: Message) -> list[Message]:
        self.isRegistered = True
        if message.params:
            self.nick = message.params[0]
        return [Message("JOIN", channel.split(" ")) for channel in self.channels]

    def _nextNick(self, message: Message) -> list[Message]:
        """Return the attempt to register with another nickname, or QUIT after many."""
        if self.isRegistered:
            return []
        self._attempts += 1
        if self._attempts > MOST_NICKS:
            return [Message("QUIT", ["no nickname is free"])]
        if self._attempts == 1 and message.command != "432":
            self.nick = self.wanted + "_"
        else:
            number = str(self._attempts)
            self.nick = self.wanted[: SHORTEST - len(number)] + number
        return [Message("NICK", [self.nick])]

    def _nickChanged(self, message: Message) -> list[Message]:
        if self.isMe(message.nick) and message.params:
            self.nick = message.params[0]
        return []

    def _capability(self, message: Message) -> list[Message]:
        """Return the next step of the negotiation: REQ for what is offered, then END."""
        _, kind, *rest = (*message.params, "", "")
        names = {word.partition("=")[0] for word in " ".join(rest).split() if word != "*"}
        if kind == "LS" and not self.isRegistered:
            self._offered |= names & self.wantedCapabilities
            if rest[0] == "*":  # another line follows
                return []
            if self._offered:
                return [Message("CAP", ["REQ", " ".join(sorted(self._offered))])]
        elif kind == "ACK":
            self.capabilities |= names & self.wantedCapabilities
        elif kind == "DEL":
            self.capabilities -= names
        if kind in ("ACK", "LS", "NAK") and not self.isRegistered:
            return [Message("CAP", ["END"])]
        return []
