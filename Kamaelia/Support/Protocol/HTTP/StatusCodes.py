"""The status codes of HTTP with their phrases."""

from __future__ import annotations

from http import HTTPStatus

#: From the code, as text, to the code with its phrase: "404" to "404 Not Found".
MapStatusCodeToText = {str(each.value): f"{each.value} {each.phrase}" for each in HTTPStatus}


def statusLine(status: int) -> str:
    """Return the first line of a response, without the end of the line."""
    return f"HTTP/1.1 {MapStatusCodeToText.get(str(status)) or f'{status} '}"


def statusOf(code: object, default: int = 500) -> int:
    """Return the status code that `code` means: 404, "404" or "404 Not Found".

    Return `default` if it is none.
    """
    if not isinstance(code, int):
        digits = str(code)[:3]
        code = int(digits) if digits.isascii() and digits.isdecimal() else default
    return code if 100 <= code <= 999 else default


def mayHaveBody(status: int) -> bool:
    """Return whether a response with this status may have a body: RFC 9110, section 6.4.1."""
    return status >= 200 and status not in (204, 304)
