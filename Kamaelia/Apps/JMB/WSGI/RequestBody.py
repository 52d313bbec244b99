"""The body of a request for a WSGI application: in memory, or in a temporary file if it is large.

Example usage
-------------
    body = RequestBody()
    if body.add(data):      # enough has been collected
        body.write()        # in a thread
    environ["wsgi.input"] = body.open()
"""

from __future__ import annotations

import tempfile
from io import BytesIO
from typing import BinaryIO

IN_MEMORY = 256 * 1024  # bytes


class RequestBody:
    """RequestBody([inMemory]): collects a body. `length`: the bytes so far."""

    def __init__(self, inMemory: int = IN_MEMORY) -> None:
        self.length = 0
        self._inMemory = inMemory
        self._parts: list[bytes] = []
        self._size = 0  # of the parts
        self._file: BinaryIO | None = None

    def add(self, data: bytes) -> bool:
        """Add a part of the body. Return whether write() should be called before the next."""
        self._parts.append(data)
        self._size += len(data)
        self.length += len(data)
        return self._size > self._inMemory

    def write(self) -> None:
        """Write what is in memory to a temporary file. Call it in a thread."""
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - close() closes it
        self._file.writelines(self._parts)
        self._parts.clear()
        self._size = 0

    def open(self) -> BinaryIO:
        """Return a file from which the whole body can be read. Call it in a thread."""
        if self._file is None:
            return BytesIO(b"".join(self._parts))
        self.write()
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Remove the temporary file, if there is one."""
        if self._file is not None:
            self._file.close()
