"""The list of large senders: its format, what checks it, and the one of the package."""

import pytest

from Kamaelia.Apps.Grey.Support import packaged
from Kamaelia.Support.Greylist.Lists import parseClient
from Kamaelia.Support.Greylist.Senders import check, largeSenders, parseSenders
from Kamaelia.Support.Mistakes import MistakesFound

PAGE = "https://example.org/why"
TODAY = "2024-06-01"


def line(whom=".mail.example.org", why="a pool", page=PAGE, day="2024-05-31"):
    return " | ".join([whom, why, page, day])


def test_a_sender_is_recognised_by_the_name_that_was_verified():
    senders = largeSenders(f"# pools\n{line()}", "senders.txt")
    found = senders.client("192.0.2.1", ["out1.mail.example.org"])
    assert str(found) == ".mail.example.org (senders.txt line 2)"
    assert senders.client("192.0.2.1", ["mail.example.org"]) is None


def test_a_list_without_mistakes_has_none():
    assert check(f"{line()}\n{line('192.0.2.0/24')}\n{line('a.example.net')}", TODAY) == []


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (".mail.example.org | why", "2 columns"),
        (line("*bad"), "not a host name"),
        (line("192.0.2.1/24"), "write 192.0.2.0/24"),
        (line(".org"), "at least two labels"),
        (line("10"), "networks of 12 bits or more"),
        (line("2000::/3"), "networks of 24 bits or more"),
        (line(why=""), "the reason is missing"),
        (line(page="somewhere"), "is not the URL of a page"),
        (line(day="2024-06-02"), "not a day up to today"),
        (line(day="1 May 2024"), "not a day up to today"),
        (f"{line('a.example.org')}\n{line('a.example.org')}", "is already in line 1"),
        (f"{line('.a.example.org')}\n{line('.example.org')}", "is part of .example.org in line 2"),
    ],
)
def test_each_mistake_of_a_list_is_found(text, mistake):
    mistakes = check(text, TODAY, "senders.txt")
    assert len(mistakes) == 1
    assert mistake in str(mistakes[0])
    assert str(mistakes[0]).startswith("senders.txt line ")


def test_a_line_that_is_no_sender_is_an_error():
    with pytest.raises(MistakesFound, match="write sender"):
        parseSenders("a | b")
    with pytest.raises(MistakesFound, match="not a host name"):
        largeSenders(line("*bad"))


def test_the_list_of_the_package_has_no_mistakes():
    text = packaged("senders.txt")
    assert check(text, "2026-11-21", "senders.txt") == []
    assert len(parseSenders(text)) >= 15
    assert all(isinstance(parseClient(each.entry.text), str) for each in parseSenders(text))


@pytest.mark.parametrize(
    ("name", "isListed"),
    [
        ("mail-eopbgr10051.outbound.protection.outlook.com", True),
        ("mail-qt0-f179.google.com", True),
        ("a4-10.smtp-out.eu-west-1.amazonses.com", True),
        ("mail-40136.protonmail.ch", True),
        ("1.2.0.192.bc.googleusercontent.com", False),
        ("google.com.evil.example", False),
        ("evilgoogle.com", False),
    ],
)
def test_the_list_of_the_package_has_these_hosts(name, isListed):
    senders = largeSenders(packaged("senders.txt"))
    assert (senders.client("192.0.2.1", [name]) is not None) == isListed
