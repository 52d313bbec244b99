"""The section [limits]: what one client, or the clients of one network, may do.

Example usage::

    >>> LimitsSection().max_recipients
    1000
"""

# ruff: noqa: RUF009 - setting() makes a field of the dataclass, whose default is never changed

from __future__ import annotations

from dataclasses import dataclass

from Kamaelia.Support.Protocol.SMTP.Deadlines import STAGES as CLIENT_STAGES
from Kamaelia.Support.Settings.SettingRow import setting
from Kamaelia.Support.Settings.Values import DURATION, MANY, SIZE, ZONE, durations, listOf, whole

# The settings of ClientRates; the others are attributes of a mail handler.
RATES = ("connection_rate", "mail_rate", "recipient_rate")
BLOCKS = ("block_lists", "block_timeout")  # the settings of BlockLists


@dataclass(frozen=True)
class LimitsSection:
    """Limits for one client. A limit of 0 means no limit."""

    inactivity_timeout: float = setting(
        DURATION, "5m", "How long a client may send nothing; RFC 5321 requires at least 5 minutes."
    )
    client_timeouts: tuple[tuple[str, float], ...] = setting(
        durations(CLIENT_STAGES), {}, "Timeouts of single stages that replace inactivity_timeout."
    )
    session_timeout: float = setting(
        DURATION,
        "1h",
        "How long a connection may last. It is closed between two mails, never within a mail.",
    )
    min_text_rate: int = setting(
        whole(0, MANY), 100, "The minimum average rate of a mail's text, in octets per second."
    )
    policy_timeout: float = setting(
        DURATION, "10s", "How long a policy may take to answer one question."
    )
    max_message_size: int = setting(SIZE, "32MiB", "The maximum size of a mail.")
    max_recipients: int = setting(
        whole(0, MANY),
        1000,
        "The maximum number of recipients of a mail; RFC 5321 requires at least 100.",
    )
    max_errors: int = setting(
        whole(0, MANY), 50, "The maximum number of 5xx replies in one connection."
    )
    greet_delay: float = setting(
        DURATION,
        0,
        "How long a client waits for the greeting. A client that sends meanwhile is refused.",
    )
    connection_rate: int = setting(
        whole(0, MANY),
        0,
        "The maximum number of connections a minute from one network: a /24 of IPv4, a /48 of IPv6."
        " Each worker counts its own; trusted clients are not counted.",
    )
    mail_rate: int = setting(
        whole(0, MANY), 0, "The maximum number of mails a minute from one network."
    )
    recipient_rate: int = setting(
        whole(0, MANY), 0, "The maximum number of recipients a minute from one network."
    )
    block_lists: tuple[str, ...] = setting(
        listOf(ZONE),
        [],
        "Lists in DNS (RFC 5782) whose clients are refused at MAIL, such as"
        ' "zen.spamhaus.org"; requires DNS. [allow] and trusted clients are exempt.',
    )
    block_timeout: float = setting(
        DURATION, "2s", "How long these lists may take to answer; a later answer is ignored."
    )
