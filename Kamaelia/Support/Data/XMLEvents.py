"""A parser of XML streams: bytes or text in, events out, with limits on everything.

Example usage
-------------
    parser = XMLEventParser()
    for piece in pieces:
        for event in parser.feed(piece): ...    # ("element", "a", {"href": "/"}) and so on
    for event in parser.close(): ...            # ("/document",)

How does it work?
-----------------
The standard library's expat parses slices of the input, so the events of one slice are all that is
kept. A document type declaration is refused, so no entity can be declared: neither one that is
replaced by much text nor one that names a file. Names are remembered by expat; their number is
limited, too. A token that stays incomplete is not parsed again at each piece (expat 2.5 would):
after some attempts, the parser waits until the token has grown to twice its size.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

__all__ = ["Attributes", "Event", "XMLError", "XMLEventParser"]

SLICE = 16384  # bytes that expat parses at a time
ATTEMPTS = 64  # to parse one token, before the parser waits for it to grow

Event = tuple[Any, ...]


class XMLError(ValueError):
    """XMLError(reason, line, column): the input is malformed, refused, or exceeds a limit."""

    def __init__(self, reason: str, line: int, column: int) -> None:
        super().__init__(f"{reason} (line {line}, column {column})")
        self.line = line
        self.column = column


class Attributes(dict[str, str]):
    """The attributes of an element by name, with the methods of SAX attributes."""

    def getLength(self) -> int:
        """Return the number of attributes."""
        return len(self)

    def getNames(self) -> list[str]:
        """Return the names."""
        return list(self)

    def getType(self, name: str) -> str:
        """Return "CDATA": without a declaration, attributes have no other type."""
        return "CDATA"

    def getValue(self, name: str) -> str:
        """Return the value of the attribute `name`. Raise KeyError if there is none."""
        return self[name]

    getQNames = getNames
    getValueByQName = getValue

    def getNameByQName(self, name: str) -> str:
        """Return `name`. Raise KeyError if there is no attribute of this name."""
        if name not in self:
            raise KeyError(name)
        return name

    getQNameByName = getNameByQName


class Handler:
    """The methods that expat calls: they append to `events`. A ValueError ends the parser.

    It does not know the parser: a cycle of references would delay the release of both.
    """

    def __init__(self, maxDepth: int) -> None:
        self.maxDepth = maxDepth
        self.depth = 0
        self.events: list[Event] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin an element."""
        self.depth += 1
        if self.depth > self.maxDepth:
            raise ValueError(f"there are more than {self.maxDepth} elements in each other")
        self.events.append(("element", name, Attributes(attributes)))

    def end(self, name: str) -> None:
        """End an element."""
        self.depth -= 1
        self.events.append(("/element", name))

    def text(self, text: str) -> None:
        """Add text."""
        self.events.append(("chars", text))

    def refuse(self, *declaration: object) -> None:
        """Refuse a declaration."""
        raise ValueError("document type declarations are refused")


def newParser(encoding: str | None, handler: Handler) -> expat.XMLParserType:
    """Return an expat parser that calls the methods of `handler`."""
    parser = expat.ParserCreate(encoding, intern={})
    if hasattr(parser, "SetReparseDeferralEnabled"):
        # From expat 2.6 on. It would delay events, and XMLEventParser has its own way to
        # avoid parsing a long token again and again.
        parser.SetReparseDeferralEnabled(False)
    parser.StartElementHandler = handler.start
    parser.EndElementHandler = handler.end
    parser.CharacterDataHandler = handler.text
    parser.StartDoctypeDeclHandler = handler.refuse
    parser.EntityDeclHandler = handler.refuse
    return parser


class XMLEventParser:
    """A parser of one document.

    maxDepth: the most elements within each other. maxToken: the most bytes of one tag, comment or
    other piece of markup. maxNames: the most different names of elements and attributes.
    """

    def __init__(self, maxDepth: int = 256, maxToken: int = 2**20, maxNames: int = 10_000) -> None:
        self.maxToken = maxToken
        self.maxNames = maxNames
        self._handler = Handler(maxDepth)
        self._fed = 0  # bytes that expat has received
        self._waiting = bytearray()  # bytes that it has not received yet
        self._attempts = 0  # slices since expat has made progress
        self._reached = 0  # the position of the incomplete token
        self._parser: expat.XMLParserType | None = None

    def feed(self, data: bytes | str) -> Iterator[Event]:
        """Generate the events of `data`, the next piece of the document. Raise XMLError."""
        if not data:
            return
        if self._parser is None:
            # Text is passed on as UTF-8, whatever encoding its declaration names.
            self._parser = newParser("utf-8" if isinstance(data, str) else None, self._handler)
            yield ("document",)
        piece = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        for begin in range(0, len(piece), SLICE):
            self._waiting += piece[begin : begin + SLICE]
            if self._attempts < ATTEMPTS or len(self._waiting) > self._fed - self._reached:
                yield from self._parse(False)

    def close(self) -> Iterator[Event]:
        """Generate the last events. Raise XMLError if the document is incomplete."""
        if self._parser is not None:
            yield from self._parse(True)
            yield ("/document",)

    def _parse(self, isFinal: bool) -> Iterator[Event]:
        """Let expat parse the waiting bytes. Generate the events, also those before an error."""
        parser, data = self._parser, self._waiting
        assert parser is not None
        self._waiting = bytearray()
        problem: XMLError | None = None
        try:
            parser.Parse(data, isFinal)
            self._fed += len(data)
            self._checkProgress(parser)
        except expat.ExpatError as error:
            problem = self._error(expat.ErrorString(error.code))
        except (LookupError, ValueError) as error:  # from a handler, or for a strange encoding
            problem = self._error(str(error))
        events, self._handler.events = self._handler.events, []
        yield from events
        if problem is not None:
            raise problem

    def _checkProgress(self, parser: expat.XMLParserType) -> None:
        """Note the position of the incomplete token. Raise ValueError if a limit is exceeded."""
        position = max(parser.CurrentByteIndex, 0)
        self._attempts = self._attempts + 1 if position == self._reached else 0
        self._reached = position
        if self._fed - position > self.maxToken:
            raise ValueError(f"a piece of markup is longer than {self.maxToken} bytes")
        if len(parser.intern) > self.maxNames:
            raise ValueError(f"there are more than {self.maxNames} different names")

    def _error(self, reason: str) -> XMLError:
        assert self._parser is not None
        return XMLError(
            reason, self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1
        )
