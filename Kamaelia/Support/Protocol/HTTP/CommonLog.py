"""The Common Log Format of web servers.

Example usage
-------------
    commonLogLine("192.0.2.1", 0.0, "GET / HTTP/1.1", 200, 1024)
    # '192.0.2.1 - - [01/Jan/1970:00:00:00 +0000] "GET / HTTP/1.1" 200 1024'
"""

from __future__ import annotations

from datetime import UTC, datetime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def commonLogLine(
    peer: str | None, when: float, requestLine: str, status: int, size: int, user: str = ""
) -> str:
    """Return the line for one response. when: the time of day of the request. size: bytes sent."""
    day = datetime.fromtimestamp(when, UTC)
    date = f"{day:%d}/{_MONTHS[day.month - 1]}/{day:%Y:%H:%M:%S} +0000"
    first = f"{_escaped(peer or '-')} - {_escaped(user or '-')} [{date}]"
    return f'{first} "{_escaped(requestLine)}" {status} {size or "-"}'


def _escaped(text: str) -> str:
    """Return `text` without characters that could end a field or a line."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return "".join(
        f"\\{each}" if each in '"\\' else each if each.isprintable() else f"\\x{ord(each):02x}"
        for each in text
    )
