"""The keys by which clients, senders and recipients are compared.

Example usage::

    >>> clientKey("192.0.2.17"), clientKey("2001:db8::1"), clientKey("::ffff:192.0.2.17", v4=32)
    ('192.0.2.0/24', '2001:db8::/64', '192.0.2.17')
    >>> senderKey("<Ann@Example.ORG>"), senderKey('<"ann"@example.org.>'), senderKey("<>")
    ('ann@example.org', 'ann@example.org', '<>')
    >>> senderKey("<list-bounce-1234@example.org>", isFolding=True)
    'list-bounce-#@example.org'

How does it work?

The key of a client is its network, because large senders use several addresses (RFC 6647 section
5). A network of one address is written as that address.

All spellings of a mailbox have the same key. Its local part has no unnecessary quotes and
backslashes (RFC 5321 section 4.1.2), and its domain has the form of Domains. The key is in lower
case, because hardly any server distinguishes local parts by case (RFC 5321 section 2.4).
Characters that are not printable, which RFC 6531 allows, are escaped. Text that is not an
address raises ValueError.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from Kamaelia.Support.Domains import nameKey
from Kamaelia.Support.Networks import addressOf
from Kamaelia.Support.PrintableText import printable

NULL_SENDER: Final = "<>"
POSTMASTER: Final = "postmaster"
LONGEST: Final = 320  # characters: 64 and 255, with the @ between (RFC 5321 section 4.5.3.1)

# The key of such an address is its text in lower case.
PLAIN: Final = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}+@[a-z0-9.-]++(?<!\.)")
NEVER: Final = re.compile(r"[\0-\x1f\x7f-\x9f\ud800-\udfff]")  # in an address: SMTPAddress.PATH

QUOTING: Final = re.compile(r'\\(.)|"', re.DOTALL)  # a quoted pair, or a quotation mark
NEEDS_NO_QUOTES: Final = re.compile(r'[^\s"\\(),:;<>@\[\]\0-\x20\x7f]+')
NEEDS_BACKSLASH: Final = re.compile(r'["\\]')

UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# A word that differs for each mail: a UUID, a number, a hexadecimal hash (eight or more digits, at
# least one of them decimal), or eight or more letters and digits with three digits among them.
CHANGING: Final = re.compile(
    rf"{UUID}"
    r"|(?<![a-z0-9])(?:[0-9]+|(?=[a-f]*[0-9])[0-9a-f]{8,}"
    r"|(?=(?:[a-z]*[0-9]){3})[0-9a-z]{8,})(?![a-z0-9])"
)
# Hash and time stamp of the Sender Rewriting Scheme; SRS1 contains those of an SRS0.
SRS: Final = re.compile(r"^srs0([=+-])[^=]*=[^=]*=|^srs1([=+-])[^=]*=([^=]*)=([=+-])[^=]*=[^=]*=")
# Microsoft 365 writes user+SRS=hash=time=domain=local for forwarded mail, and bounces+SRS=hash=time
# for relayed mail or instead of a local part that would be longer than 64 characters
# (learn.microsoft.com/exchange/reference/sender-rewriting-scheme).
SRS_AFTER_PLUS: Final = re.compile(
    r"(?<=\+srs=)[^=]*=[^=]*(?==[^=]+=)|(?<=^bounces\+srs=)[^=]+=[^=]+$"
)
# SendGrid documents no form (support.sendgrid.kke.co.jp article 360000226322). Published headers
# contain bounces+account-hash-recipient=domain, the hash of four hexadecimal digits, as in
# bounces+848413-634f-user=example.com@sgmail.github.com.
SENDGRID: Final = re.compile(r"^bounces\+[0-9]+-[0-9a-f]{4}-(?=[^=]+=)")
# draft-levine-smtp-batv section 4: a digit for the key, three for the day, six of a hash
BATV: Final = re.compile(
    r"^prvs=(?:[0-9]{4}[0-9a-f]{6}=(?P<after>.+)|(?P<before>.+)=[0-9]{4}[0-9a-f]{6})$"
)


def clientKey(peer: str, v4: int = 24, v6: int = 64) -> str:
    """Return the network of `peer`, such as "192.0.2.0/24", or the address for all bits."""
    address = addressOf(peer)
    bits = v4 if address.version == 4 else v6
    spare = address.max_prefixlen - bits
    if not 0 <= spare <= address.max_prefixlen:
        raise ValueError(f"an IPv{address.version} network cannot have {bits} bits")
    if not spare:
        return str(address)
    return f"{type(address)(int(address) >> spare << spare)}/{bits}"


def senderKey(sender: str, isFolding: bool = False) -> str:
    """Return the key of a sender; "<>" is the null sender.

    isFolding: replace the parts that a mailing list changes with each mail (numbers, hashes, and
    signatures of BATV and SRS) by "#", so that its mails have the same key.
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
    """Return the current key for a key that an earlier version wrote."""
    try:
        return mailboxKey(key)
    except ValueError:
        return key  # "<>", "postmaster", or not an address


