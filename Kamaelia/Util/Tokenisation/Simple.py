"""A line format for nested lists of text.

Example usage
-------------
    Pipeline(Commands(), tokenlists_to_lines(), TCPClient("127.0.0.1", 1500)).run()
    Pipeline(Lines(), lines_to_tokenlists(), Machine()).run()

How does it work?
-----------------
["ADD", ["a b", "c"]] becomes "ADD [ a%20b c ] " and a newline. Space, newline, carriage return,
brackets, backslash and percent are written as % and their code in hexadecimal. An empty string
is not preserved.

Termination: when a shutdown message arrives at "control", after all earlier messages.
"""

import re
from collections.abc import Iterable
from typing import Any

from Kamaelia.Util.Marshalling import DeMarshaller, Marshaller

__all__ = ["EscapedListMarshalling", "lines_to_tokenlists", "tokenlists_to_lines"]

ESCAPED = {f"%{ord(each):x}": each for each in "%\\\n\r []"}
ESCAPES = {character: escaped for escaped, character in ESCAPED.items()}
# Other implementations of this format also escape these two digits.
ESCAPED |= {"%30": "0", "%39": "9"}

TO_ESCAPE = re.compile("[" + re.escape("".join(ESCAPES)) + "]")
TO_UNESCAPE = re.compile("|".join(ESCAPED))


def tokenlists_to_lines() -> Marshaller:
    """Return a component that converts nested lists of str to lines of text."""
    return Marshaller(EscapedListMarshalling)


def lines_to_tokenlists() -> DeMarshaller:
    """Return a component that converts lines (str, or bytes in UTF-8) to nested lists of str.

    The component raises ValueError if the brackets do not match.
    """
    return DeMarshaller(EscapedListMarshalling)


class EscapedListMarshalling:
    """The conversion between a nested list and a line, for a Marshaller and a DeMarshaller."""

    @staticmethod
    def marshall(lst: Iterable[Any], term: str = "\n") -> str:
        """Return the list as text that ends with `term`.

        Raises TypeError for an element that is neither a str nor a list.
        """
        words = []
        for item in lst:
            if isinstance(item, list | tuple):
                words.append("[ " + EscapedListMarshalling.marshall(item, "]"))
            else:
                words.append(TO_ESCAPE.sub(lambda found: ESCAPES[found[0]], item))
        return "".join(f"{word} " for word in words) + term

    @staticmethod
    def demarshall(string: str | bytes) -> list[Any]:
        """Return the list of a line. Raise ValueError if the brackets do not match."""
        text = string.decode("utf-8", "replace") if isinstance(string, bytes) else string
        lists: list[list[Any]] = [[]]  # the innermost list is last
        for word in text.rstrip("\r\n").split(" "):
            if word == "[":
                lists[-1].append([])
                lists.append(lists[-1][-1])
            elif word == "]" and len(lists) > 1:
                lists.pop()
            elif word == "]":
                raise ValueError(f"a ] without a [ in {text!r}")
            elif word:
                lists[-1].append(TO_UNESCAPE.sub(lambda found: ESCAPED[found[0]], word))
        if len(lists) > 1:
            raise ValueError(f"a [ without a ] in {text!r}")
        return lists[0]


__kamaelia_prefabs__ = (tokenlists_to_lines, lines_to_tokenlists)
