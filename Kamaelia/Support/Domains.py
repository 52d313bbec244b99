"""The form in which domains are compared.

Example usage::

    >>> nameKey("MX.Example.org."), nameKey("b\u00fccher.example"), nameKey("XN--BCHER-KVA.example")
    ('mx.example.org', 'xn--bcher-kva.example', 'xn--bcher-kva.example')
    >>> nameKey("[IPv6:2001:DB8:0::1]")
    '[ipv6:2001:db8::1]'

How does it work?

The key of a name is in lower case, without a final dot, and with A-labels as in DNS. A name whose
U-labels change in the conversion (\u00df, wide letters) may mean another name to other programs
(RFC 5891 section 5.4). Its key is the name itself, which differs from all others.
"""

from __future__ import annotations

from ipaddress import AddressValueError, IPv6Address
from typing import Final
from unicodedata import normalize

__all__ = ["nameKey"]

ALABEL: Final = "xn--"  # RFC 5890 section 2.3.2.1
IPV6: Final = "[ipv6:"  # RFC 5321 section 4.1.3, in lower case


def nameKey(name: str) -> str:
    """Return the key of a domain, or of an address literal in brackets."""
    if name.isascii():
        key = name.lower().removesuffix(".")
        return _literalKey(key) if key.startswith(IPV6) else key
    key = normalize("NFC", name.lower()).removesuffix(".")
    if key.isascii():  # such as the Kelvin sign, which becomes k
        return name
    try:
        return ".".join(map(_labelKey, key.split(".")))
    except UnicodeError:
        return name


def _labelKey(label: str) -> str:
    """Return the A-label. Raise UnicodeError if it does not convert back to `label`."""
    if label.isascii():
        return label
    encoded = label.encode("idna")
    key = encoded.decode("ascii")
    if encoded.decode("idna") != label or not key.startswith(ALABEL):
        raise UnicodeError(f"{label!r} has no A-label of its own")
    return key


def _literalKey(literal: str) -> str:
    """Return the shortest form of an IPv6 address literal."""
    try:
        return f"{IPV6}{IPv6Address(literal[len(IPV6) : -1])}]"
    except AddressValueError:
        return literal
