"""The words of a line, of which some may be in quotes.

Example usage
-------------
    >>> tokensOf("ADD NODE 1 'a node' auto")
    ['ADD', 'NODE', '1', 'a node', 'auto']
    >>> lineOf(["ADD", "NODE", "1", "a node", "auto"])
    "ADD NODE 1 'a node' auto"

How does it work?
-----------------
Whitespace separates words. A word in single or double quotes may contain whitespace; in it, a
backslash makes the next character an ordinary one. Elsewhere a backslash is an ordinary character.
"""

import re
from collections.abc import Iterable

__all__ = ["lineOf", "tokensOf"]

_TOKEN = re.compile(
    r"""\s*(?:
    ([^"'\s]\S*)              # a word that does not begin with a quote
    | '((?:\\.|[^\\'])*)'
    | "((?:\\.|[^\\"])*)"
    )(?=\s|$)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def tokensOf(line: str) -> list[str]:
    """Return the words of a line, or an empty list if a quotation is not closed.

    Text must not follow a closing quote without whitespace.
    """
    line = line.rstrip()
    tokens = []
    at = 0
    while at < len(line):
        found = _TOKEN.match(line, at)
        if found is None:
            return []
        plain, single, double = found.groups()
        quoted = double if single is None else single
        tokens.append(plain if plain is not None else _ESCAPED.sub(r"\1", quoted))
        at = found.end()
    return tokens


def lineOf(tokens: Iterable[str]) -> str:
    """Return a line of which tokensOf(line) are the tokens."""
    return " ".join(map(_quoted, tokens))


def _quoted(token: str) -> str:
    if token and token[0] not in "\"'" and not re.search(r"\s", token):
        return token
    return "'" + re.sub(r"([\\'])", r"\\\1", token) + "'"
