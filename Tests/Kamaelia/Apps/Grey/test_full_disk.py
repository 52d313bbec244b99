"""A temporary file that is full, or cannot be read: the client may try again."""

import errno
import resource
from collections.abc import Iterator
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Backend.MailText import MOST_IN_MEMORY, MailText
from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Tests.Kamaelia.Apps.Grey.wire import GOOD, Caller, FarEnd

LIMIT = MOST_IN_MEMORY + 100_000
LINE = b"x" * 98 + b"\r\n"


class Proxy(ConcreteMailHandler):
    smtp_offer_interval = 0

    def shouldWeAcceptMail(self) -> bool:
        return True


@pytest.fixture
def smallFiles() -> Iterator[None]:
    """No file may be larger than LIMIT: Python ignores the signal, so writing is an OSError."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def twoMails(text: bytes) -> Any:
    """A client that sends this text, and a small one after it: the replies."""

    def client(server: Any) -> list[str]:
        caller = Caller(server.ports[0])
        replies = []
        for each in (text, b"small\r\n"):
            caller.begin()
            replies.append(caller.send(each))
        caller.end()
        return replies

    return client


@pytest.mark.usefixtures("smallFiles")
@pytest.mark.parametrize("over", [2, 100, 50_000, 3_000_000])
def test_a_text_for_which_there_is_no_room_is_452_and_the_next_mail_is_taken(
    serving: Any, over: int
) -> None:
    text = (LINE * (LIMIT // 100 + over // 100 + 1))[: LIMIT + over - 2] + b"\r\n"
    text = text.replace(b"\r\r\n", b"x\r\n")
    assert len(text) == LIMIT + over
    with FarEnd() as far:
        protocol = type("P", (Proxy,), {"smtp_port": far.port})
        full, taken = serving(twoMails(text), protocol=protocol)
        assert full.startswith("452 4.3.1")
        assert taken == GOOD["."]
        assert [mail.text for mail in far.mails] == [b"small\r\n"]


@pytest.mark.usefixtures("smallFiles")
def test_a_text_that_just_fits_is_taken(serving: Any) -> None:
    text = LINE * (LIMIT // 100)
    with FarEnd() as far:
        protocol = type("P", (Proxy,), {"smtp_port": far.port})
        assert serving(twoMails(text), protocol=protocol) == [GOOD["."]] * 2
        assert far.mails[0].text == text


@pytest.mark.usefixtures("smallFiles")
def test_the_error_of_a_full_disk_is_raised_by_the_chunk_that_does_not_fit() -> None:
    text = MailText()
    text.add(b"x" * LIMIT)
    with pytest.raises(OSError, match="too large"):
        text.add(b"y")
    assert b"".join(text.chunks()) == b"x" * LIMIT
    text.close()


def test_a_text_that_cannot_be_read_again_is_451_and_gets_no_dot(
    serving: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks = MailText.chunks

    def damaged(text: MailText) -> Iterator[bytes]:
        if text.size < MOST_IN_MEMORY:
            yield from chunks(text)
            return
        yield next(chunks(text))
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(MailText, "chunks", damaged)
    with FarEnd() as far:
        protocol = type("P", (Proxy,), {"smtp_port": far.port})
        unread, taken = serving(twoMails(LINE * 20_000), protocol=protocol)
        assert unread.startswith("451 4.3.0")
        assert taken == GOOD["."]
        assert (far.dots, len(far.mails)) == (1, 1)
