"""XML becomes events; what could exhaust the memory or the processor is refused."""

import gc
import weakref
import xml.sax
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Data.XMLEvents import ATTEMPTS, Attributes, XMLError, XMLEventParser

DOCUMENT = (
    "<?xml version='1.0'?>\n<a x='1' y='&lt;&#33;'>text &amp; more<b/>"
    "<!-- no --><c>\u00fc</c>\n</a>"
)
EVENTS = [
    ("document",),
    ("element", "a", {"x": "1", "y": "<!"}),
    ("chars", "text & more"),
    ("element", "b", {}),
    ("/element", "b"),
    ("element", "c", {}),
    ("chars", "\u00fc"),
    ("/element", "c"),
    ("chars", "\n"),
    ("/element", "a"),
    ("/document",),
]


def joined(events: list[Any]) -> list[Any]:
    """Return the events with adjacent pieces of text as one."""
    result: list[Any] = []
    for event in events:
        if event[0] == "chars" and result and result[-1][0] == "chars":
            event = ("chars", result.pop()[1] + event[1])
        result.append(event)
    return result


def eventsOf(*pieces: bytes | str, **limits: int) -> list[Any]:
    parser = XMLEventParser(**limits)
    return joined([*(event for piece in pieces for event in parser.feed(piece)), *parser.close()])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", None])
def test_events_do_not_depend_on_the_pieces_and_the_encoding(
    size: int, encoding: str | None
) -> None:
    whole: Any = DOCUMENT.encode(encoding) if encoding else DOCUMENT
    pieces = [whole[begin : begin + size] for begin in range(0, len(whole), size)]
    assert eventsOf(*pieces) == EVENTS


def test_text_is_text_whatever_its_declaration_says() -> None:
    text = "<?xml version='1.0' encoding='latin-1'?><a>\u00fc</a>"
    assert ("chars", "\u00fc") in eventsOf(text)
    assert ("chars", "\u00fc") in eventsOf(text.encode("latin-1"))


