"""What people type and read: commands with a slash in, sentences out.

Example usage
-------------
    informat("/join #tea")                              # ["JOIN", "#tea"]
    informat("good morning", "#tea")                    # ("PRIVMSG", "#tea", "good morning")
    outformat(("JOIN", "ann", "#tea", ""))              # "*** ann has joined #tea\\n"

How does it work?
-----------------
Both are plain functions, for a PureTransformer on each side of an IRC client.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

__all__ = ["channelInformat", "channelOutformat", "informat", "outformat"]

#: Commands whose last parameter is text, and how many parameters come before it.
TEXT_AFTER = {
    "QUIT": 0,
    "PRIVMSG": 1,
    "NOTICE": 1,
    "KILL": 1,
    "TOPIC": 1,
    "SQUERY": 1,
    "KICK": 2,
    "USER": 3,
}

SENTENCES = {
    "PRIVMSG": "<{sender}> {body}",
    "JOIN": "*** {sender} has joined {recipient}",
    "PART": "*** {sender} has parted {recipient}",
    "NICK": "*** {sender} is now known as {body}",
    "ACTION": "*** {sender} {body}",
    "TOPIC": "*** {sender} changed the topic to {body}",
    "QUIT": "*** {sender} has quit IRC",
}
NUMERICS = {  # by the first digit
    "0123": "Reply {command} from {sender} to {recipient}: {body}",
    "45": "Error! {command} {sender} {recipient} {body}",
    "6789": "Unknown numeric reply: {command} {sender} {recipient} {body}",
}


def informat(text: str, defaultChannel: str = "#kamtest") -> Sequence[str] | None:
    """Return the command that a person has typed, as a tuple or list for an IRC_Client.

    "/command ..." is a command, and anything else is a message to `defaultChannel`. Return None
    for an empty line, so that a PureTransformer sends nothing.
    """
    words = text.split()
    if not words:
        return None
    if not text.startswith("/") or words[0] == "/":
        return ("PRIVMSG", defaultChannel, text)
    command = words[0].lstrip("/").upper()
    command = {"MSG": "PRIVMSG"}.get(command, command)
    if not command:
        return None
    if command == "ME" and len(words) >= 2:
        return ("ME", defaultChannel, " ".join(words[1:]))
    before = TEXT_AFTER.get(command)
    if before is None or len(words) < before + 2:
        return [command, *words[1:]]
    return (command, *words[1 : before + 1], " ".join(words[before + 1 :]))


def outformat(data: Sequence[str], defaultChannel: str = "#kamtest") -> str:
    """Return a line that tells a person what an IRC_Client has heard, with its line end."""
    command, sender, recipient, body = data
    if command == "MODE" and recipient == defaultChannel:
        sentence = "*** {sender} has set channel mode: {body}"
    elif command in SENTENCES:
        sentence = SENTENCES[command]
    else:
        sentence = numericSentence(command) or "{command} from {sender}: {body}"
    return sentence.format(command=command, sender=sender, recipient=recipient, body=body) + "\n"


def numericSentence(command: str) -> str | None:
    """Return the sentence for a numeric reply, or None if the command is not one."""
    if len(command) == 3 and command.isascii() and command.isdigit():
        for digits, sentence in NUMERICS.items():
            if command[0] in digits:
                return sentence
    return None


def channelOutformat(channel: str) -> Callable[[Sequence[str]], str]:
    """Return outformat with `channel` as the default channel."""
    return lambda data: outformat(data, defaultChannel=channel)


def channelInformat(channel: str) -> Callable[[str], Sequence[str] | None]:
    """Return informat with `channel` as the default channel."""
    return lambda text: informat(text, defaultChannel=channel)
