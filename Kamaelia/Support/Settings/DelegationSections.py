"""The sections of the policy service and of the milter, which other mail servers ask.

Example usage::

    >>> PolicySection().action
    'defer_if_permit'

How does it work?

As Kamaelia.Support.Settings.Sections. Each service runs beside SMTP or instead of it.
"""

# ruff: noqa: RUF009 - setting() makes a field of the dataclass, whose default is never changed

from __future__ import annotations

from dataclasses import dataclass

from Kamaelia.Support.Settings.SettingRow import setting
from Kamaelia.Support.Settings.Values import (
    ADDRESS,
    DURATION,
    FLAG,
    MANY,
    SocketAddress,
    listOf,
    whole,
    word,
)


@dataclass(frozen=True)
class PolicySection:
    """A policy service for Postfix (check_policy_service), beside SMTP or instead of it. Without
    addresses in [listen] and without [server], only this service runs, and [forward] needs no
    allowed_domains.
    """

    addresses: tuple[SocketAddress, ...] = setting(
        listOf(ADDRESS),
        [],
        'The addresses to listen on, such as "127.0.0.1:10023"; []: no service.',
    )
    action: str = setting(
        word("defer_if_permit", "451"),
        "defer_if_permit",
        "The answer that defers a mail: Postfix first asks its other restrictions, which may reject"
        " it; or it defers at once.",
    )
    add_header: bool = setting(
        FLAG, True, "Whether Postfix adds an X-Greylist header to a mail that was delayed."
    )
    max_connections: int = setting(
        whole(0, MANY), 1000, "The maximum number of connections of Postfix; 0: no limit."
    )
    idle_timeout: float = setting(
        DURATION,
        "20m",
        "How long a connection may be idle: longer than smtpd_policy_service_max_ttl of Postfix.",
    )


@dataclass(frozen=True)
class MilterSection:
    """A milter for sendmail or Postfix (smtpd_milters), beside the others or instead of them. It
    decides like the policy service, and sees each mail to its end. Mail from this machine is not
    delayed.
    """

    addresses: tuple[SocketAddress, ...] = setting(
        listOf(ADDRESS), [], 'The addresses to listen on, such as "127.0.0.1:10024"; []: no milter.'
    )
    add_header: bool = setting(
        FLAG, True, "Whether an X-Greylist header is added to a mail that was delayed."
    )
    max_connections: int = setting(
        whole(0, MANY), 1000, "The maximum number of connections; 0: no limit."
    )
    idle_timeout: float = setting(
        DURATION,
        "65m",
        "How long a connection may be idle: longer than an SMTP session may wait for a command.",
    )
