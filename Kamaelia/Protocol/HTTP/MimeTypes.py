"""The MIME types of files, by the ends of their names."""

from __future__ import annotations

import mimetypes

#: These take precedence over the table of the standard library. Source code is shown, not saved.
extensionToMimeType = {
    "bmp": "image/bmp",
    "c": "text/plain",
    "cc": "text/plain",
    "cpp": "text/plain",
    "css": "text/css",
    "gif": "image/gif",
    "gz": "application/gzip",
    "h": "text/plain",
    "hpp": "text/plain",
    "htm": "text/html",
    "html": "text/html",
    "ico": "image/vnd.microsoft.icon",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "js": "text/javascript",
    "json": "application/json",
    "mid": "audio/midi",
    "mjs": "text/javascript",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "pdf": "application/pdf",
    "png": "image/png",
    "py": "text/plain",
    "rst": "text/plain",
    "svg": "image/svg+xml",
    "tar": "application/x-tar",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "txt": "text/plain",
    "wasm": "application/wasm",
    "wav": "audio/wav",
    "webm": "video/webm",
    "webp": "image/webp",
    "woff2": "font/woff2",
    "xml": "application/xml",
    "zip": "application/zip",
}

# Not the files of this machine, so that the answer is the same everywhere.
_STANDARD = mimetypes.MimeTypes(filenames=())


def workoutMimeType(filename: str) -> str:
    """Return the MIME type for the name of a file; application/octet-stream if it is unknown."""
    _, dot, extension = filename.rpartition(".")
    if not dot or "/" in extension:
        return "application/octet-stream"
    known = extensionToMimeType.get(extension.lower())
    return known or _STANDARD.guess_type(filename, strict=False)[0] or "application/octet-stream"
