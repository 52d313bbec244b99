"""The paths and parameters of MAIL and RCPT (RFC 5321 section 4.1.2).

Example usage::

    >>> envelope = readEnvelope("<u@example.org> SIZE=1000", MAIL_PARAMETERS)
    >>> envelope.path, envelope.parameters
    ('<u@example.org>', {'SIZE': '1000'})

A path keeps its brackets and loses its source route (RFC 5321 appendix C: it
is recognised and ignored), so that policy and the real server see the same address.

How does it work?

Real senders use more addresses than the RFC's grammar allows: dots at any place of a
local part, an empty quoted string, a dot after the domain. The grammar here refuses what
servers could interpret in different ways, and leaves the rest to the real server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final, NamedTuple

# RFC 5321 section 4.5.3.1.3, octets with both brackets. The 64 octets of a local part (section
# 4.5.3.1.1) are the least that must be supported; forwarded mail has longer ones.
LONGEST_PATH: Final = 256

# RFC 6531 section 3.3 adds all UTF-8 characters except controls (C1) and lone surrogates.
UTF8: Final = "\u00a0-\ud7ff\ue000-\U0010ffff"
DOT_ATOMS: Final = rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~{UTF8}.-]+"
QUOTED: Final = rf'"(?:[ !#-\[\]-~{UTF8}]|\\[ -~])*+"'
# RFC 5321 does not allow the underscore in a domain, but many host names contain it.
LABEL: Final = rf"[A-Za-z0-9_{UTF8}-]+"
DOMAIN: Final = rf"(?!-){LABEL}(?:\.{LABEL})*\.?"
# Quoted strings and atoms, with dots between them (RFC 5322 section 4.4, obs-local-part).
LOCAL: Final = rf"(?:{DOT_ATOMS}|(?<![^<:.]){QUOTED}(?=[.@> \t]|$))++"
MAILBOX: Final = rf"{LOCAL}@(?:{DOMAIN}|\[[0-9A-Za-z.:]+\])"
END: Final = r"(?=[ \t]|$)"
PATH: Final = re.compile(rf"<(?:@{DOMAIN}(?:,@{DOMAIN})*:)?({MAILBOX})>{END}")
PATH_WITHOUT_BRACKETS: Final = re.compile(rf"({MAILBOX}){END}")
PATH_WITHOUT_DOMAIN: Final = re.compile(rf"<({LOCAL})>{END}")
LOCAL_PART: Final = re.compile(rf"({LOCAL}){END}")
# RFC 5321 section 4.5.1: every server accepts mail for this one, without a domain
POSTMASTER: Final = re.compile(rf"<(postmaster)>{END}", re.IGNORECASE | re.ASCII)
NULL_PATH: Final = "<>"
SPACE: Final = re.compile(r"[ \t]+")
PARAMETER: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~]+))?")


class Envelope:
    """A path with its brackets, and its parameters (name in capitals: value, or "").

    It is no NamedTuple, because to make one takes a compiled module six times as long.
    """

    __slots__ = ("parameters", "path")

    def __init__(self, path: str, parameters: dict[str, str]) -> None:
        self.path = path
        self.parameters = parameters


class PathSyntax(NamedTuple):
    """Which parts of a path may be missing: its brackets (then they are added), its domain."""

    mayOmitBrackets: bool = False
    mayOmitDomain: bool = False


class Parameter(NamedTuple):
    """The row of a parameter: the extension that it belongs to, and the pattern of its value."""

    extension: str
    value: re.Pattern[str]


def valueLike(pattern: str) -> re.Pattern[str]:
    """Return the compiled pattern of a value; it ignores the case of ASCII letters."""
    return re.compile(pattern, re.IGNORECASE | re.ASCII)


XTEXT: Final = r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})+"  # RFC 3461 section 4
MAIL_PARAMETERS: Final = {
    "SIZE": Parameter("SIZE", valueLike(r"[0-9]{1,20}")),  # RFC 1870 section 4
    "BODY": Parameter("8BITMIME", valueLike(r"7BIT|8BITMIME")),  # RFC 6152 section 3
    "SMTPUTF8": Parameter("SMTPUTF8", valueLike("")),  # RFC 6531 section 3.4
    "RET": Parameter("DSN", valueLike(r"FULL|HDRS")),  # RFC 3461 section 4.3
    "ENVID": Parameter("DSN", valueLike(XTEXT)),  # RFC 3461 section 4.4
}
RCPT_PARAMETERS: Final = {
    # RFC 3461 sections 4.1 and 4.2
    "NOTIFY": Parameter(
        "DSN", valueLike(r"NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY)){0,2}")
    ),
    "ORCPT": Parameter("DSN", valueLike(rf"[A-Z0-9-]+;{XTEXT}")),
}


class BadPath(ValueError):
    """The path is malformed."""


class LongPath(BadPath):
    """The path has more than LONGEST_PATH octets."""


class BadParameter(ValueError):
    """A parameter is malformed, or is given twice."""


STRICT: Final = PathSyntax()


def readEnvelope(
    argument: str, rows: dict[str, Parameter], syntax: PathSyntax = STRICT
) -> Envelope:
    """Return the path and the parameters that follow FROM: or TO:.

    `rows` are MAIL_PARAMETERS or RCPT_PARAMETERS. Names that are in neither are accepted:
    the session decides which parameters are offered. Raises BadPath and BadParameter.
    """
    argument = argument.strip(" \t")
    path, end = readPath(argument, syntax)
    return Envelope(path, readParameters(argument[end:], rows) if end < len(argument) else {})


def readPath(argument: str, syntax: PathSyntax = STRICT) -> tuple[str, int]:
    """Return the path at the beginning, without its source route, and where it ends."""
    found = PATH.match(argument)
    if found is None:
        if argument == NULL_PATH or argument.startswith(("<> ", "<>\t")):
            return NULL_PATH, 2
        found = _unusualPath(argument, syntax)
    path = f"<{found[1]}>"
    if path[-2] == "]" and not isAddressLiteral(path[path.rindex("[") + 1 : -2]):
        raise BadPath(f"not an IP address: {path[:80]}")
    octets = path if path.isascii() else path.encode("utf-8", "replace")
    if len(octets) > LONGEST_PATH:
        raise LongPath(f"the path has more than {LONGEST_PATH} octets")
    return path, found.end()


def _unusualPath(argument: str, syntax: PathSyntax) -> re.Match[str]:
    """Return the match of a path that PATH does not match. Raise BadPath if there is none."""
    for pattern in patternsFor(syntax):
        found = pattern.match(argument)
        if found is not None:
            return found
    raise BadPath(f"no address in angle brackets: {argument[:80]!r}")


def patternsFor(syntax: PathSyntax) -> Iterator[re.Pattern[str]]:
    """Yield the patterns of the paths that are accepted besides PATH."""
    yield POSTMASTER
    if syntax.mayOmitBrackets:
        yield PATH_WITHOUT_BRACKETS
    if syntax.mayOmitDomain:
        yield PATH_WITHOUT_DOMAIN
    if syntax.mayOmitBrackets and syntax.mayOmitDomain:
        yield LOCAL_PART


def isAddressLiteral(literal: str) -> bool:
    """Return whether it is like 192.0.2.1 or IPv6:2001:db8::1 (RFC 5321 section 4.1.3)."""
    try:
        if literal[:5].upper() == "IPV6:":
            IPv6Address(literal[5:])
        else:
            IPv4Address(literal)
    except AddressValueError:
        return False
    return True


def readParameters(text: str, rows: dict[str, Parameter]) -> dict[str, str]:
    """Return the parameters by name in capitals. Raises BadParameter."""
    parameters: dict[str, str] = {}
    for word in filter(None, SPACE.split(text)):
        found = PARAMETER.fullmatch(word)
        name = found[1].upper() if found else ""
        row = rows.get(name)
        if found is None or name in parameters or (row and not row.value.fullmatch(found[2] or "")):
            raise BadParameter(f"a parameter is malformed or given twice: {word[:80]!r}")
        parameters[name] = found[2] or ""
    return parameters


def domainOf(path: str) -> str:
    """Return what follows the last @ of a path, in lower case and without a final dot.

    Return "" if the path has no domain.
    """
    return path.rstrip(">").rpartition("@")[2].lower().removesuffix(".") if "@" in path else ""