def splitMailbox(mailbox: str) -> tuple[str, str]:
    """Return the local part and the domain of a mailbox's key. Raise ValueError."""
    local, _, domain = mailboxKey(mailbox).rpartition("@")
    return local, domain


@lru_cache(maxsize=2048)  # a decision asks several times, and most recipients get many mails
def mailboxKey(mailbox: str) -> str:
    """Return the key of a mailbox. Raises ValueError if it is none. It may have its brackets."""
    bare = withoutBrackets(mailbox)
    if bare.isascii() and len(mailbox) <= LONGEST:
        key = bare.lower()
        if PLAIN.fullmatch(key) is not None:
            return key
    at = bare.rfind("@")
    isPlain = bare.isprintable()  # then it has no character of NEVER
    isWhole = 0 < at < len(bare) - 1 and (bare[0] != "<" or bare[-1] == ">")
    if not isWhole or len(mailbox) > LONGEST + 2 or (not isPlain and NEVER.search(mailbox)):
        raise ValueError(f"{mailbox[:80]!r} is not a mail address such as user@example.org")
    domain = nameKey(bare[at + 1 :])
    if not domain:
        raise ValueError(f"{mailbox[:80]!r} has no domain after its @")
    key = f"{localPartKey(bare[:at])}@{domain}"
    return key if isPlain else printable(key)


def localPartKey(local: str) -> str:
    """Return a local part in lower case, quoted only if it needs quotes."""
    if '"' in local or "\\" in local:  # rare
        bare = QUOTING.sub(r"\1", local)
        local = (
            bare if NEEDS_NO_QUOTES.fullmatch(bare) else f'"{NEEDS_BACKSLASH.sub(_escape, bare)}"'
        )
    return local.lower()


def _escape(character: re.Match[str]) -> str:
    return f"\\{character[0]}"


def withoutBrackets(path: str) -> str:
    """Return a path without its angle brackets, if it has both."""
    return path[1:-1] if path[:1] == "<" and path[-1:] == ">" else path


def domainOf(recipient: str) -> str:
    """Return what follows the last @, without a final dot.

    Return "" if the local part may name another domain: servers that trust us may relay
    user%elsewhere@here to user@elsewhere, and so be an open relay.
    """
    local, _, domain = withoutBrackets(recipient).rpartition("@")
    if "%" in local or "!" in local or "@" in local:
        return ""
    return domain.removesuffix(".")


def _folded(local: str) -> str:
    signed = BATV.match(local)
    if signed is not None:
        return _folded(signed["after"] or signed["before"])
    local = SRS_AFTER_PLUS.sub("#=#", SENDGRID.sub("bounces+#-#-", local))
    return CHANGING.sub("#", SRS.sub(_unsigned, local))


def _unsigned(signature: re.Match[str]) -> str:
    zero, one, forwarder, inner = signature.groups()
    return f"srs0{zero}#=#=" if zero else f"srs1{one}#={forwarder}={inner}#=#="
