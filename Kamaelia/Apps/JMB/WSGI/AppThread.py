"""A call of a WSGI application in a thread, and the response that it makes.

How does it work?
-----------------
The thread calls the application and puts the parts of the response into a queue. A component takes
them from there. The thread waits while too much is in the queue. After cancel() it gets an error
from the next part that it puts there, so that the application can clean up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from threading import Condition
from types import TracebackType
from typing import Any
from wsgiref.util import is_hop_by_hop

MOST_QUEUED = 512 * 1024  # bytes

ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Response = dict[str, Any]


class WsgiAppError(RuntimeError):
    """The application breaks a rule of PEP 3333."""


class ClientGone(ConnectionAbortedError):
    """The response is not needed any more."""


class AppThread:
    """AppThread(app, environ, wake): a call of `app`. Call run() in a thread.

    wake: called in the thread when there is something to take.
    """

    def __init__(
        self, app: Application, environ: dict[str, Any], wake: Callable[[], object]
    ) -> None:
        self._app = app
        self._environ = environ
        self._wake = wake
        self._head: Response | None = None  # that has not been sent yet
        self._hasStarted = False
        self._queue: deque[Response] = deque()
        self._queued = 0  # bytes
        self._changed = Condition()
        self._isCancelled = False

    # In the component's thread

    def take(self) -> list[Response]:
        """Return the messages that are ready."""
        with self._changed:
            taken = list(self._queue)
            self._queue.clear()
            self._queued = 0
            self._changed.notify_all()
        return taken

    def cancel(self) -> None:
        """Raise an error in the thread: the response is not needed any more."""
        with self._changed:
            self._isCancelled = True
            self._changed.notify_all()

    # In the thread of the application

    def run(self) -> None:
        """Call the application, and put its response into the queue. Raises what it raises."""
        if self._isCancelled:  # while it waited for a thread
            raise ClientGone("the client has gone")
        result = self._app(self._environ, self._startResponse)
        try:
            isWhole = isinstance(result, list | tuple) and len(result) == 1
            for data in result:
                if data:
                    self._write(data, isWhole)
            if self._head is not None:
                self._write(b"", True)
            elif not self._hasStarted:
                raise WsgiAppError("the application has not called start_response()")
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()

    def _startResponse(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], None]:
        try:
            if exc_info is not None and exc_info[1] is not None:
                if self._hasStarted and self._head is None:  # it is too late for another status
                    raise exc_info[1].with_traceback(exc_info[2])
            elif self._hasStarted:
                raise WsgiAppError("start_response() was called twice")
        finally:
            exc_info = None  # it refers to this frame
        for name, _ in headers:
            if is_hop_by_hop(name):
                raise WsgiAppError(f"{name} is a header field for servers, not for applications")
        self._hasStarted = True
        self._head = {"statuscode": status, "headers": list(headers)}
        return self._write

    def _write(self, data: bytes, isWhole: bool = False) -> None:
        if not self._hasStarted:
            raise WsgiAppError("the application sends data before it calls start_response()")
        if not isinstance(data, bytes):
            raise WsgiAppError(f"the application sends {type(data).__name__} instead of bytes")
        message: Response = {"data": data}
        if self._head is not None:
            message |= self._head
            message["complete"] = isWhole
            self._head = None
        with self._changed:
            while self._queued > MOST_QUEUED and not self._isCancelled:
                self._changed.wait()
            if self._isCancelled:
                raise ClientGone("the client has gone")
            self._queue.append(message)
            self._queued += len(data) + 1
        self._wake()
