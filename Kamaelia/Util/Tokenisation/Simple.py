"""Lists of text, within which may be lists again, as lines that can be sent; and back.

Example usage
-------------
    Pipeline(Commands(), tokenlists_to_lines(), TCPClient("127.0.0.1", 1500)).run()
    Pipeline(Lines(), lines_to_tokenlists(), Machine()).run()

How does it work?
-----------------
["ADD", ["a b", "c"]] is "ADD [ a%20b c ] " and a newline. What would be mistaken for
punctuation (space, newline, carriage return, brackets, backslash, percent) is % and its
number in hexadecimal. An empty text leaves no trace.

Termination: as a PureTransformer's.
"""

import re
from collections.abc import Iterable
from typing import Any

from Kamaelia.Util.Marshalling import DeMarshaller, Marshaller

__all__ = ["EscapedListMarshalling", "lines_to_tokenlists", "tokenlists_to_lines"]

ESCAPED = {f"%{ord(each):x}": each for each in "%\\\n\r []"}
ESCAPES = {character: escaped for escaped, character in ESCAPED.items()}
# Other writers of this format escape these two digits as well.
ESCAPED |= {"%30": "0", "%39": "9"}

TO_ESCAPE = re.compile("[" + re.escape("".join(ESCAPES)) + "]")
TO_UNESCAPE = re.compile("|".join(ESCAPED))


def tokenlists_to_lines() -> Marshaller:
    """A component: a list of text, and of such lists, to a line of text with its newline."""
    return Marshaller(EscapedListMarshalling)


def lines_to_tokenlists() -> DeMarshaller:
    """A component: a line, as text or UTF-8, to a list of text, and of such lists.

    ValueError in it for brackets that do not match.
    """
    return DeMarshaller(EscapedListMarshalling)


class EscapedListMarshalling:
    """How a list becomes a line and a line a list: for a Marshaller and a DeMarshaller."""

    @staticmethod
    def marshall(lst: Iterable[Any], term: str = "\n") -> str:
        """The list as text that ends with `term`. TypeError for what is no text and no list."""
        words = []
        for item in lst:
            if isinstance(item, list | tuple):
                words.append("[ " + EscapedListMarshalling.marshall(item, "]"))
            else:
                words.append(TO_ESCAPE.sub(lambda found: ESCAPES[found[0]], item))
        return "".join(f"{word} " for word in words) + term

    @staticmethod
    def demarshall(string: str | bytes) -> list[Any]:
        """The list of a line. ValueError for brackets that do not match."""
        text = string.decode("utf-8", "replace") if isinstance(string, bytes) else string
        lists: list[list[Any]] = [[]]  # the innermost one last
        for word in text.rstrip("\r\n").split(" "):
            if word == "[":
                lists[-1].append([])
                lists.append(lists[-1][-1])
            elif word == "]" and len(lists) > 1:
                lists.pop()
            elif word == "]":
                raise ValueError(f"a ] without its [ in {text!r}")
            elif word:
                lists[-1].append(TO_UNESCAPE.sub(lambda found: ESCAPED[found[0]], word))
        if len(lists) > 1:
            raise ValueError(f"a [ without its ] in {text!r}")
        return lists[0]


__kamaelia_prefabs__ = (tokenlists_to_lines, lines_to_tokenlists)
