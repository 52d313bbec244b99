"""The Unix filters find, sort and grep as components, and a balancer between two workers.

Example usage
-------------
    Pipeline(Find(path=".", walktype="f"), Sort(), Grep(pattern="py$"), Show()).run()

How does it work?
-----------------
Find reads folders in a thread. Each of the others does what its name says with the messages that it
receives.

Termination: Find ends when all folders have been read, or at a shutdownMicroprocess; the others at
a producerFinished or shutdownMicroprocess, which is passed on.
"""

import os
import re
from collections.abc import Generator, Iterable
from functools import partial
from typing import Any

from Axon.Component import component
from Kamaelia.File.FileComponent import filecomponent
from Kamaelia.File.Waits import inThread
from Kamaelia.Util.SendWithRoom import sendWithRoom
from Kamaelia.Util.StreamTransformer import StreamTransformer

__all__ = ["Find", "Grep", "Sort", "TwoWayBalancer"]


class Find(filecomponent):
    """A component that sends the paths below `path`, each folder before its content.

    walktype: "a" for files and folders, "f" for files, "d" for folders. act_like_find: True to skip
    a folder that cannot be read; otherwise the OSError is the message of the producerFinished.
    Raises ValueError for another walktype.
    """

    Inboxes = {"inbox": "not used", "control": "shutdownMicroprocess: end now"}
    Outboxes = {
        "outbox": "str: a path",
        "signal": "producerFinished at the end, or the shutdownMicroprocess from control",
    }

    path: str | os.PathLike[str] = "."  # the folder in which to search
    walktype = "a"
    act_like_find = True

    def __init__(self, **argd: Any) -> None:
        super().__init__(**argd)
        if self.walktype not in ("a", "f", "d"):
            raise ValueError(f'walktype is {self.walktype!r}, but must be "a", "f" or "d"')

    def work(self) -> Generator[int, None, None]:
        waiting = [os.fspath(self.path)]
        while waiting:
            folder = waiting.pop()
            for path, isFolder in (yield from inThread(self, partial(self._entriesOf, folder))):
                if self.walktype == "a" or isFolder is (self.walktype == "d"):
                    yield from self.deliverWithRoom(path)
                if isFolder:
                    waiting.append(path)

    def _entriesOf(self, folder: str) -> list[tuple[str, bool]]:
        """Return the path of each entry, and whether it is a folder. It runs in a thread."""
        try:
            with os.scandir(folder) as entries:
                return sorted((each.path, each.is_dir(follow_symlinks=False)) for each in entries)
        except OSError:
            if not self.act_like_find:
                raise
            return []


class Sort(StreamTransformer):
    """A component that sends all messages, sorted, when the last one has arrived."""

    Inboxes = {"inbox": "values that can be compared", "control": "a shutdown message"}
    Outboxes = {"outbox": "the values in order", "signal": "the shutdown message from control"}

    def __init__(self) -> None:
        super().__init__()
        self._values: list[Any] = []

    def transform(self, message: Any) -> Iterable[Any]:
        """Keep the message."""
        self._values.append(message)
        return ()

    def finish(self) -> Iterable[Any]:
        """Return the messages in order."""
        return sorted(self._values)


class Grep(StreamTransformer):
    """A component that sends the texts in which `pattern`, a regular expression, is found.

    invert: True to send the others instead.
    """

    Inboxes = {"inbox": "str", "control": "a shutdown message"}
    Outboxes = {"outbox": "str", "signal": "the shutdown message from control"}

    pattern = "."  # a regular expression
    invert = False

    def transform(self, message: str) -> Iterable[str]:
        """Return the message if it is wanted."""
        return (message,) if bool(re.search(self.pattern, message)) is not self.invert else ()


class TwoWayBalancer(component):
    """A component that sends messages to "outbox1" and "outbox2" in turn."""

    Inboxes = {"inbox": "anything", "control": "a shutdown message"}
    Outboxes = {
        "outbox1": "the first message, the third, ...",
        "outbox2": "the second message, the fourth, ...",
        "signal1": "the shutdown message from control",
        "signal2": "the shutdown message from control",
    }

    def main(self) -> Generator[int, None, None]:
        number = 1
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                yield from sendWithRoom(self, message, f"outbox{number}")
                number = 3 - number
            if self.dataReady("control"):
                end = self.recv("control")
                self.send(end, "signal1")
                self.send(end, "signal2")
                return


__kamaelia_components__ = (Find, Sort, Grep, TwoWayBalancer)
