"""The path of a file from the path in a URL.

Example usage
-------------
    partsOfPath("docs/a%20b.html")      # ["docs", "a b.html"]
    partsOfPath("../etc/passwd")        # None
"""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

_NAME_CHARACTERS = frozenset("0123456789-_.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def partsOfPath(path: str) -> list[str] | None:
    """Return the names of the folders and the file in the path of a URL, decoded.

    Return None if the path is not acceptable: if it leads upwards, or contains a slash, a backslash
    or a NUL that is encoded, a part "." or "..", or anything that is not UTF-8.
    """
    if "%" in path:
        encoded = path.lower()
        if "%2f" in encoded or "%5c" in encoded:
            return None
        try:
            path = unquote_to_bytes(path).decode("utf-8")
        except UnicodeDecodeError:
            return None
    parts = [part for part in path.split("/") if part]
    if "\0" in path or "\\" in path or "." in parts or ".." in parts:
        return None
    return parts


def sanitizePath(uri: str) -> str:
    """Return the path `uri` without its first slashes, "." and ".."; it never leads upwards."""
    parts: list[str] = []
    for part in uri.lstrip("/").split("/"):
        if part == "..":
            del parts[-1:]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def sanitizeFilename(filename: str) -> str:
    """Return the ASCII letters, digits, hyphens, underscores and dots of `filename`."""
    return "".join(each for each in filename if each in _NAME_CHARACTERS)
