"""The escapes of characters in a text or in bytes.

Example usage
-------------
    >>> escape("100 % of XXX", "X")
    '100 %25 of %58%58%58'
    >>> unescape("100 %25 of %58%58%58", "X")
    '100 % of XXX'

How does it work?
-----------------
"%" and each character of `substring` become "%" and two hexadecimal digits for each byte of the
character in UTF-8. So a text that is escaped and then encoded is equal to the text that is encoded
and then escaped, and `substring` does not occur in the result unless it consists of "%" and
hexadecimal digits only.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, AnyStr

__all__ = ["escape", "unescape"]


def escape(message: AnyStr, substring: AnyStr | None = None) -> AnyStr:
    """Return `message` with "%" and each character of `substring` escaped."""
    pattern, escapes = _escapes(message[:0] if substring is None else substring)
    result: AnyStr = pattern.sub(lambda found: escapes[found[0]], message)
    return result


def unescape(message: AnyStr, substring: AnyStr | None = None) -> AnyStr:
    """Return the text of which escape(text, substring) is `message`.

    An escape of any other character is left as it is.
    """
    pattern, characters = _characters(message[:0] if substring is None else substring)
    result: AnyStr = pattern.sub(lambda found: characters[found[0]], message)
    return result


@lru_cache(maxsize=64)
def _escapes(substring: Any) -> tuple[re.Pattern[Any], dict[Any, Any]]:
    """Return a pattern for what is escaped, and the escape of each."""
    percent: Any = "%" if isinstance(substring, str) else b"%"
    every = {substring[at : at + 1] for at in range(len(substring))} | {percent}
    escapes = {each: _escapeOf(each) for each in every}
    return _anyOf(escapes, substring), escapes


@lru_cache(maxsize=64)
def _characters(substring: Any) -> tuple[re.Pattern[Any], dict[Any, Any]]:
    """Return a pattern for the escapes, and the character for each."""
    characters = {escaped: each for each, escaped in _escapes(substring)[1].items()}
    return _anyOf(characters, substring), characters


def _anyOf(literals: Iterable[Any], kind: Any) -> re.Pattern[Any]:
    """Return a pattern for any of the literals, which are of the type of `kind`."""
    bar: Any = "|" if isinstance(kind, str) else b"|"
    return re.compile(bar.join(map(re.escape, literals)))


def _escapeOf(character: Any) -> Any:
    if isinstance(character, str):
        return "".join(f"%{byte:02x}" for byte in character.encode())
    return b"%%%02x" % ord(character)
