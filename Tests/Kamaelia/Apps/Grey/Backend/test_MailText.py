"""The text of a mail: the same whether it is in memory or in a file, and however it was cut."""

import pytest

from Kamaelia.Apps.Grey.Backend.MailText import MailText

TEXT = b"..one\r\n.two\r\nthree\r\n...\r\n\r\n..\r\nfour.\r\n"
MEANT = b".one\r\ntwo\r\nthree\r\n..\r\n\r\n.\r\nfour.\r\n"


def textOf(content: bytes, cut: int, most: int) -> MailText:
    text = MailText(most)
    for start in range(0, len(content), cut):
        text.add(content[start : start + cut])
    return text


@pytest.mark.parametrize("most", [0, 10, 1000])
@pytest.mark.parametrize("cut", [1, 2, 3, 7, 1000])
def test_what_was_added_comes_back(cut: int, most: int) -> None:
    text = textOf(TEXT, cut, most)
    assert text.start(9) == TEXT[:9]
    assert b"".join(text.chunks()) == TEXT
    assert b"".join(text.chunks()) == TEXT
    assert text.size == len(TEXT)
    text.close()


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 65536])
def test_stuffed_dots_are_taken_off_wherever_the_pieces_are_cut(
    piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("Kamaelia.Apps.Grey.Backend.MailText.PIECE", piece)
    text = textOf(TEXT, 1000, 1000)
    assert b"".join(text.unstuffed()) == MEANT


def test_an_empty_text_is_empty() -> None:
    assert list(MailText().chunks()) == []
    assert b"".join(MailText().unstuffed()) == b""