BILLION_LAUGHS = """<!DOCTYPE a [<!ENTITY b "lol"><!ENTITY c "&b;&b;">]><a>&c;</a>"""
REFUSED = {
    BILLION_LAUGHS: "document type declarations are refused",
    "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>": "document type declarations are refused",
    "<!DOCTYPE a PUBLIC 'x' 'http://127.0.0.1/'><a/>": "document type declarations are refused",
    "<a>&unknown;</a>": "undefined entity",
    "<a>&#xD800;</a>": "invalid character",
    "<a></b>": "mismatched tag",
    "<a": "unclosed token",
    "<a>": "no element found",
    "<a/><a/>": "junk after document element",
    "plain text": "syntax error",
    "<a b='1' b='2'/>": "duplicate attribute",
    "\ud800": "not well-formed",
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_malformed_or_dangerous_document_is_an_error(text: str) -> None:
    with pytest.raises(XMLError, match=REFUSED[text]):
        eventsOf(text)


@pytest.mark.parametrize(
    "encoding", ["rot13", "utf-7", "shift_jis", "no-such", "idna", "undefined"]
)
def test_a_strange_encoding_is_an_error(encoding: str) -> None:
    with pytest.raises(XMLError):
        eventsOf(f"<?xml version='1.0' encoding='{encoding}'?><a>\xfc</a>".encode("latin-1"))


def test_the_events_before_an_error_come_first_and_the_error_has_a_place() -> None:
    found = XMLEventParser().feed("<a>\n  <b></c>")
    before = ["document", "element", "chars", "chars", "element"]
    assert [next(found)[0] for _ in before] == before
    with pytest.raises(XMLError, match="mismatched tag") as caught:
        next(found)
    assert (caught.value.line, caught.value.column) == (2, 8)


def test_depth_has_a_limit() -> None:
    assert len(eventsOf("<a>" * 5 + "</a>" * 5, maxDepth=5)) == 12
    with pytest.raises(XMLError, match="more than 5 elements in each other"):
        eventsOf("<a>" * 6, maxDepth=5)


@pytest.mark.parametrize("begin", ["<a b='", "<!--", "<?pi ", "<", "</"])
def test_a_piece_of_markup_has_a_limit(begin: str) -> None:
    parser = XMLEventParser(maxToken=50_000)
    pieces = [begin, *["x" * 1000] * 150]
    with pytest.raises(XMLError, match=r"longer than 50000 bytes|not well-formed"):
        [list(parser.feed(piece)) for piece in pieces]


def test_the_number_of_names_has_a_limit() -> None:
    """expat remembers all names until the end of the document."""
    parser = XMLEventParser(maxNames=100)
    pieces = ["<a>", *(f"<a{number}/>" for number in range(101))]
    with pytest.raises(XMLError, match="more than 100 different names"):
        [list(parser.feed(piece)) for piece in pieces]


def test_text_has_no_limit_and_is_not_kept() -> None:
    parser = XMLEventParser(maxToken=1000)
    list(parser.feed("<a>"))
    for _ in range(100):
        assert sum(len(event[1]) for event in parser.feed("x" * 1000)) == 1000


def test_a_long_tag_in_small_pieces_is_not_parsed_again_at_each_of_them() -> None:
    parser = XMLEventParser()
    parses = []
    original = parser._parse
    parser._parse = lambda isFinal: parses.append(1) or original(isFinal)  # type: ignore
    for piece in ["<a b='", *"x" * 20_000, "'/>"]:
        list(parser.feed(piece))
    assert [event[0] for event in parser.close()] == ["element", "/element", "/document"]
    assert len(parses) < ATTEMPTS + 20


@pytest.mark.parametrize("size", [1, 2, 5])
def test_an_event_is_not_delayed(size: int) -> None:
    """expat 2.6 waits for more input after an incomplete token, unless it is told not to."""
    parser, pieces = XMLEventParser(), ["<stream>", "<message to='ann'>", "</message>"]
    for text in pieces:
        cut = [text[begin : begin + size] for begin in range(0, len(text), size)]
        events = [event for piece in cut for event in parser.feed(piece)]
        assert events[-1][0] in ("element", "/element")


def test_a_parser_is_released_without_the_garbage_collector() -> None:
    parser = XMLEventParser()
    list(parser.feed("<a>"))
    reference = weakref.ref(parser)
    gc.disable()
    try:
        del parser
        assert reference() is None
    finally:
        gc.enable()


class Recorder(xml.sax.ContentHandler):
    """The events of the standard library's SAX parser."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Any] = []

    def startDocument(self) -> None:
        self.events.append(("document",))

    def endDocument(self) -> None:
        self.events.append(("/document",))

    def startElement(self, name: str, attrs: Any) -> None:
        self.events.append(("element", name, dict(attrs)))

    def endElement(self, name: str) -> None:
        self.events.append(("/element", name))

    def characters(self, content: str) -> None:
        self.events.append(("chars", content))


MARKUP = st.sampled_from(
    [
        "<a>",
        "</a>",
        "<b x='1'/>",
        "text",
        "&amp;",
        "\n",
        "<!-- c -->",
        "<![CDATA[<]]>",
        "<",
        "&#65;",
    ]
)


@given(st.lists(MARKUP, max_size=8).map("".join), st.integers(1, 9))
def test_the_events_are_those_of_SAX(middle: str, size: int) -> None:
    text = f"<r>{middle}</r>"
    recorder = Recorder()
    try:
        xml.sax.parseString(text, recorder)
        wanted: Any = joined(recorder.events)
    except xml.sax.SAXParseException:
        wanted = None
    pieces = [text[begin : begin + size] for begin in range(0, len(text), size)]
    try:
        found: Any = eventsOf(*pieces)
    except XMLError:
        found = None
    assert found == wanted


@given(st.lists(st.binary(max_size=30), max_size=5))
def test_any_bytes_are_events_or_an_XMLError(pieces: list[bytes]) -> None:
    try:
        events = eventsOf(*pieces)
    except XMLError:
        return
    assert events == [] or events[-1] == ("/document",)


def test_attributes_are_a_dict_with_the_methods_of_SAX() -> None:
    attributes = Attributes({"x": "1"})
    assert attributes == {"x": "1"}
    assert (attributes.getLength(), attributes.getNames(), attributes.getType("x")) == (
        1,
        ["x"],
        "CDATA",
    )
    assert attributes.getValue("x") == attributes.getValueByQName("x") == "1"
    assert attributes.getNameByQName("x") == attributes.getQNameByName("x") == "x"
    assert attributes.getQNames() == ["x"]
    with pytest.raises(KeyError):
        attributes.getNameByQName("y")
