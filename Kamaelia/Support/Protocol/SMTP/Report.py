"""The delivery report that tells a sender which recipients were refused (RFC 3464, RFC 6522).

Example usage::

    if report.hasReturnAddress(sender):
        text = deliveryReport("mail.example.org", sender, refused, headersOf(start), date, boundary)
        send(dotStuffed(text))             # then the dot; MAIL FROM is the null sender: <>
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Sequence

from Kamaelia.Support.Protocol.SMTP.Reply import Reply

MOST_OF_HEADERS = 16384
# RFC 5322 section 2.1.1: a line has at most 998 octets
LONGEST_LINE = 900

EXPLANATION = """\
Your mail was delivered, but not to all of its recipients.
The mail server refused it for good for these:

{refusals}

Nothing more will be tried for them.
"""


def hasReturnAddress(sender: str) -> bool:
    """The null sender gets no report, so that reports are not reported (RFC 5321 section 4.5.5)."""
    return sender not in ("", "<>")


def deliveryReport(
    server: str,
    sender: str,
    refused: Sequence[tuple[str, Reply]],
    headers: bytes,
    date: str,
    boundary: str,
) -> bytes:
    """The report as a whole mail, with CRLF line ends and not yet dot-stuffed.

    `server` is the name of the reporting server, `sender` the path that gets
    the report, `refused` has (path, reply) of each recipient, `headers` is
    what headersOf() gave, `date` as in a Date header. `boundary` is unique,
    and made of letters, digits, dots, hyphens and underscores.
    """
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,60}", boundary):
        raise ValueError(
            f"a boundary is up to 60 letters, digits, dots, hyphens, underscores, not {boundary!r}"
        )
    parts = [
        part("text/plain; charset=utf-8", explanation(refused).encode()),
        part("message/delivery-status", deliveryStatus(server, refused).encode("ascii", "replace")),
        part("text/rfc822-headers", headers),
    ]
    delimiter = f"--{boundary}".encode()
    body = b"".join(delimiter + b"\r\n" + each + b"\r\n" for each in parts)
    return (
        reportHeaders(server, sender, date, boundary).encode()
        + b"\r\n"
        + body
        + delimiter
        + b"--\r\n"
    )


def reportHeaders(server: str, sender: str, date: str, boundary: str) -> str:
    """The headers of the report itself (RFC 3834 section 5 for Auto-Submitted)."""
    return crlf(
        f"""\
From: Mail Delivery System <MAILER-DAEMON@{server}>
To: {sender.strip("<>")}
Subject: Undelivered Mail Returned to Sender
Date: {date}
Message-ID: <{boundary}@{server}>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
 boundary="{boundary}"
"""
    )


def explanation(refused: Sequence[tuple[str, Reply]]) -> str:
    """What a person reads."""
    refusals = "\n".join(f"{path}: {said(reply)}" for path, reply in refused)
    return crlf(EXPLANATION.format(refusals=refusals))


def deliveryStatus(server: str, refused: Sequence[tuple[str, Reply]]) -> str:
    """What a program reads: a block for the mail, one for each recipient (RFC 3464 section 2)."""
    blocks = [f"Reporting-MTA: dns; {server}\n"]
    for path, reply in refused:
        address = addressField(path)
        diagnostic = f"Diagnostic-Code: smtp; {said(reply)}"
        blocks.append(
            f"Final-Recipient: {address}\nAction: failed\nStatus: {reply.status}\n{diagnostic}\n"
        )
    return crlf("\n".join(blocks))


def addressField(path: str) -> str:
    """rfc822; u@example.org, or its form in ASCII where the address is not (RFC 6533 section 3)."""
    address = path.strip("<>")
    if address.isascii():
        return f"rfc822; {address}"
    escaped = "".join(
        letter if letter.isascii() else f"\\x{{{ord(letter):X}}}" for letter in address
    )
    return f"utf-8; {escaped}"


def said(reply: Reply) -> str:
    """A reply within a field: printable ASCII, and continued lines begin with a space."""
    text = f"{reply.code} {reply.text}".encode("ascii", "replace").decode().replace("\t", " ")
    return "\n ".join(line[:LONGEST_LINE] for line in text.split("\n") if line.strip())


def part(kind: str, content: bytes) -> bytes:
    """One part of the report; what is not ASCII is quoted, so that every server takes it."""
    if content.isascii():
        return b"Content-Type: %s\r\n\r\n%s" % (kind.encode(), content)
    quoted = quopri.encodestring(content.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    return b"Content-Type: %s\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n%s" % (
        kind.encode(),
        quoted,
    )


def crlf(text: str) -> str:
    """The same text with the line ends of mail."""
    return text.replace("\n", "\r\n")


def headersOf(start: bytes, most: int = MOST_OF_HEADERS) -> bytes:
    """The headers of a received text: whole lines, unstuffed, at most so many octets."""
    head, blank, _ = (b"\r\n" + start[:most]).partition(b"\r\n\r\n")
    whole = head + b"\r\n" if blank else head[: head.rfind(b"\r\n") + 2]
    return whole.replace(b"\r\n..", b"\r\n.")[2:]


def dotStuffed(text: bytes) -> bytes:
    """A text made here, ready to be sent between 354 and the dot.

    Its lines are stuffed (RFC 5321 section 4.5.2), its last one is complete. A
    mail that was received is stuffed already.
    """
    complete = text if text.endswith(b"\r\n") or not text else text + b"\r\n"
    return (b"\r\n" + complete).replace(b"\r\n.", b"\r\n..")[2:]
