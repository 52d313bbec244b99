"""The texts of messages in displays of a running system."""

import enum
import ssl
from collections import OrderedDict, deque, namedtuple
from dataclasses import dataclass

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.MessageText import LIMIT, textOf


class Color(enum.Enum):
    RED = 1


@dataclass
class Point:
    x: int
    y: int


class Slotted:
    __slots__ = ("_hidden", "left", "unset")

    def __init__(self):
        self.left, self._hidden = [1], 2


class Hostile:
    """Every method that a display could call raises."""

    def __init__(self):
        self.size = 3

    def _fail(self, *arguments):
        raise AssertionError("code of the message was run")

    __repr__ = __str__ = __eq__ = __len__ = __iter__ = __bool__ = __getattr__ = __format__ = _fail  # type: ignore[assignment]
    __hash__ = object.__hash__
    __class__ = property(_fail)  # type: ignore[assignment]


class HostileText(str):
    __slots__ = ()
    __str__ = __repr__ = __len__ = __getitem__ = Hostile._fail  # type: ignore[assignment]


class HostileList(list):
    __repr__ = __len__ = __iter__ = __getitem__ = Hostile._fail  # type: ignore[assignment]


class HostileDict(dict):
    __repr__ = __len__ = __iter__ = items = __getitem__ = Hostile._fail  # type: ignore[assignment]


Pair = namedtuple("Pair", "user password")


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (1, "1"),
        (None, "None"),
        (True, "True"),
        (1.5, "1.5"),
        ("a\nb", r"'a\nb'"),
        (b"a\x00", r"b'a\x00'"),
        (bytearray(b"a"), "b'a'"),
        ((1,), "(1,)"),
        ((1, "b"), "(1, 'b')"),
        ([], "[]"),
        ({1: [2]}, "{1: [2]}"),
        (OrderedDict(a=1), "{'a': 1}"),
        ({3}, "{3}"),
        (frozenset([3]), "frozenset({3})"),
        (deque([3]), "deque([3])"),
        (Color.RED, "Color.RED"),
        (Point(1, 2), "Point(x=1, y=2)"),
        (Slotted(), "Slotted(left=[1])"),
        (ValueError("no", 3), "ValueError('no', 3)"),
        (producerFinished(), "producerFinished(caller=None, message=None)"),
        (shutdownMicroprocess(), "shutdownMicroprocess(microprocesses=())"),
        (dict, "<class dict>"),
        (len, "<builtin_function_or_method len>"),
        (object(), "object()"),
        (list(range(100)), "[0, 1, 2, 3, 4, 5, ... (100 items)]"),
        ({1: {2: {3: {4: {5: 6}}}}}, "{1: {2: {3: {4: dict(...)}}}}"),
    ],
    ids=lambda value: value if isinstance(value, str) and "\n" not in value else "",
)
def test_a_message_is_shown_as_python_writes_it(message, text):
    assert textOf(message) == text


def test_a_component_is_shown_by_its_name():
    each = component()
    each.name = "Reader_1"
    assert textOf(producerFinished(each)) == "producerFinished(caller=<Reader_1>, message=None)"


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (Hostile, "Hostile(size=3)"),
        (lambda: HostileText("hi"), "'hi'"),
        (lambda: HostileList([1]), "[1]"),
        (lambda: HostileDict(a=1), "{'a': 1}"),
    ],
    ids=["object", "text", "list", "dict"],
)
def test_no_code_of_the_message_runs(make, text):
    assert textOf(make()) == text


@pytest.mark.parametrize(
    "message",
    [
        "x" * 10_000,
        b"x" * 10_000,
        10**10_000,
        ["x" * 10_000] * 10,
        {number: ["y" * 500] * 20 for number in range(1000)},
    ],
    ids=["text", "bytes", "number", "list", "dict"],
)
def test_a_text_has_at_most_200_characters(message):
    assert len(textOf(message)) <= LIMIT


@pytest.mark.parametrize("item", ["x", b"x", "\0", b"\0"], ids=["text", "bytes", "nul", "nul byte"])
@pytest.mark.parametrize("count", [300, 1 << 20])
def test_a_long_text_is_shown_with_its_length(item, count):
    text = textOf(item * count)
    assert text.endswith(f"... ({count} items)")
    assert len(text) <= LIMIT


def test_a_collection_that_contains_itself_is_shown():
    message = []
    message.append(message)
    assert textOf(message) == "[[[[list(...)]]]]"


@pytest.mark.parametrize(
    "message",
    [
        {"password": "s3cret"},
        {b"Authorization": "s3cret"},
        {"api_key": "s3cret", "user": "ada"},
        [("Cookie", "s3cret")],
        Pair("ada", "s3cret"),
        "AUTH PLAIN s3cret\r\n",
        b"PASS s3cret\r\n",
        "a1 LOGIN ada s3cret",
        "OPER ada s3cret",
        b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic s3cret\r\nCookie: s3cret\r\n",
        "user=ada&password=s3cret",
    ],
    ids=str,
)
def test_secrets_are_left_out(message):
    text = textOf(message)
    assert "s3cret" not in text
    assert "<left out>" in text


def test_a_tls_context_is_left_out():
    assert textOf([ssl.create_default_context()]) == "[SSLContext(<left out>)]"
