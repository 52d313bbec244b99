"""What may be shown of the bytes of a session."""

import pytest

from Kamaelia.Support.Protocol.SMTP.SessionText import withoutMail


@pytest.mark.parametrize(
    "data",
    [
        b"EHLO example.org\r\n",
        b"ehlo\n",
        b"MAIL FROM:<a@b> SIZE=100\r\nRCPT TO:<c@d>\r\nDATA\r\n",
        b"MAIL FROM:<>\r\n",
        b"RCPT TO: <c@d>\r\n",
        b"250-mail.example\r\n250-PIPELINING\r\n250 SIZE\r\n",
        b"354 go on\r\n",
        b"220\r\n",
        b"QUIT\r\n",
        b"BDAT 100 LAST\r\n",
    ],
    ids=repr,
)
def test_commands_and_replies_are_shown(data):
    assert withoutMail(data) == data.decode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Subject: private\r\n",
        b"DATA\r\nSubject: private\r\n",
        b"BDAT 18\r\nSubject: private\r\n",
        b"QUIT",
        b"c2VjcmV0\r\n",
        b"data is private\r\n",
        b"900 private\r\n",
        b"\xff\xfe",
        b"MAIL FROM: the private one\r\n",
    ],
    ids=repr,
)
def test_everything_else_is_left_out(data):
    assert withoutMail(data) == f"<{len(data)} bytes left out>"


def test_credentials_are_left_out():
    assert withoutMail(b"AUTH PLAIN AGFkYQBzM2NyZXQ=\r\n") == "AUTH PLAIN <left out>"
    assert withoutMail(b"auth login\r\n") == "auth login <left out>"
