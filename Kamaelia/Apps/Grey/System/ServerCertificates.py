"""The certificates for STARTTLS: the client's server name (SNI) and its algorithms select one.

Example usage
-------------
    context = contextOf([("mail.pem", "mail.key"), ("other.pem", "other.key")])  # or a ValueError

How does it work?
-----------------
OpenSSL keeps one certificate for each kind of key in a context, and selects the one that the
client supports. So each name has a context with all certificates for it, and the callback for
the server name (RFC 6066 section 3) selects the context. Of two certificates for a name with the
same kind of key, the first one counts. A client that sends no name, or one without a certificate,
gets the context of the first certificate.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from Kamaelia.Apps.Grey.System.Certificates import addCertificate, namesIn, serverContext

Files = tuple[str, str]  # of a certificate and its key


def contextOf(certificates: Sequence[Files]) -> ssl.SSLContext:
    """Return a context for servers that has all certificates.

    Raise ValueError, which names the files and the remedy, if one cannot be loaded.
    """
    names = {files: namesIn(_contextWith([files]), files[0]) for files in certificates}
    contexts = {
        name: _contextWith(files for files in certificates if _isFor(name, names[files]))
        for name in sorted({name for each in names.values() for name in each})
    }
    first = certificates[0]
    context = contexts[names[first][0]] if names[first] else _contextWith([first])
    if len(certificates) > 1:
        context.sni_callback = partial(_select, contexts)
    return context


def _contextWith(certificates: Iterable[Files]) -> ssl.SSLContext:
    """Return a context with these certificates; the first of each kind of key counts."""
    context = serverContext()
    for files in reversed([*certificates]):  # a certificate replaces one with its kind of key
        addCertificate(context, *files)
    return context


def _isFor(name: str, names: Sequence[str]) -> bool:
    """Return whether a certificate with `names` is valid for a name, which may be a wildcard."""
    return name in names or _wildcardOf(name) in names


def _wildcardOf(name: str) -> str:
    """Return the wildcard that matches a host: a star in place of its first label (RFC 9525)."""
    return f"*.{name.partition('.')[2]}"


def _select(
    contexts: Mapping[str, ssl.SSLContext], connection: Any, asked: str | None, _: ssl.SSLContext
) -> None:
    """Select the context for the name that a client asks for: the callback of a context."""
    name = (asked or "").lower()
    chosen = contexts.get(name) or contexts.get(_wildcardOf(name))
    if chosen is not None:
        connection.context = chosen
