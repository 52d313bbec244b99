"""The settings of an SMTP server: its name, extensions and limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from math import inf
from typing import Any

from Kamaelia.Support.Protocol.SMTP.ClientAttributes import ATTRIBUTES
from Kamaelia.Support.Protocol.SMTP.Reply import Reply

OFFERED_BY_DEFAULT = frozenset({"SIZE", "8BITMIME", "ENHANCEDSTATUSCODES"})
# Extensions that depend on the client or on a certificate; an administrator does not list them.
FOR_TRUSTED_HOSTS = frozenset(ATTRIBUTES)
CONDITIONAL = FOR_TRUSTED_HOSTS | {"STARTTLS"}
KNOWN_EXTENSIONS = OFFERED_BY_DEFAULT | CONDITIONAL | {"PIPELINING", "SMTPUTF8", "DSN", "CHUNKING"}


def _whole(number: float) -> int:
    return 0 if number == inf else int(number)


#: What makes the value of a field, by its type. The compiled Session accepts no other type.
KINDS: dict[object, Callable[[Any], object]] = {"bool": bool, "int": _whole}


@dataclass(frozen=True)
class Settings:
    """Settings(servername=...): immutable, so sessions share it. 0 or infinity: no limit.

    A program may give 1 for True, and 1e6 for a million: it is changed to what the field says.
    Raises ValueError for an extension that is not implemented.
    """

    servername: str = "localhost"
    serverid: str = "Kamaelia"
    esmtp: bool = True
    extensions: frozenset[str] = OFFERED_BY_DEFAULT
    max_message_size: int = 32 * 1024 * 1024  # octets, RFC 1870
    max_recipients: int = 1000  # RFC 5321 section 4.5.3.1.8 requires at least 100
    max_errors: int = 50  # replies of 5xx in one session
    # Whether a command that is malformed, unknown or out of order closes the connection. RFC 5321
    # section 3.8 forbids it; the historical handlers did it.
    strict: bool = True
    normalize_bare_lf: bool = False  # a bare LF of a trusted client becomes CRLF

    def __post_init__(self) -> None:
        for each in fields(self):
            if each.type in KINDS:
                object.__setattr__(self, each.name, KINDS[each.type](getattr(self, each.name)))
        unknown = set(self.extensions) - KNOWN_EXTENSIONS
        if unknown:
            known = ", ".join(sorted(KNOWN_EXTENSIONS))
            raise ValueError(f"unknown extension {', '.join(sorted(unknown))}; known are: {known}")

    def offers(self, extension: str) -> bool:
        """Return whether EHLO lists it (STARTTLS: until TLS has begun)."""
        return self.esmtp and extension in self.extensions

    @cached_property
    def helloReply(self) -> Reply:
        """The answer to HELO."""
        return Reply(250, self.servername)

    @cached_property
    def extendedReply(self) -> Reply:
        """The answer to EHLO in the clear."""
        return self._listing(self.extensions)

    @cached_property
    def encryptedReply(self) -> Reply:
        """The answer to EHLO within TLS, without STARTTLS (RFC 3207 section 4.2)."""
        return self._listing(self.extensions - {"STARTTLS"})

    def _listing(self, extensions: frozenset[str]) -> Reply:
        arguments: dict[str, object] = {"SIZE": self.max_message_size, **ATTRIBUTES}
        lines = [
            f"{name} {arguments[name]}" if name in arguments else name
            for name in sorted(extensions)
        ]
        return Reply(250, "\n".join([self.servername, *lines]))
