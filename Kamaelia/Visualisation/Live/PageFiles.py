"""The files of the live page, as responses of HTTP.

Example usage
-------------
    pageFile("/main.js")            # {"statuscode": 200, "content-type": ..., "data": ...}

How does it work?
-----------------
The files are in the folder `page`, and nothing else is served. The policy allows no script,
style or connection but those of this server, and no other page may contain this one.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

TYPES = {
    "css": "text/css",
    "html": "text/html",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "txt": "text/plain",
}
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = [
    ("Content-Security-Policy", POLICY),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
]


@lru_cache(maxsize=1)
def _contents() -> dict[str, bytes]:
    folder = files(__package__) / "page"
    return {
        each.name: each.read_bytes()
        for each in folder.iterdir()
        if each.name.rpartition(".")[2] in TYPES
    }


def pageFile(path: str) -> dict[str, Any]:
    """Return the response for a path; "/" is index.html."""
    name = path.removeprefix("/") or "index.html"
    data = _contents().get(name)
    if data is None:
        return textResponse(404, "there is no such file")
    return _response(200, TYPES[name.rpartition(".")[2]], data)


def textResponse(status: int, sentence: str) -> dict[str, Any]:
    """Return a response of one line."""
    return _response(status, "text/plain", f"{sentence}\n".encode())


def _response(status: int, kind: str, data: bytes) -> dict[str, Any]:
    return {
        "statuscode": status,
        "headers": list(HEADERS),
        "content-type": kind,
        "charset": "utf-8",
        "data": data,
    }
