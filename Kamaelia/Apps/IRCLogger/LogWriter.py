"""A component that appends text to files, in a thread.

Example usage
-------------
    Pipeline(Lines(), LogWriter())          # messages: ("logs/tea.txt", "a line\\n")

How does it work?
-----------------
A file stays open until another one takes its place: at most `mostOpen` files are open. The files
are flushed when no message waits.

Termination: at a producerFinished or shutdownMicroprocess, after the messages before it; or when a
file cannot be written. The OSError is then reported, and is the message of the producerFinished.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

from Axon.Ipc import errorInformation, producerFinished
from Axon.ThreadedComponent import threadedcomponent

__all__ = ["LogWriter"]


class LogWriter(threadedcomponent):
    """A component that appends text to files.

    header: text at the beginning of each new file. mostOpen: the most files that are open.
    """

    Inboxes = {"inbox": "tuples: (path, text)", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "nothing",
        "signal": "the shutdown message from control, or producerFinished with an OSError",
        "error": "errorInformation: a file cannot be written; exception: an OSError",
    }

    header = ""
    mostOpen = 2

    def main(self) -> None:
        self._files: dict[str, IO[str]] = {}
        try:
            while True:
                self.waitForMessage()
                for path, text in self.Inbox():
                    self._fileOf(path).write(text)
                for file in self._files.values():
                    file.flush()
                if self.isShuttingDown():
                    return
        except OSError as error:
            self.send(errorInformation(self, error), "error")
            self.send(producerFinished(self, error), "signal")
        finally:
            self._closeAll()

    def _fileOf(self, path: str) -> IO[Any]:
        """Return the open file, with a header if it is new."""
        if path not in self._files:
            while len(self._files) >= self.mostOpen:
                self._files.pop(next(iter(self._files))).close()
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            file = open(path, "a", encoding="utf-8", errors="replace")  # noqa: SIM115 - kept open
            self._files[path] = file
            if file.tell() == 0:
                file.write(self.header)
        return self._files[path]

    def _closeAll(self) -> None:
        while self._files:
            _, file = self._files.popitem()
            try:
                file.close()
            except OSError:  # it has been reported
                continue


__kamaelia_components__ = (LogWriter,)
