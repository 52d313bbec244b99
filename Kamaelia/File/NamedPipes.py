"""Named pipes in the file system that exist as long as they are used."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from contextlib import suppress

from Kamaelia.File.FIFO import isFIFO


class NamedPipes:
    """NamedPipes(paths): named pipes, of which those that it has created are removed."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = list(paths)
        self._created: list[str] = []

    def create(self) -> None:
        """Create the pipes. Raises OSError if one cannot be created, or is another kind of file."""
        for path in self._paths:
            if isFIFO(path):
                continue
            if os.path.lexists(path):
                raise OSError(errno.EEXIST, "it exists, and is not a named pipe", path)
            os.mkfifo(path)
            self._created.append(path)

    def remove(self) -> None:
        """Remove the pipes that create() has created."""
        while self._created:
            with suppress(OSError):
                os.remove(self._created.pop())
