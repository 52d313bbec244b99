"""The menus of a bulletin board: reading and writing messages.

Example usage
-------------
    MessageBoardUI(State={"remoteuser": "ann"}, folder="messages")

How does it work?
-----------------
The main menu leads to the messages, which are shown one after the other. A message is a dict with
"message" (its number), "date", "from", "to", "subject", "reply-to" and "__body__".

Termination: at the command "q", or at any message on "control", which is passed on.
"""

from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from Axon.Ipc import WaitComplete
from Kamaelia.Apps.Europython09.BB.Exceptions import GotShutdownMessage
from Kamaelia.Apps.Europython09.BB.RequestResponseComponent import RequestResponseComponent
from Kamaelia.Apps.Europython09.BB.Support import Folder, Message

__all__ = ["MessageBoardUI"]

HEADINGS = ("message", "date", "from", "to", "subject")


class MessageBoardUI(RequestResponseComponent):
    """A component with which the user State["remoteuser"] reads and writes messages.

    folder: the folder of the messages.
    """

    folder: str | Path = "messages"

    def doMainHelp(self) -> None:
        """Explain the commands of the main menu."""
        self.netPrint("<return> - browse messages")
        self.netPrint("p - post a message")
        self.netPrint("h - help")
        self.netPrint("q - quit")

    def doMessagesHelp(self) -> None:
        """Explain the commands of the messages menu."""
        self.netPrint("<return> - next message (exit after the last one)")
        self.netPrint("r - reply to the message that was shown last")
        self.netPrint("h - help")
        self.netPrint("x - exit to the main menu")

    def getUnreadMessages(self, user: str) -> list[Message]:
        """Return the messages for a user. It runs in a thread; subclasses may override it."""
        return Folder(self.folder).getMessages()

    def displayMessage(self, message: Message) -> None:
        """Show one message."""
        self.netPrint("")
        for key in HEADINGS:
            self.netPrint(f"{key}: {message.get(key, '')}")
        if message.get("reply-to"):
            self.netPrint("In-Reply-To: " + ", ".join(message["reply-to"]))
        self.netPrint("")
        self.netPrint(message.get("__body__", ""))

    def main(self) -> Generator[Any, None, None]:
        user = self.State.get("remoteuser", "anonymous")
        try:
            self.netPrint("")
            self.netPrint("Hello, " + user)
            while True:
                self.send("main> ")
                yield self.waitMsg()
                command = self.getMsg()[:-2]
                if command == "h":
                    self.doMainHelp()
                elif command == "q":
                    break
                elif command == "p":
                    yield WaitComplete(self.doPost(user))
                elif command == "":
                    yield WaitComplete(self.doMessagesMenu(user))
        except GotShutdownMessage:
            self.send(self.recv("control"), "signal")

    def doMessagesMenu(self, user: str) -> Generator[Any, None, None]:
        """Show the messages one after the other. Raises GotShutdownMessage."""
        messages = yield from self.inThread(lambda: self.getUnreadMessages(user))
        shown: Message | None = None
        while messages:
            self.netPrint("")
            self.netPrint(f"You have {len(messages)} message(s) waiting")
            self.send("messages> ")
            yield self.waitMsg()
            command = self.getMsg()[:-2]
            if command == "":
                shown = messages.pop(0)
                self.displayMessage(shown)
            elif command == "r" and shown is not None:
                yield WaitComplete(self.doPost(user, shown))
            elif command == "h":
                self.doMessagesHelp()
            elif command == "x":
                break

    def doPost(self, user: str, answered: Message | None = None) -> Generator[Any, None, None]:
        """Ask for a message and store it. Raises GotShutdownMessage."""
        facts = {"from": user, "reply-to": [], "to": "all", "subject": ""}
        if answered is not None:
            facts["to"] = answered.get("from", "all")
            facts["subject"] = "Re: " + answered.get("subject", "").removeprefix("Re: ")
            facts["reply-to"] = [answered["message"]] if "message" in answered else []
        for key in ("to", "subject"):
            if answered is None:
                self.send(f"{key}: ")
                yield self.waitMsg()
                facts[key] = self.getMsg()[:-2] or facts[key]
        self.netPrint("Your text, and a line with a single full stop:")
        body: list[str] = []
        while body[-1:] != ["."]:
            yield self.waitMsg()
            body.append(self.getMsg()[:-2])
        date = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
        message = facts | {"date": date, "__body__": "\r\n".join(body[:-1])}
        number = yield from self.inThread(lambda: Folder(self.folder).addMessage(message))
        self.netPrint(f"Your message has number {number}")


__kamaelia_components__ = (MessageBoardUI,)
