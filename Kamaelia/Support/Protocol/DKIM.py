"""DKIM signatures that vouch for the sender of a mail (RFC 6376), and how they are verified.

Example usage::

    >>> text = b"DKIM-Signature: v=1; d=example.org; s=mail; h=from; b=\\r\\n\\r\\nHello\\r\\n"
    >>> (signature,) = signaturesOf(text, "<ann@lists.example.org>")
    >>> signature.domain, signature.question
    ('example.org', Question(name='mail._domainkey.example.org', type='TXT'))
    >>> signaturesOf(text, "<ann@example.net>")
    []

How does it work?

A signature counts if its domain is that of the sender, or one above it: of MAIL FROM, or of the
only From header (the alignment of RFC 7489 section 3.1.1). One with a length (l=) does not count,
because anybody may add text to such a mail. isAuthentic() verifies a signature with dkimpy and a
key record that the caller has asked DNS for.

Texts and keys are written by strangers, so the time to verify them must be proportional to their
size. dkimpy takes the square of the length of a run of blanks where a signature ignores their
number, so they are reduced to one before. RSA takes the cube of the length of a key, which is
limited, as headers are.
"""

from __future__ import annotations

import re
from email.utils import getaddresses
from importlib import import_module
from typing import Any, NamedTuple

from Kamaelia.Support.Protocol.DNSNames import Question, isName

MOST_SIGNATURES = 3  # that are verified
LONGEST_HEADERS = 65536  # octets of all headers
LONGEST_SIGNATURE = 4096  # octets of the header with a signature
LONGEST_FROM = 1024
LONGEST_KEY = 1500  # octets of a key record; one with 4,096 bits has about 750
FEWEST_BITS = 1024  # of an RSA key (RFC 8301 section 3.2)

BLANKS = re.compile(rb"[ \t]+")
FIELD = re.compile(rb"^([!-9;-~]{1,80})[ \t]*:((?:[^\r\n]|\r\n[ \t])*)\r\n", re.MULTILINE)


class Signature(NamedTuple):
    """A signature: its number among all in the text, its domain, and the name of its key.

    isRelaxed: the number of blanks in sequence in the body does not matter (RFC 6376, 3.4.4).
    """

    number: int
    domain: str
    selector: str
    isRelaxed: bool = False

    @property
    def question(self) -> Question:
        """The question to DNS for the key record."""
        return Question(f"{self.selector}._domainkey.{self.domain}", "TXT")


def signaturesOf(text: bytes, sender: str) -> list[Signature]:
    """Return the signatures that may vouch for the sender of a mail, without their proof."""
    end = text.find(b"\r\n\r\n", 0, LONGEST_HEADERS)
    if end < 0:
        return []
    fields = [(name.lower(), value) for name, value in FIELD.findall(text[: end + 2])]
    signed = [value for name, value in fields if name == b"dkim-signature"]
    senders = _domainsOf(sender, [value for name, value in fields if name == b"from"])
    found: list[Signature] = []
    for number, value in enumerate(signed):
        signature = _signatureIn(number, value)
        if signature is not None and any(isAligned(signature.domain, each) for each in senders):
            found.append(signature)
    return found[:MOST_SIGNATURES]


def isAligned(domain: str, ofSender: str) -> bool:
    """Return whether a signature of `domain` vouches for a sender in the other domain."""
    return "." in domain and (ofSender == domain or ofSender.endswith(f".{domain}"))


def _signatureIn(number: int, value: bytes) -> Signature | None:
    if len(value) > LONGEST_SIGNATURE:
        return None
    tags = {}
    for each in value.decode("latin-1").replace("\r\n", "").split(";"):
        name, _, content = each.partition("=")
        tags[name.strip()] = "".join(content.split())
    domain, selector = tags.get("d", "").lower(), tags.get("s", "").lower()
    if "l" in tags or not isName(f"{selector}._domainkey.{domain}"):
        return None
    isRelaxed = tags.get("c", "").endswith("/relaxed")
    return Signature(number, domain, selector, isRelaxed) if domain and selector else None


def _domainsOf(sender: str, fromHeaders: list[bytes]) -> list[str]:
    """Return the domains of MAIL FROM, and of the From header if there is one with one address."""
    addresses = [sender.strip("<>")]
    if len(fromHeaders) == 1 and len(fromHeaders[0]) <= LONGEST_FROM:
        addresses += _onlyAddressIn(fromHeaders[0].decode("latin-1").replace("\r\n", ""))
    domains = [each.rpartition("@")[2].lower().removesuffix(".") for each in addresses]
    return [each for each in domains if each]


def _onlyAddressIn(header: str) -> list[str]:
    """Return the address in a header, as a list; none if there are several or none."""
    try:
        found = getaddresses([header])
    except RecursionError:  # comments or groups within each other
        return []
    return [address for _, address in found] if len(found) == 1 else []


def dkimpy() -> Any:
    """Return the module of dkimpy, which has no types. Raise ImportError with a remedy."""
    try:
        return import_module("dkim")
    except ModuleNotFoundError:
        raise ImportError("DKIM needs dkimpy: install kamaelia[dkim]") from None


def isAuthentic(text: bytes, signature: Signature, key: bytes) -> bool:
    """Return whether the key record verifies a signature. Raise ImportError without dkimpy."""
    dkim = dkimpy()
    if len(key) > LONGEST_KEY:
        return False
    if signature.isRelaxed:
        headers, end, body = text.partition(b"\r\n\r\n")
        text = headers + end + BLANKS.sub(b" ", body)
    try:
        verifier = dkim.DKIM(text, minkey=FEWEST_BITS)
        return bool(verifier.verify(signature.number, dnsfunc=lambda name, timeout=0: key))
    except Exception:  # noqa: BLE001 - whatever dkimpy raises about the text of a stranger
        return False
