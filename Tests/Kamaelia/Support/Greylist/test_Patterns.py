"""Regular expressions in lists: which are accepted, what they match, and how long they take."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Greylist.Lists import ListError, Lists
from Kamaelia.Support.Greylist.Patterns import isPattern, parsePattern


@pytest.mark.parametrize(
    "text",
    [
        r"/^bounce-[0-9]+@.*\.example\.org$/",
        r"/^(?:sales|info|support|billing|press|jobs)@/",
        r"/@example\.(org|net|com)$/",
        "/^[^@]*-owner@[^@]*/",
        r"/^a{3}b{2,5}@/",
        r"/colou?r/",
        "/[*+?]{3}/",
        "/^.*a.*b$/",
    ],
)
def test_patterns_that_people_write_are_accepted(text):
    assert isPattern(text)
    assert parsePattern(text).pattern == text[1:-1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/(a+)+$/", "do not repeat a group"),
        ("/(a|aa)+$/", "do not repeat a group"),
        ("/(a*)*/", "do not repeat a group"),
        ("/(a?){200}/", "do not repeat a group"),
        ("/((a|b)*c)*d/", "do not repeat a group"),
        (r"/(.*)\1/", "back reference"),
        ("/(?=a)b/", "without look-around"),
        ("/(?P<n>a)/", "without look-around"),
        ("/" + "a?" * 30 + "a" * 30 + "/", "fewer of"),
        ("/^.*.*.*.*x$/", "fewer of"),
        ("/^.*.*.*x/", "fewer of"),
        ("/.*.*x/", "fewer of"),
        ("/^" + "a{0,200}" * 4 + "x$/", "fewer of"),
        ("/(/", "is not a regular expression"),
        ("/a{1,99999999999999999999}/", "is not a regular expression"),
    ],
)
def test_what_could_take_too_long_is_refused_with_a_remedy(text, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        parsePattern(text)


@given(st.text("ab(|)*+?{},12[]^$.\\:=", max_size=25))
def test_any_text_is_a_pattern_or_a_value_error(text):
    try:
        pattern = parsePattern(f"/{text}/")
    except ValueError:
        return
    for subject in ("a" * 60, "ab" * 30, ")" * 60, "a" * 30 + "b" * 30):
        pattern.search(subject)  # that this ends is what is tested


PATTERNS = [r"/^bounce-[0-9]+@.*\.example\.org$/", r"/^root@/"]


@pytest.mark.parametrize(
    ("path", "isFound"),
    [
        ("<bounce-17@mail.example.org>", True),
        ('<"Bounce-17"@MAIL.example.org.>', True),
        ("<bounce-x@mail.example.org>", False),
        ("<bounce-17@mail.example.org.evil.example>", False),
        ("<root@example.net>", True),
        ("<>", False),
    ],
)
def test_a_pattern_has_the_addresses_that_it_matches(path, isFound):
    lists = Lists(senders=PATTERNS, recipients=PATTERNS)
    assert lists
    assert not lists.hasNames
    assert (lists.sender(path) is not None) is isFound
    assert (lists.recipient(path) is not None) is isFound


def test_a_plain_entry_comes_before_a_pattern():
    lists = Lists(senders=["/./", "@example.org"])
    assert lists.sender("<a@example.org>").text == "@example.org"
    assert lists.sender("<a@example.net>").text == "/./"


def test_a_pattern_for_clients_is_for_their_verified_names():
    lists = Lists(clients=[r"/^mx[0-9]+\.example\.org$/", "192.0.2.0/24"])
    assert lists.hasNames
    assert lists.client("198.51.100.1", ["MX17.example.org."])
    assert lists.client("198.51.100.1", ["mx.example.org"]) is None
    assert lists.client("198.51.100.1") is None


def test_a_pattern_that_is_wrong_is_a_mistake_with_its_place():
    with pytest.raises(ListError, match="do not repeat a group"):
        Lists(senders=["/(a+)+/"])
    with pytest.raises(ListError, match="do not repeat a group"):
        Lists(clients=["/(a+)+/"])


@pytest.mark.parametrize("text", ["/[1||]/", "/[[a]/", "/[a--b]/"])
def test_a_set_whose_meaning_python_will_change_is_an_error(text):
    with pytest.raises(ValueError, match="Possible"):
        parsePattern(text)
