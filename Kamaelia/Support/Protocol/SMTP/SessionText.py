"""What may be shown of the bytes of a session: commands and replies, but no mail and no password.

Example usage::

    >>> withoutMail(b"MAIL FROM:<a@b>\\r\\nRCPT TO:<c@d>\\r\\n")
    'MAIL FROM:<a@b>\\r\\nRCPT TO:<c@d>\\r\\n'
    >>> withoutMail(b"Dear Bob,\\r\\nMAIL FROM:<a@b>\\r\\n")
    '<28 bytes left out>'

How does it work?

The bytes alone must decide, since they are shown later than they were sent. All lines must be
commands or replies of known form. A mail of such lines only would be shown; no real mail is one.
"""

from __future__ import annotations

import re

_LINE = re.compile(
    rb"""(?: (?:EHLO|HELO|LHLO|VRFY|EXPN|HELP|NOOP|XCLIENT|XFORWARD|BDAT)(?:\ [\x20-\x7e]*)?
        | (?:DATA|RSET|QUIT|STARTTLS)
        | (?:MAIL\ FROM|RCPT\ TO):\ ?<[\x21-\x7e]*>(?:\ [\x20-\x7e]*)?
        | [2-5][0-5][0-9](?:[\ -][\x20-\x7e]*)?
        )\r?\n""",
    re.IGNORECASE | re.VERBOSE,
)
_AUTH = re.compile(rb"AUTH [\w-]+", re.IGNORECASE)


def withoutMail(data: bytes) -> str:
    """Return `data` as text if it is commands or replies; otherwise how many bytes it has."""
    found = _AUTH.match(data)
    if found:
        return f"{found[0].decode()} <left out>"
    at = 0
    while line := _LINE.match(data, at):
        at = line.end()
        if at == len(data):
            return data.decode("ascii")
    return f"<{len(data)} bytes left out>"
