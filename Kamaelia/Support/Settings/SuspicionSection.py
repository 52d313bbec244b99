"""The settings of [suspicion], which delay only suspicious mail.

Example usage::

    >>> weights = weightsOf(SuspicionSection(spf_fail=0))
    >>> weights.spf_fail, weights.no_name
    (0, 3)
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from Kamaelia.Support.Greylist.Suspicion import Weights
from Kamaelia.Support.Settings.SettingRow import setting
from Kamaelia.Support.Settings.Values import DURATION, SIZE, ZONE, listOf, whole, word

POINTS = whole(-100, 100)


def points(name: str, meaning: str) -> int:
    """Return the field of a weight; its default is that of Weights."""
    weight: int = setting(POINTS, getattr(Weights, name), f"Points {meaning}")
    return weight


@dataclass(frozen=True)
class SuspicionSection:
    """Which strangers are greylisted: all, or only those with enough points. Each check gives
    points or credits (negative numbers); 0 turns it off. A check that DNS does not answer counts
    for nothing. Requires DNS.
    """

    delay: str = setting(
        word("always", "suspicious"),
        "always",
        "Whether the mail of all strangers is greylisted, or only of those that have the points of"
        " the threshold.",
    )
    threshold: int = setting(POINTS, 3, "The points from which on mail is greylisted.")
    timeout: float = setting(
        DURATION, "2s", "How long all checks of a mail may take; later answers count for nothing."
    )
    block_lists: tuple[str, ...] = setting(
        listOf(ZONE),
        [],
        'Lists of suspicious addresses in DNS (RFC 5782), such as "zen.spamhaus.org".',
    )
    allow_lists: tuple[str, ...] = setting(
        listOf(ZONE), [], 'Lists of good addresses in DNS, such as "list.dnswl.org".'
    )
    no_name: int = points("no_name", "for a client without a name in reverse DNS.")
    unverified_name: int = points(
        "unverified_name", "for a client whose name does not have its address."
    )
    dynamic_name: int = points(
        "dynamic_name", "for a name as providers give it to access lines, with its address in it."
    )
    helo_address: int = points("helo_address", "for an address in place of a name in HELO.")
    helo_unknown: int = points(
        "helo_unknown", "for a name in HELO that has neither an address nor a mail server in DNS."
    )
    no_tls: int = points("no_tls", "for a client that does not use the TLS that is offered.")
    spf_fail: int = points("spf_fail", "if the sender's domain forbids the client (SPF).")
    spf_pass: int = points("spf_pass", "if the sender's domain allows the client (SPF).")
    name_of_sender: int = points(
        "name_of_sender", "for a client with a verified name in the sender's domain."
    )
    certificate: int = points(
        "certificate", "for a client with a certificate that Postfix has verified."
    )
    dkim_known: int = setting(
        POINTS,
        0,
        "Points for a DKIM signature of the sender's domain, if signed mail of that domain was"
        " accepted before; 0: off. Known only after the text: in the milter, and in the proxy with"
        ' relay = "replay". Requires dkimpy.',
    )
    dkim_size: int = setting(
        SIZE, "1MiB", "The maximum size of a mail whose signatures are verified."
    )
    block_listed: int = points("block_listed", "for each listing in block_lists.")
    allow_listed: int = points("allow_listed", "for each listing in allow_lists.")


def weightsOf(section: SuspicionSection) -> Weights:
    """Return the points of the checks."""
    return Weights(**{each.name: getattr(section, each.name) for each in fields(Weights)})
