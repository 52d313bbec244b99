"""A handler that responds with the files in a folder.

Example usage
-------------
    routing = [["/", MinimalFactory(indexfilename="index.html", homedirectory="htdocs")]]
    ServerCore(protocol=HTTPProtocol(routing), port=8080).run()

How does it work?
-----------------
`uri-suffix` of the request is the path of the file. It serves GET and HEAD, ranges of bytes and
conditional requests. The type of a file is guessed from its name. A path that leads out of the
folder is not found; neither is a symbolic link that does, unless `followsLinks` is true. Files are
opened and read in threads; a large file is read only as fast as the client takes it.

Termination: when it has sent the file, and at shutdownMicroprocess on "control".
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Generator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.File.Waits import Job
from Kamaelia.Internet.EventLoop import timeOf
from Kamaelia.Protocol.HTTP.ErrorPages import getErrorPage
from Kamaelia.Protocol.HTTP.Handlers.StaticFiles import FoundFile, IsFolder, StaticFiles
from Kamaelia.Support.Protocol.HTTP.Conditions import mayUseRange, statusOfCondition
from Kamaelia.Support.Protocol.HTTP.FilePaths import partsOfPath, sanitizeFilename, sanitizePath
from Kamaelia.Support.Protocol.HTTP.Ranges import (
    Range,
    Unsatisfiable,
    contentRange,
    rangesOf,
)

__all__ = ["Minimal", "MinimalFactory", "sanitizeFilename", "sanitizePath"]

SMALLEST_PART, LARGEST_PART = 128 * 1024, 1024 * 1024  # bytes that are read at a time
FAST, SLOW = 0.02, 0.2  # seconds that a part takes, so that the next one is larger or smaller

#: The errors that mean that there is no such file for clients. Others are errors of the server.
NOT_FOUND = {
    errno.EACCES,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.ENXIO,
    errno.EPERM,
}

Response = dict[str, Any]


class Minimal(component):
    """Minimal(request[, indexfilename][, homedirectory][, followsLinks]): responds with a file.

    request: the dict of the request. indexfilename: the file that represents a folder.
    """

    Inboxes = {
        "inbox": "not used: the body of the request",
        "control": "shutdownMicroprocess: stop; producerFinished is ignored",
    }
    Outboxes = {
        "outbox": "the response, as dicts",
        "signal": "producerFinished, when the response is complete",
    }

    def __init__(
        self,
        request: dict[str, Any],
        indexfilename: str = "index.html",
        homedirectory: str = "htdocs/",
        followsLinks: bool = False,
        **argd: Any,
    ) -> None:
        super().__init__(**argd)
        self.request = request
        self.indexfilename = indexfilename
        self.homedirectory = homedirectory
        self.followsLinks = followsLinks
        self._path: str | None = None
        self._files: StaticFiles | None = None

    def immediateResponse(self) -> Response | None:
        """Return the response if that needs no thread: an error, or a file in memory."""
        if self.request["method"] not in ("GET", "HEAD"):
            return getErrorPage(405) | {"headers": [("Allow", "GET, HEAD")]}
        self._path = self._pathOfFile()
        if self._path is None:
            return getErrorPage(404)
        self._files = StaticFiles(self.homedirectory, self.followsLinks)
        found = self._files.recall(self._path)
        return None if found is None else self._responseWith(found)[0]

    def main(self) -> Generator[int, None, None]:
        response = self.immediateResponse()
        if response is not None:
            self.send(response)
        else:
            yield from self._serve(self._path or "")
        self.send(producerFinished(self), "signal")

    def _pathOfFile(self) -> str | None:
        """Return the path of the file below the folder, or None if it is not acceptable."""
        parts = partsOfPath(self.request["uri-suffix"])
        if parts is None:
            return None
        if not parts or self._isForFolder():
            parts.append(self.indexfilename)
        return "/".join(parts)

    def _isForFolder(self) -> bool:
        return bool(self.request["non-query-uri"].endswith("/"))

    def _serve(self, path: str) -> Generator[int, None, None]:
        files = self._files
        assert files is not None
        try:
            found = yield from Job(self, lambda: files.find(path)).result()
        except IsFolder:
            self.send(getErrorPage(404) if self._isForFolder() else self._redirection())
            return
        except OSError as error:
            if error.errno not in NOT_FOUND:
                raise
            self.send(getErrorPage(404))
            return
        except ValueError:  # the name cannot be encoded
            self.send(getErrorPage(404))
            return
        files.remember(path, found)
        response, wanted = self._responseWith(found)
        if "data" in response:
            found.close()
            self.send(response)
        else:
            yield from self._sendParts(found, wanted, response)

    def _redirection(self) -> Response:
        """Return the response that adds a slash to the path, which is that of a folder."""
        target = "/" + self.request["non-query-uri"].strip("/") + "/"
        if self.request["query"]:
            target += "?" + self.request["query"]
        return getErrorPage(301) | {"headers": [("Location", target)]}

    def _responseWith(self, found: FoundFile) -> tuple[Response, Range]:
        """Return the response, with its data unless the file is large, and the bytes to send."""
        headers = self.request["headers"]
        fields = found.fields.copy()
        status = statusOfCondition(self.request["method"], headers, found.etag, found.modified)
        wanted = (0, found.size)
        if status is None:
            status = 200
            if "range" in headers and self.request["method"] == "GET":
                status, wanted = self._rangeOf(found, fields)
        response: Response = {
            "statuscode": status,
            "headers": fields,
            "content-type": found.kind,
            "complete": True,
        }
        if status in (304, 412, 416):
            response["data"] = b""
        elif found.content is not None:
            response["data"] = found.content[slice(*wanted)]
        return response, wanted

    def _rangeOf(self, found: FoundFile, fields: list[tuple[str, str]]) -> tuple[int, Range]:
        """Return the status and the range for the header field Range. Add to `fields`."""
        headers, everything = self.request["headers"], (0, found.size)
        if not mayUseRange(headers, found.etag, found.modified):
            return 200, everything
        try:
            ranges = rangesOf(headers["range"], found.size)
        except Unsatisfiable:
            fields.append(("Content-Range", contentRange(None, found.size)))
            return 416, everything
        if ranges is None or len(ranges) > 1:  # several parts may be answered by the whole file
            return 200, everything
        fields.append(("Content-Range", contentRange(ranges[0], found.size)))
        return 206, ranges[0]

    def _sendParts(
        self, found: FoundFile, wanted: Range, response: Response
    ) -> Generator[int, None, None]:
        """Send a file in parts. The next part is read while one is sent."""
        at, end = wanted
        size, before = SMALLEST_PART, timeOf(self)
        job: Job[bytes] | None = None
        try:
            self.send(response | {"length": end - at, "complete": False})
            if self.request["method"] == "HEAD":
                return
            job = self._read(found, at, min(size, end - at))
            while at < end and not self._isStopped():
                data = yield from job.result()
                at += len(data)
                if not data:  # the file has become shorter
                    return
                job = self._read(found, at, min(size, end - at))
                self.send({"data": data})
                yield 1
                now = timeOf(self)
                size, before = sizeAfter(size, now - before), now
        finally:
            if job is None:
                found.close()
            else:
                job.afterwards(found.close)

    def _read(self, found: FoundFile, start: int, size: int) -> Job[bytes]:
        return Job(self, lambda: found.read(start, size))

    def _isStopped(self) -> bool:
        return any(isinstance(each, shutdownMicroprocess) for each in self.Inbox("control"))


def sizeAfter(size: int, seconds: float) -> int:
    """Return the size of the next part of a file, after a part of `size` took `seconds`.

    A fast client gets large parts, which cost less; slow clients occupy little memory.
    """
    if seconds < FAST:
        return min(2 * size, LARGEST_PART)
    return max(size // 2, SMALLEST_PART) if seconds > SLOW else size


def MinimalFactory(
    indexfilename: str = "index.html", homedirectory: str = "htdocs", followsLinks: bool = False
) -> Callable[[dict[str, Any]], Minimal]:
    """Return a factory of Minimal handlers with these settings."""

    def makeMinimal(request: dict[str, Any]) -> Minimal:
        return Minimal(request, indexfilename, homedirectory, followsLinks)

    return makeMinimal


__kamaelia_components__ = (Minimal,)
