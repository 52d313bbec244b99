"""The keys by which clients, senders and recipients are compared: short text in lower case.

Example usage::

    >>> clientKey("192.0.2.17"), clientKey("2001:db8::1"), clientKey("::ffff:192.0.2.17", v4=32)
    ('192.0.2.0/24', '2001:db8::/64', '192.0.2.17')
    >>> senderKey("<Ann@Example.ORG>"), senderKey('<"ann"@example.org.>'), senderKey("<>")
    ('ann@example.org', 'ann@example.org', '<>')
    >>> senderKey("<list-bounce-1234@example.org>", isFolding=True)
    'list-bounce-#@example.org'

How does it work?

A client is its network (RFC 6647 section 5 allows for clusters of senders that way), written
as an address where the network is one address.

One mailbox has one key, however it is written. The local part is without quotes and
backslashes that it does not need (RFC 5321 section 4.1.2). The domain is as Domains writes it. All
is in lower case: hardly any server distinguishes local parts by case (RFC 5321 section 2.4).
Invisible characters, which RFC 6531 allows in an address, are written as escapes. Text that is
no address raises ValueError.
"""

from __future__ import annotations

import re

from Kamaelia.Support.Domains import nameKey
from Kamaelia.Support.Networks import addressOf
from Kamaelia.Support.PrintableText import printable

NULL_SENDER = "<>"
POSTMASTER = "postmaster"
LONGEST = 320  # characters: 64 and 255, with the @ between (RFC 5321 section 4.5.3.1)

NEVER = re.compile(r"[\0-\x1f\x7f-\x9f\ud800-\udfff]")  # in an address: SMTPAddress.PATH

QUOTING = re.compile(r'\\(.)|"', re.DOTALL)  # a backslash with what it quotes, or a quote
NEEDS_NO_QUOTES = re.compile(r'[^\s"\\(),:;<>@\[\]\0-\x20\x7f]+')
NEEDS_BACKSLASH = re.compile(r'["\\]')

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# A word that is made anew for each mail: an identifier, a number, a hash in hex (eight or more
# letters, of which one at least is a digit), or eight and more with three digits among them.
CHANGING = re.compile(
    rf"{UUID}"
    r"|(?<![a-z0-9])(?:[0-9]+|(?=[a-f]*[0-9])[0-9a-f]{8,}"
    r"|(?=(?:[a-z]*[0-9]){3})[0-9a-z]{8,})(?![a-z0-9])"
)
# Hash and time stamp of the Sender Rewriting Scheme; SRS1 holds those of an SRS0.
SRS = re.compile(r"^srs0([=+-])[^=]*=[^=]*=|^srs1([=+-])[^=]*=([^=]*)=([=+-])[^=]*=[^=]*=")
# Microsoft 365 writes the hash and time stamp after the forwarder: user+SRS=hash=time=domain=local
SRS_AFTER_PLUS = re.compile(r"(?<=\+srs=)[^=]*=[^=]*=(?=[^=]+=)")
# SendGrid: bounces+account-hash-recipient=domain, the hash of four hexadecimal digits
SENDGRID = re.compile(r"^bounces\+[0-9]+-[0-9a-f]{4}-(?=[^=]+=)")
# draft-levine-smtp-batv section 4: a digit for the key, three for the day, six of a hash
BATV = re.compile(
    r"^prvs=(?:[0-9]{4}[0-9a-f]{6}=(?P<after>.+)|(?P<before>.+)=[0-9]{4}[0-9a-f]{6})$"
)


def clientKey(peer: str, v4: int = 24, v6: int = 64) -> str:
    """The network of `peer` with so many bits, "192.0.2.0/24"; with all of them, the address."""
    address = addressOf(peer)
    bits = v4 if address.version == 4 else v6
    spare = address.max_prefixlen - bits
    if not 0 <= spare <= address.max_prefixlen:
        raise ValueError(f"an IPv{address.version} network has no {bits} bits")
    if not spare:
        return str(address)
    return f"{type(address)(int(address) >> spare << spare)}/{bits}"


def senderKey(sender: str, isFolding: bool = False) -> str:
    """Return the key of a sender; "<>" is the null sender.

    isFolding: what a mailing list changes with each mail (numbers, hashes and
    the signatures of BATV and SRS) becomes "#", so that its mails have one sender.
    """
    if sender == NULL_SENDER:
        return NULL_SENDER
    if not isFolding:
        return mailboxKey(sender)
    local, domain = splitMailbox(sender)
    return f"{_folded(local)}@{domain}"


def recipientKey(recipient: str) -> str:
    """Return the key of a recipient; postmaster needs no domain."""
    if "@" not in recipient and localPartKey(withoutBrackets(recipient)) == POSTMASTER:
        return POSTMASTER
    return mailboxKey(recipient)


def currentKey(key: str) -> str:
    """Return the key that today's rules give to what an earlier version wrote as `key`."""
    try:
        return mailboxKey(key)
    except ValueError:
        return key  # "<>", "postmaster", or no address


def splitMailbox(mailbox: str) -> tuple[str, str]:
    """Return the local part and the domain of a mailbox's key. Raises ValueError if it is none."""
    local, _, domain = mailboxKey(mailbox).rpartition("@")
    return local, domain


def mailboxKey(mailbox: str) -> str:
    """Return the key of a mailbox. Raises ValueError if it is none. It may have its brackets."""
    bare = withoutBrackets(mailbox)
    at = bare.rfind("@")
    isPlain = bare.isprintable()  # then it has no character of NEVER
    isWhole = 0 < at < len(bare) - 1 and (bare[0] != "<" or bare[-1] == ">")
    if not isWhole or len(mailbox) > LONGEST + 2 or (not isPlain and NEVER.search(mailbox)):
        raise ValueError(f"{mailbox[:80]!r} is no mail address such as user@example.org")
    domain = nameKey(bare[at + 1 :])
    if not domain:
        raise ValueError(f"{mailbox[:80]!r} has no domain after its @")
    key = f"{localPartKey(bare[:at])}@{domain}"
    return key if isPlain else printable(key)


def localPartKey(local: str) -> str:
    """Return a local part in lower case, quoted only if it needs quotes."""
    if '"' in local or "\\" in local:  # seldom
        bare = QUOTING.sub(r"\1", local)
        local = (
            bare if NEEDS_NO_QUOTES.fullmatch(bare) else f'"{NEEDS_BACKSLASH.sub(_escape, bare)}"'
        )
    return local.lower()


def _escape(character: re.Match[str]) -> str:
    return f"\\{character[0]}"


def withoutBrackets(path: str) -> str:
    """What stands between < and >, where both are there."""
    return path[1:-1] if path[:1] == "<" and path[-1:] == ">" else path


def _folded(local: str) -> str:
    signed = BATV.match(local)
    if signed is not None:
        return _folded(signed["after"] or signed["before"])
    local = SRS_AFTER_PLUS.sub("#=#=", SENDGRID.sub("bounces+#-#-", local))
    return CHANGING.sub("#", SRS.sub(_unsigned, local))


def _unsigned(signature: re.Match[str]) -> str:
    zero, one, forwarder, inner = signature.groups()
    return f"srs0{zero}#=#=" if zero else f"srs1{one}#={forwarder}={inner}#=#="
