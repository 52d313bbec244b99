"""Responses for errors, as short pages.

Example usage
-------------
    if not found:
        return ErrorPageHandler(404, "There is no such page.")      # a handler
    self.send(getErrorPage(404))                                    # within a handler
"""

from __future__ import annotations

from html import escape
from http import HTTPStatus
from typing import Any

from Kamaelia.Util.OneShot import OneShot

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body><h1>{title}</h1><p>{text}</p></body>
</html>
"""


def getErrorPage(errorcode: int, msg: str = "") -> dict[str, Any]:
    """Return the whole response for a status code. msg: a sentence for the reader, plain text."""
    try:
        status = HTTPStatus(errorcode)
        phrase, text = status.phrase, msg or status.description
    except ValueError:
        phrase, text = "", msg
    page = _PAGE.format(title=escape(f"{errorcode} {phrase}".strip()), text=escape(text))
    return {
        "statuscode": errorcode,
        "content-type": "text/html",
        "charset": "utf-8",
        "data": page,
        "complete": True,
    }


def ErrorPageHandler(statuscode: int, message: str = "") -> OneShot:
    """Return a handler that responds with getErrorPage(statuscode, message)."""
    return OneShot(getErrorPage(statuscode, message))


websiteErrorPage = ErrorPageHandler  # the historical name in handlers of programs

__kamaelia_prefabs__ = (ErrorPageHandler,)
