"""A header with a body, as a dict that keeps the order of its fields.

Example usage
-------------
    message = MimeDict.fromString("To: ann\\r\\nTo: bob\\r\\nSubject: hi\\r\\n\\r\\nHello")
    message["To"], message["__BODY__"]      # ["ann", "bob"], "Hello"
    str(message)                            # the same text again

How does it work?
-----------------
The value of a field that occurs once is a str, and that of a field that occurs several times is a
list. A continuation line (one that begins with a space) belongs to the value before it and keeps
its line end. A text whose header is malformed is a message without fields: all of it is the body,
and `invalidSource` is True. In both cases str(fromString(text)) is `text` again, with one space
after each colon.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, MutableMapping
from typing import Any

__all__ = ["MimeDict", "checkName", "fieldsOf"]

BODY = "__BODY__"

NAME = r"[^: \r\n][^:\r\n]*"
FIELD = re.compile(rf"({NAME}): ?([^\r]*)\r\n")
CONTINUATION = re.compile(r"( [^\r]*)\r\n")
UNSAFE_LINE_END = re.compile(r"\r\n(?! )|\r(?!\n)")  # one that would end the field


class MimeDict(dict[str, Any]):
    """MimeDict(**fields): the fields, and the body under "__BODY__" (by default empty).

    A value is a str, or a list of str: the field then occurs once for each. insertionorder: the
    names in the order of the lines of the header. Raises ValueError for a name that cannot be
    written into a header.
    """

    def __init__(self, **args: Any) -> None:
        super().__init__()
        self.insertionorder: list[str] = []
        self.invalidSource = False
        for name, value in args.items():
            self[name] = value
        self.setdefault(BODY, "")

    def __setitem__(self, name: str, value: Any) -> None:
        if name != BODY:
            checkName(name)
            occurrences = max(len(value), 1) if isinstance(value, list) else 1
            if name in self:
                self._forget(name)
            self.insertionorder += [name] * occurrences
        super().__setitem__(name, value)

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        self._forget(name)

    def _forget(self, name: str) -> None:
        self.insertionorder = [each for each in self.insertionorder if each != name]

    # dict has its own versions of these, which would not call __setitem__ and __delitem__.
    update = MutableMapping.update
    setdefault = MutableMapping.setdefault
    pop = MutableMapping.pop
    popitem = MutableMapping.popitem
    clear = MutableMapping.clear

    def __ior__(self, other: Any) -> MimeDict:  # type: ignore[override,misc]
        self.update(other)
        return self

    def __str__(self) -> str:
        """Return the message: the header, an empty line and the body.

        A line end in a value that would end the field is followed by a space, so that the rest of
        the value is a continuation line and not another field.
        """
        if self.invalidSource and not self.insertionorder:
            return str(self[BODY])
        return "".join(f"{name}: {value}\r\n" for name, value in self._fields()) + (
            f"\r\n{self.get(BODY, '')}"
        )

    def _fields(self) -> Iterator[tuple[str, str]]:
        """Generate the name and the value of each line of the header."""
        seen: Counter[str] = Counter()
        for name in self.insertionorder:
            value = self[name]
            if isinstance(value, list):
                value = value[seen[name]] if seen[name] < len(value) else ""
            seen[name] += 1
            yield name, UNSAFE_LINE_END.sub("\r\n ", str(value))

    @staticmethod
    def fromString(source: str) -> MimeDict:
        """Return the message in `source`."""
        lines, end = fieldsOf(source)
        made = MimeDict()
        if not source.startswith("\r\n", end):
            made[BODY] = source
            made.invalidSource = True
            return made
        values: dict[str, list[str]] = {}
        lines = [line for line in lines if line[0] != BODY]
        for name, value in lines:
            values.setdefault(name, []).append(value)
        for name, several in values.items():
            made[name] = several if len(several) > 1 else several[0]
        made.insertionorder = [name for name, _ in lines]
        made[BODY] = source[end + 2 :]
        return made


def checkName(name: str) -> None:
    """Raise ValueError if `name` cannot be the name of a field."""
    if not re.fullmatch(NAME, name):
        raise ValueError(f"{name!r} cannot be the name of a field in a header")


def fieldsOf(source: str) -> tuple[list[tuple[str, str]], int]:
    """Return the name and the value of each field, and the position after the last one."""
    fields: list[tuple[str, list[str]]] = []
    position = 0
    while True:
        if found := FIELD.match(source, position):
            fields.append((found[1], [found[2]]))
        elif fields and (found := CONTINUATION.match(source, position)):
            fields[-1][1].append(found[1])
        else:
            return [(name, "\r\n".join(parts)) for name, parts in fields], position
        position = found.end()
