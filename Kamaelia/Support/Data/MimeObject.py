"""A header, a body and a first line as one object.

Example usage
-------------
    mimeObject({"host": ["Host", "example.org"]}, "body", "GET / HTTP/1.0")

How does it work?
-----------------
The header is a dict. Its keys are the field names in lower case; each value is a list: the name as
it was written, and the value.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

__all__ = ["mimeObject"]

EMPTY: Mapping[str, Sequence[str]] = MappingProxyType({})


class mimeObject:
    """mimeObject(header, body[, preambleLine]): a message.

    header: a dict from each name in lower case to [name, value]. body: str or bytes. preambleLine:
    the line before the header, such as a requestLine, or None. str() returns the whole message.
    """

    def __init__(
        self,
        header: Mapping[str, Sequence[str]] = EMPTY,
        body: str | bytes = "",
        preambleLine: Any = None,
    ) -> None:
        self.header = dict(header)
        self.body = body
        self.preambleLine = preambleLine or None

    def __str__(self) -> str:
        first = f"{self.preambleLine}\n" if self.preambleLine else ""
        fields = "".join(f"{name}: {value}\n" for name, value in self.header.values())
        body = self.body if isinstance(self.body, str) else self.body.decode("utf-8", "replace")
        return f"{first}{fields}\n{body}"
