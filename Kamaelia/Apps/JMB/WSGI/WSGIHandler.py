"""The handler of one request, which a WSGI application answers in a thread.

How does it work?
-----------------
It collects the body of the request first, so that a slow client occupies no thread: in memory, or
in a temporary file. Then one thread of a pool calls the application. The response goes to the
client as it comes; a client that reads slowly holds the application.

Termination: when the application has returned, and at shutdownMicroprocess on "control", after
which the application gets an error when it sends more.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from concurrent.futures import Executor
from typing import Any
from wsgiref.util import FileWrapper

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Apps.JMB.WSGI.AppThread import Application, AppThread, ClientGone
from Kamaelia.Apps.JMB.WSGI.RequestBody import RequestBody
from Kamaelia.File.Waits import Job


class ErrorStream:
    """ErrorStream(logger): the text file wsgi.errors, which logs each line."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def write(self, text: str) -> int:
        """Log each line of `text`."""
        for line in text.splitlines():
            if line.strip():
                self._logger.error("%s", line)
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Log each of `lines`."""
        self.write("".join(lines))

    def flush(self) -> None:
        """Do nothing: nothing is kept."""


class WSGIHandler(component):
    """WSGIHandler(app, environ, pool, logger): responds as `app` does.

    environ: that of WSGI, except the entries that this class adds. pool: its threads.
    """

    Inboxes = {
        "inbox": "the body of the request, as bytes",
        "control": "producerFinished: the body is complete; shutdownMicroprocess: stop",
    }
    Outboxes = {
        "outbox": "the response, as dicts",
        "signal": "producerFinished, when the response is complete",
    }

    def __init__(
        self, app: Application, environ: dict[str, Any], pool: Executor, logger: logging.Logger
    ) -> None:
        super().__init__()
        self.app = app
        self.environ = environ
        self.pool = pool
        self.logger = logger

    def main(self) -> Generator[int, None, None]:
        body = RequestBody()
        isComplete = False
        try:
            isComplete = yield from self._readBody(body)
        finally:
            if not isComplete:
                body.close()
        if isComplete:
            yield from self._callApplication(body)
        self.send(producerFinished(self), "signal")

    def _readBody(self, body: RequestBody) -> Generator[int, None, bool]:
        """Read the body of the request. Return False if the response is not needed any more."""
        while True:
            for data in self.Inbox():
                if body.add(data):
                    yield from Job(self, body.write).result()
            for message in self.Inbox("control"):
                if isinstance(message, producerFinished | shutdownMicroprocess):
                    return isinstance(message, producerFinished)
            yield from self.waitForMessage()

    def _callApplication(self, body: RequestBody) -> Generator[int, None, None]:
        environ = self._completeEnviron(body)
        call = AppThread(self.app, environ, self.unpause)

        def run() -> None:
            environ["wsgi.input"] = body.open()
            call.run()

        job = Job(self, run, self.pool)
        try:
            yield from job.result(meanwhile=lambda: self._sendAll(call))
        except ClientGone:
            return
        finally:
            call.cancel()
            job.afterwards(body.close)

    def _sendAll(self, call: AppThread) -> None:
        for message in call.take():
            self.send(message)
        for message in self.Inbox("control"):
            if isinstance(message, shutdownMicroprocess):
                call.cancel()

    def _completeEnviron(self, body: RequestBody) -> dict[str, Any]:
        """Return the environ with the entries of PEP 3333 about this server and the body."""
        if body.length or self.environ.get("HTTP_TRANSFER_ENCODING"):
            self.environ["CONTENT_LENGTH"] = str(body.length)
        return self.environ | {
            "wsgi.version": (1, 0),
            "wsgi.errors": ErrorStream(self.logger),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
            "wsgi.file_wrapper": FileWrapper,
        }


__kamaelia_components__ = (WSGIHandler,)
