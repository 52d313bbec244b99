"""The text of one mail: in memory while it is small, and then in a temporary file.

Example usage
-------------
    text = MailText()
    text.add(chunk)
    for chunk in text.chunks():
        ...
    text.close()
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from typing import IO

MOST_IN_MEMORY = 1024 * 1024  # octets; a proxy with a hundred such mails stays small
PIECE = 65536
UNDECIDED = re.compile(rb"(?:\r\n?)?\Z")


class MailText:
    """MailText([most]): keeps chunks in the order in which they are added.

    most: the maximum number of octets in memory. A larger text is kept in an unnamed temporary
    file without a buffer, so add() raises OSError if it cannot be written. isIncomplete: keep()
    could not add a chunk, so the mail is to be refused at its end.
    """

    __slots__ = ("_chunks", "_file", "isIncomplete", "most", "size")

    def __init__(self, most: int = MOST_IN_MEMORY) -> None:
        self.most = most
        self.size = 0
        self.isIncomplete = False
        self._chunks: list[bytes] = []
        self._file: IO[bytes] | None = None

    def add(self, chunk: bytes) -> None:
        """Add a chunk. Raise OSError."""
        self.size += len(chunk)
        if self._file is not None:
            self._write(self._file, chunk)
            return
        self._chunks.append(chunk)
        if self.size > self.most:
            self._file = tempfile.TemporaryFile(prefix="kamaelia-mail-", buffering=0)  # noqa: SIM115
            self._write(self._file, b"".join(self._chunks))
            self._chunks.clear()

    def keep(self, chunk: bytes) -> OSError | None:
        """Add a chunk, unless an earlier one could not be added. Return the error, if any."""
        try:
            if not self.isIncomplete:
                self.add(chunk)
        except OSError as error:
            self.close()
            self.isIncomplete = True
            return error
        return None

    @staticmethod
    def _write(file: IO[bytes], data: bytes) -> None:
        """Write all data. On a full disk, a part may be written before the error."""
        while data:
            data = data[file.write(data) :]

    def chunks(self) -> Iterator[bytes]:
        """Yield the whole text in pieces of moderate size."""
        if self._file is None:
            whole = b"".join(self._chunks)
            for start in range(0, len(whole), PIECE):
                yield whole if len(whole) <= PIECE else whole[start : start + PIECE]
            return
        self._file.seek(0)
        while piece := self._file.read(PIECE):
            yield piece

    def start(self, octets: int) -> bytes:
        """Return the first `octets` of the text, or all of a shorter one."""
        if self._file is None:
            return b"".join(self._chunks)[:octets]
        self._file.seek(0)
        return self._file.read(octets)

    def unstuffed(self) -> Iterator[bytes]:
        """Yield the text without the dots that SMTP adds before dots (RFC 5321 section 4.5.2)."""
        kept = b"\r\n"  # so that the first line follows a line end; removed from the first piece
        skipped = 2
        for chunk in self.chunks():
            data = kept + chunk
            # A line end at the end is kept back, because a stuffed dot may follow.
            end = len(data) - len(UNDECIDED.search(data)[0])  # type: ignore[index]
            piece = data[:end].replace(b"\r\n.", b"\r\n")
            kept = data[end:]
            yield piece[skipped:]
            skipped = max(0, skipped - len(piece))
        yield kept.replace(b"\r\n.", b"\r\n")[skipped:]

    def close(self) -> None:
        """Release the memory and the file."""
        self._chunks.clear()
        if self._file is not None:
            self._file.close()
            self._file = None
