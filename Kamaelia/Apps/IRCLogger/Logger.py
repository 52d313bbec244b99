"""A logger of an IRC channel: the component that decides what is written, and the whole.

Example usage
-------------
    Logger("#tea", host="irc.example.net", name="teabot", logdir="logs").run()

How does it work?
-----------------
What is said in the channel goes to the log, and what the server says goes to the information file.
Each day has its own files. The connection, the logger and the writer of the files are components.

Termination: at a shutdown message, when the connection has ended, or when a file cannot be
written.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from Axon.Component import component
from Kamaelia.Apps.IRCLogger.LogWriter import LogWriter
from Kamaelia.Apps.IRCLogger.Support import (
    HTML_HEAD,
    HTMLOutformat,
    answer,
    getFilenames,
    outformat,
)
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Protocol.IRC.IRCClient import SimpleIRCClientPrefab
from Kamaelia.Support.Protocol.IRC import folded
from Kamaelia.Util.SendWithRoom import sendWithRoom

__all__ = ["BasicLogger", "Logger"]

LOG = logging.getLogger(__name__)

Formatter = Callable[[Sequence[str]], str | None]

OF_THE_CHANNEL = {"NICK", "QUIT"}  # these name no channel


class BasicLogger(component):
    """A component that gets what an IRC_Client has heard, and sends the lines to write.

    channel: the channel to log. formatter: returns a line, or None. name: the nickname to which it
    answers. logdir: the folder of the files. extension: that of the files.
    """

    Inboxes = {
        "inbox": "tuples: (command, sender, recipient, text)",
        "control": "a shutdown message",
    }
    Outboxes = {
        "irc": "tuples: answers to questions",
        "outbox": "tuples: (path, line)",
        "signal": "the shutdown message from control",
    }

    def __init__(
        self,
        channel: str,
        formatter: Formatter = outformat,
        name: str = "jinnaslogbot",
        logdir: str = "",
        extension: str = "html",
    ) -> None:
        super().__init__()
        self.channel = channel
        self.format = formatter
        self.nick = name
        self.logdir = logdir
        self.extension = extension

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for heard in self.Inbox():
                yield from self._log(heard)
            self._reportError()
            if self.isShuttingDown():
                return

    def _reportError(self) -> None:
        """Log the error that has ended the connection, if "control" holds one."""
        for message in self.inboxes["control"]:
            error = getattr(message, "message", None)
            if isinstance(error, Exception):
                LOG.warning("the connection to the IRC server has ended: %s", error)

    def _log(self, heard: Sequence[str]) -> Iterator[int]:
        """Write what was heard, answer it, and write the answer."""
        files = getFilenames(self.logdir, self.channel, self.extension)
        isTalk = heard[0] in OF_THE_CHANNEL or folded(heard[2]) == folded(self.channel)
        line = self.format(heard)
        if line is not None:
            yield from sendWithRoom(self, (files[0 if isTalk else 1], line))
        reply = answer(heard, self.nick, self.channel, files) if isTalk else None
        if reply is None:
            return
        yield from sendWithRoom(self, reply, "irc")
        command = "ACTION" if reply[0] == "ME" else reply[0]
        said = self.format((command, self.nick, self.channel, reply[2]))
        if said is not None:
            yield from sendWithRoom(self, (files[0], said))


def Logger(
    channel: str,
    formatter: Formatter = outformat,
    name: str = "jinnaslogbot",
    logdir: str = "",
    host: str = "irc.freenode.net",
    port: int = 6667,
    **settings: Any,
) -> Graphline:
    """Return a logger with its connection and its files.

    settings: those of SimpleIRCClientPrefab, such as ssl and password. "error" sends an
    errorInformation if a file cannot be written.
    """
    isHTML = formatter is HTMLOutformat
    return Graphline(
        irc=SimpleIRCClientPrefab(host, port, nick=name, channels=[channel], **settings),
        logger=BasicLogger(channel, formatter, name, logdir, "html" if isHTML else "txt"),
        writer=LogWriter(header=HTML_HEAD if isHTML else ""),
        linkages={
            ("self", "control"): ("irc", "control"),
            ("irc", "outbox"): ("logger", "inbox"),
            ("irc", "signal"): ("logger", "control"),
            ("logger", "irc"): ("irc", "inbox"),
            ("logger", "outbox"): ("writer", "inbox"),
            ("logger", "signal"): ("writer", "control"),
            ("writer", "signal"): ("irc", "control"),
            ("writer", "error"): ("self", "error"),
        },
    )


__kamaelia_components__ = (BasicLogger,)
__kamaelia_prefabs__ = (Logger,)
