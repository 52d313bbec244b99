"""The tuples of an IRC_Client: what a server has sent, and what a program wants to send.

Example usage
-------------
    heardOf(Message.parse(b":ann!a@host PRIVMSG #tea :hi"))     # ("PRIVMSG", "ann", "#tea", "hi")
    messagesOf(("ME", "#tea", "pours tea"))                     # [Message("PRIVMSG", ...)]

How does it work?
-----------------
A tuple is flat: a command, the nickname of its sender, the first parameter, and the rest as one
text. The whole message, with its tags, is the attribute `message`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from Kamaelia.Support.Protocol.IRC.Message import LONGEST, IRCError, Message

__all__ = ["Heard", "clientError", "heardOf", "messagesOf", "splitText"]

#: Commands whose parameters are text without a recipient.
WITHOUT_RECIPIENT = {"ERROR", "NICK", "QUIT"}

ACTION = re.compile("\x01ACTION(?: ([^\x01]*))?\x01?")

#: Commands whose text is sent as several messages if it is long or has several lines.
TALK = {"NOTICE", "PRIVMSG"}

#: Bytes that a server adds when it passes a message on: the source of the message.
RESERVED = 100


class HeardFields(NamedTuple):
    """The four parts of a message that an IRC_Client has heard."""

    command: str
    sender: str
    recipient: str
    text: str


class Heard(HeardFields):
    """Heard(command, sender, recipient, text): a tuple; `message` is the whole message, or None."""

    message: Message | None = None
    __repr__ = tuple.__repr__  # it is printed as the tuple that it is


def clientError(text: str) -> Heard:
    """Return the tuple that reports a malformed line."""
    return Heard("CLIENT ERROR", "client", "", text)


def heardOf(message: Message) -> Heard:
    """Return the tuple for a message from a server."""
    heard = Heard(*fieldsOf(message))
    heard.message = message
    return heard


def fieldsOf(message: Message) -> tuple[str, str, str, str]:
    """Return the command, the sender, the recipient and the text of a message."""
    command, sender = message.command, message.nick
    if command in WITHOUT_RECIPIENT:
        return command, sender, "", joined(message.params, message.hasTrailing)
    recipient = message.params[0] if message.params else ""
    text = joined(message.params[1:], message.hasTrailing)
    if command == "PING":
        return command, recipient, "", text
    if command in TALK and (found := ACTION.fullmatch(text)):
        return "ACTION", sender, recipient, found[1] or ""
    return command, sender, recipient, text


def joined(params: Sequence[str], hasTrailing: bool) -> str:
    """Return parameters as one text. The last of several keeps its colon."""
    if hasTrailing and len(params) > 1:
        return " ".join([*params[:-1], f":{params[-1]}"])
    return " ".join(params)


def action(text: str) -> str:
    """Return `text` as the CTCP message that is an action."""
    return f"\x01ACTION {text}\x01" if text else "\x01ACTION\x01"


def messagesOf(command: Sequence[str]) -> Iterator[Message]:
    """Generate the messages for a tuple (command, *parameters). Raise IRCError if it is malformed.

    ("ME", target, text) is an action. A text for people is sent as one message for each line, and
    a line that is too long as several.
    """
    isSequence = isinstance(command, Sequence) and not isinstance(command, str)
    if not isSequence or not command or not all(isinstance(each, str) for each in command):
        raise IRCError(f"a command is a tuple of texts, not {command!r:.100}")
    name, *params = command
    name = name.upper()
    if name == "ACTION" and len(params) == 1:
        yield Message("PRIVMSG", [params[0], action("")])
    elif name in ("ACTION", "ME"):
        if len(params) < 2:
            raise IRCError(f"{name} needs a target and a text")
        yield from talkMessages("PRIVMSG", params[0], params[1], action)
    elif name in TALK and len(params) == 2:
        yield from talkMessages(name, params[0], params[1], str)
    else:
        last = [param.rstrip("\r\n") for param in params[-1:]]
        yield Message(name, [*params[:-1], *last])


def talkMessages(
    name: str, target: str, text: str, wrap: Callable[[str], str]
) -> Iterator[Message]:
    """Generate the messages that carry `text` to `target`, each wrapped by a function."""
    used = f"{name} {target} :{wrap('')} ".encode("utf-8", "surrogatepass")
    limit = LONGEST - RESERVED - len(used)
    if limit < RESERVED:
        raise IRCError(f"the target of {name} is too long: {target!r:.100}")
    for line in [line for line in re.split(r"[\r\n]+", text) if line] or [""]:
        for part in splitText(line, limit):
            yield Message(name, [target, wrap(part)])


def splitText(text: str, limit: int) -> Iterator[str]:
    """Generate the parts of `text`, of `limit` bytes at most, cut at a space if there is one."""
    data = text.encode("utf-8", "surrogatepass")
    while len(data) > limit:
        cut = data.rfind(b" ", 1, limit + 1)
        if cut < 0:
            cut = limit
            while cut > 1 and data[cut] & 0xC0 == 0x80:  # within a character
                cut -= 1
        yield data[:cut].decode("utf-8", "surrogatepass")
        data = data[cut:].removeprefix(b" ")
    yield data.decode("utf-8", "surrogatepass")
