"""Addresses and parameters of MAIL and RCPT: what follows FROM: and TO: (RFC 5321 section 4.1.2).

Example usage::

    >>> readEnvelope("<u@example.org> SIZE=1000", MAIL_PARAMETERS)
    Envelope(path='<u@example.org>', parameters={'SIZE': '1000'})

A path keeps its brackets and loses its source route (RFC 5321 appendix C: it
is recognised and ignored), so that policy and the real server see one address.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NamedTuple

# RFC 5321 sections 4.5.3.1.1 and 4.5.3.1.2, octets
LONGEST_LOCAL_PART = 64
LONGEST_DOMAIN = 255

# RFC 6531 section 3.3 adds every UTF-8 character; controls (C1) and lone surrogates are none.
UTF8 = "\u00a0-\ud7ff\ue000-\U0010ffff"
ATOM = rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~{UTF8}-]+"
QUOTED = rf'"(?:[ !#-\[\]-~{UTF8}]|\\[ -~])+"'
# The underscore is no part of RFC 5321's domain, but of many a host's name.
LABEL = rf"[A-Za-z0-9_{UTF8}](?:-*[A-Za-z0-9_{UTF8}])*"
DOMAIN = rf"{LABEL}(?:\.{LABEL})*"
PATH = re.compile(
    rf"<(?P<route>@{DOMAIN}(?:,@{DOMAIN})*:)?"
    rf"(?P<local>{ATOM}(?:\.{ATOM})*|{QUOTED})"
    rf"@(?P<domain>{DOMAIN}|\[(?P<literal>[0-9A-Za-z.:]+)\])>(?= |$)"
)
# RFC 5321 section 4.5.1: every server takes mail for this one, with no domain
POSTMASTER = re.compile(r"<postmaster>(?= |$)", re.IGNORECASE | re.ASCII)
NULL_PATH = "<>"
PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~]+))?")


class Envelope(NamedTuple):
    """A path with its brackets, and its parameters (name in capitals: value, or "")."""

    path: str
    parameters: dict[str, str]


class Parameter(NamedTuple):
    """A parameter's row: the extension that it belongs to, and what its value looks like."""

    extension: str
    value: re.Pattern[str]


def valueLike(pattern: str) -> re.Pattern[str]:
    """A compiled value of ASCII letters in any case."""
    return re.compile(pattern, re.IGNORECASE | re.ASCII)


XTEXT = r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})+"  # RFC 3461 section 4
MAIL_PARAMETERS = {
    "SIZE": Parameter("SIZE", valueLike(r"[0-9]{1,20}")),  # RFC 1870 section 4
    "BODY": Parameter("8BITMIME", valueLike(r"7BIT|8BITMIME")),  # RFC 6152 section 3
    "SMTPUTF8": Parameter("SMTPUTF8", valueLike("")),  # RFC 6531 section 3.4
    "RET": Parameter("DSN", valueLike(r"FULL|HDRS")),  # RFC 3461 section 4.3
    "ENVID": Parameter("DSN", valueLike(XTEXT)),  # RFC 3461 section 4.4
}
RCPT_PARAMETERS = {
    # RFC 3461 sections 4.1 and 4.2
    "NOTIFY": Parameter(
        "DSN", valueLike(r"NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY)){0,2}")
    ),
    "ORCPT": Parameter("DSN", valueLike(rf"[A-Z0-9-]+;{XTEXT}")),
}


class BadPath(ValueError):
    """What stands where a path should be is none."""


class BadParameter(ValueError):
    """A parameter is written wrongly, or stands there twice."""


def readEnvelope(argument: str, rows: dict[str, Parameter]) -> Envelope:
    """The path and the parameters of what follows FROM: or TO:. Raises BadPath and BadParameter.

    `rows` are MAIL_PARAMETERS or RCPT_PARAMETERS. A name that is in neither
    passes: whether a parameter is offered is the session's question.
    """
    argument = argument.lstrip(" ")
    path, end = readPath(argument)
    return Envelope(path, readParameters(argument[end:], rows) if end < len(argument) else {})


def readPath(argument: str) -> tuple[str, int]:
    """The path at the beginning, without its source route, and where it ends."""
    if argument == NULL_PATH or argument.startswith("<> "):
        return NULL_PATH, 2
    found = PATH.match(argument)
    if found is None:
        postmaster = POSTMASTER.match(argument)
        if postmaster is None:
            raise BadPath(f"no address in angle brackets: {argument[:80]!r}")
        return postmaster[0], postmaster.end()
    route, local, domain, literal = found.groups()
    if len(local.encode()) > LONGEST_LOCAL_PART or len(domain.encode()) > LONGEST_DOMAIN:
        raise BadPath(f"over {LONGEST_LOCAL_PART} octets before or {LONGEST_DOMAIN} after the @")
    if literal is not None and not isAddressLiteral(literal):
        raise BadPath(f"no IP address: {literal}")
    return f"<{local}@{domain}>" if route else found[0], found.end()


def isAddressLiteral(literal: str) -> bool:
    """192.0.2.1 or IPv6:2001:db8::1 (RFC 5321 section 4.1.3)."""
    try:
        if literal[:5].upper() == "IPV6:":
            IPv6Address(literal[5:])
        else:
            IPv4Address(literal)
    except AddressValueError:
        return False
    return True


def readParameters(text: str, rows: dict[str, Parameter]) -> dict[str, str]:
    """The parameters by name in capitals."""
    parameters: dict[str, str] = {}
    for word in text.split():
        found = PARAMETER.fullmatch(word)
        name = found[1].upper() if found else ""
        row = rows.get(name)
        if found is None or name in parameters or (row and not row.value.fullmatch(found[2] or "")):
            raise BadParameter(f"a parameter that is wrong or there twice: {word[:80]!r}")
        parameters[name] = found[2] or ""
    return parameters


def domainOf(path: str) -> str:
    """The domain of a path in lower case, "" when it has none: what is after the last @."""
    return path.rstrip(">").rpartition("@")[2].lower() if "@" in path else ""
