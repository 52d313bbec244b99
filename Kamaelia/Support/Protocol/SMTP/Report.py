"""The delivery report that tells a sender which recipients were refused (RFC 3464, RFC 6522).

Example usage::

    if report.hasReturnAddress(sender):
        text = deliveryReport("mail.example.org", sender, refused, headersOf(start), date, boundary)
        send(dotStuffed(text))             # then the dot; MAIL FROM is the null sender: <>
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Mapping, Sequence

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
    """Return whether the sender gets reports; the null sender does not (RFC 5321 section 4.5.5)."""
    return sender not in ("", "<>")


def wantsReport(parameters: Mapping[str, str]) -> bool:
    """Return whether a failure is reported for a recipient with these parameters of RCPT.

    NOTIFY may exclude it (RFC 3461 section 4.1).
    """
    return "FAILURE" in parameters.get("NOTIFY", "FAILURE").upper().split(",")


def deliveryReport(
    server: str,
    sender: str,
    refused: Sequence[tuple[str, Reply]],
    headers: bytes,
    date: str,
    boundary: str,
) -> bytes:
    """Return the report as a whole mail with CRLF line ends, not yet dot-stuffed.

    server: the name of the reporting server. sender: the path of its recipient. refused:
    (path, reply) of each refused recipient. headers: the result of headersOf(). date: as in a
    Date header. boundary: unique, of letters, digits, dots, hyphens and underscores.
    """
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,60}", boundary):
        raise ValueError(
            f"a boundary has up to 60 letters, digits, dots, hyphens or underscores: {boundary!r}"
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
    """Return the headers of the report (Auto-Submitted: RFC 3834 section 5)."""
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
    """Return the part for people."""
    refusals = "\n".join(f"{path}: {said(reply)}" for path, reply in refused)
    return crlf(EXPLANATION.format(refusals=refusals))


def deliveryStatus(server: str, refused: Sequence[tuple[str, Reply]]) -> str:
    """Return the part for programs: fields of the mail and of each recipient (RFC 3464)."""
    blocks = [f"Reporting-MTA: dns; {server}\n"]
    for path, reply in refused:
        address = addressField(path)
        diagnostic = f"Diagnostic-Code: smtp; {said(reply)}"
        blocks.append(
            f"Final-Recipient: {address}\nAction: failed\nStatus: {reply.status}\n{diagnostic}\n"
        )
    return crlf("\n".join(blocks))


def addressField(path: str) -> str:
    """Return "rfc822; u@example.org", or the form for an address that is not ASCII (RFC 6533)."""
    address = path.strip("<>")
    if address.isascii():
        return f"rfc822; {address}"
    escaped = "".join(
        letter if letter.isascii() else f"\\x{{{ord(letter):X}}}" for letter in address
    )
    return f"utf-8; {escaped}"


def said(reply: Reply) -> str:
    """Return a reply for a field: printable ASCII, with continuation lines."""
    text = f"{reply.code} {reply.text}".encode("ascii", "replace").decode().replace("\t", " ")
    return "\n ".join(line[:LONGEST_LINE] for line in text.split("\n") if line.strip())


def part(kind: str, content: bytes) -> bytes:
    """Return one part of the report; octets that are not ASCII are quoted for all servers."""
    if content.isascii():
        return b"Content-Type: %s\r\n\r\n%s" % (kind.encode(), content)
    quoted = quopri.encodestring(content.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    return b"Content-Type: %s\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n%s" % (
        kind.encode(),
        quoted,
    )


def crlf(text: str) -> str:
    """Return the text with CRLF line ends."""
    return text.replace("\n", "\r\n")


def headersOf(start: bytes, most: int = MOST_OF_HEADERS) -> bytes:
    """Return the headers of a received text: whole lines, unstuffed, at most `most` octets."""
    head, blank, _ = (b"\r\n" + start[:most]).partition(b"\r\n\r\n")
    whole = head + b"\r\n" if blank else head[: head.rfind(b"\r\n") + 2]
    return whole.replace(b"\r\n..", b"\r\n.")[2:]


def dotStuffed(text: bytes) -> bytes:
    """Return a text as it is sent between 354 and the dot: dot-stuffed, its last line complete.

    See RFC 5321 section 4.5.2. A mail that was received is already stuffed.
    """
    complete = text if text.endswith(b"\r\n") or not text else text + b"\r\n"
    return (b"\r\n" + complete).replace(b"\r\n.", b"\r\n..")[2:]
