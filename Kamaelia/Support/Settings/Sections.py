"""The sections of Kamaelia Grey's configuration: a row for each setting.

Example usage::

    >>> LimitsSection().max_recipients
    1000

How does it work?

A setting is a field with its kind, its default and its meaning, one sentence;
a section's docstring says what it is about. Names are those of the attributes
of the mail handlers where they mean the same. The defaults are for a server in
front of another on the same machine, and so that most need change none of them.
"""

# ruff: noqa: RUF009 - setting() makes a field of the dataclass, whose default is never changed

from __future__ import annotations

from dataclasses import dataclass

from Kamaelia.Support.Protocol.SMTP.Deadlines import STAGES as CLIENT_STAGES
from Kamaelia.Support.Protocol.SMTP.Settings import KNOWN_EXTENSIONS, OFFERED_BY_DEFAULT
from Kamaelia.Support.Settings.SettingRow import setting
from Kamaelia.Support.Settings.Values import (
    ADDRESS,
    AUTHORITY,
    BALANCER,
    CLIENT,
    DURATION,
    FILE,
    FLAG,
    HELO_TRIPLE,
    LOCAL_PART,
    MAILBOX,
    MAYBE_ADDRESS,
    MAYBE_HOST,
    NAME,
    NETWORK,
    PATH,
    PEER,
    SERVER,
    SIZE,
    STORE,
    TEXT,
    TRIPLE,
    SocketAddress,
    durations,
    listOf,
    whole,
    word,
)

MANY = 1_000_000
Texts = tuple[str, ...]
# Of what is waited for at the real server (SMTPRelay.STAGES), that which may well be slow.
STAGES = ("connect", "greeting", "EHLO", "MAIL", "RCPT", "DATA", "text", "dot")
Triples = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class NameSection:
    """What this server calls itself."""

    servername: str = setting(
        MAYBE_HOST, "", "Its name in greetings; empty: the name of the machine."
    )
    serverid: str = setting(TEXT, "Kamaelia", "What the greeting calls the software.")


@dataclass(frozen=True)
class ListenSection:
    """Where clients connect. Sockets that systemd hands over are used instead of the addresses."""

    addresses: tuple[SocketAddress, ...] = setting(
        listOf(ADDRESS), ["0.0.0.0:25"], 'Where to listen; add "[::]:25" for IPv6.'
    )
    tls_certificate: str = setting(FILE, "", "The certificate chain for STARTTLS, in PEM.")
    tls_key: str = setting(FILE, "", "The private key to it, in PEM.")
    proxy_protocol_from: Texts = setting(
        listOf(BALANCER), [], "Load balancers, whose PROXY header (v1 or v2) is believed."
    )
    extensions: Texts = setting(
        listOf(word(*sorted(KNOWN_EXTENSIONS - {"STARTTLS"}))),
        sorted(OFFERED_BY_DEFAULT | {"PIPELINING"}),
        "What EHLO offers, of what the real servers offer, too; a certificate adds STARTTLS, and"
        " PIPELINING needs no real server.",
    )
    esmtp: bool = setting(FLAG, True, "Whether EHLO is understood at all.")
    strict: bool = setting(
        FLAG,
        False,
        "Whether a command that is malformed, unknown or out of order closes the connection,"
        " which RFC 5321 forbids; otherwise it is refused, and max_errors counts it.",
    )
    max_connections: int = setting(
        whole(0, MANY), 1000, "Connections at one time in each worker; 0: no limit."
    )
    max_connections_per_peer: int = setting(
        whole(0, MANY),
        20,
        "Connections of one IPv4 address, or of one IPv6 network of 64 bits, at"
        " one time; 0: no limit.",
    )
    workers: int = setting(whole(1, 256), 1, "Processes that share the work.")
    user: str = setting(TEXT, "", "Who to become once the ports are bound; empty: nobody else.")
    grace: float = setting(DURATION, "5s", "How long connections may go on when it is stopped.")


@dataclass(frozen=True)
class ServerSection:
    """The real server, behind this one."""

    addresses: tuple[SocketAddress, ...] = setting(
        listOf(SERVER), ["127.0.0.1:10025"], "Real servers; the next is tried where one is down."
    )
    protocol: str = setting(word("smtp", "lmtp"), "smtp", "What they speak.")
    relay: str = setting(
        word("live", "replay"),
        "live",
        'Whether the real server is asked at each recipient ("live"), or is given a mail only when'
        ' it is complete ("replay").',
    )
    client_address: str = setting(
        word("none", "xclient", "xforward", "proxy"),
        "none",
        "How the real server is told who the client is.",
    )
    smtp_helo: str = setting(TEXT, "", "Our name there; empty: servername.")
    smtp_tls: str = setting(
        word("no", "may", "must"), "no", "Whether STARTTLS is used towards the real server."
    )
    smtp_tls_ca: str = setting(
        AUTHORITY,
        "",
        "The authority that must have signed the real server's certificate; empty: the certificate"
        " is not verified.",
    )
    smtp_tls_name: str = setting(
        TEXT,
        "",
        "The name that the certificate must have, which needs smtp_tls_ca; empty: the host in the"
        " server's address.",
    )
    smtp_timeouts: tuple[tuple[str, float], ...] = setting(
        durations(STAGES), {}, "How long it may take at each stage, where not as usual."
    )


@dataclass(frozen=True)
class ForwardSection:
    """Whose mail is taken at all. Whatever else is listed, these three come first."""

    allowed_domains: Texts = setting(
        listOf(NAME),
        [],
        "Domains of recipients whose mail is taken; it must be said, if only as [].",
    )
    allowed_sender_nets: Texts = setting(
        listOf(NETWORK), [], "Networks that may send to anybody, and are not greylisted."
    )
    allowed_senders: Texts = setting(
        listOf(PEER), [], "Addresses that may send to anybody, and are not greylisted."
    )
    normalize_bare_lf: bool = setting(
        FLAG,
        False,
        "Whether a bare LF from these networks and addresses becomes CRLF, for scripts and"
        " devices; from all other clients a mail with a bare LF is refused.",
    )


@dataclass(frozen=True)
class GreylistSection:
    """Who is told to come back (RFC 6647), and when that is enough."""

    too_soon: float = setting(
        DURATION, 0, "Who is back before that begins anew: a punishment for being hasty."
    )
    min_defer_time: float = setting(
        DURATION, "5m", "Who is back before that is told to wait for the rest of it."
    )
    max_defer_time: float = setting(DURATION, "2d", "Who is back after that begins anew.")
    max_grey: float = setting(
        DURATION, "36d", "So long after its last mail somebody is known: monthly mail passes."
    )
    client_passes: int = setting(
        whole(0, MANY),
        5,
        "Once the real server has accepted so many mails of a client, of which one an hour counts,"
        " all its mail passes; 0: never.",
    )
    max_new_triples: int = setting(
        whole(0, MANY),
        1000,
        "New triples that one network (/24, in IPv6 /48) may add in an hour, in each worker. Beyond"
        " that its new mails are deferred and not remembered; 0: no limit.",
    )
    network_v4: int = setting(whole(8, 32), 24, "Bits of an IPv4 address that make a client.")
    network_v6: int = setting(whole(16, 128), 64, "Bits of an IPv6 address that make a client.")
    fold_senders: bool = setting(
        FLAG, False, "Whether numbers and hashes in a sender do not tell it from others."
    )
    decide_at: str = setting(
        word("rcpt", "data"), "rcpt", "The command at which a client is deferred."
    )
    null_senders: str = setting(
        word("greylist", "data", "accept"),
        "data",
        "How delivery reports, whose sender is <>, are greylisted: as other mail, only at DATA so"
        " that others can verify an address here, or not at all.",
    )
    spf: bool = setting(
        FLAG,
        False,
        "Whether a sender's domain is the client where SPF says so; asks the DNS.",
    )
    large_senders: bool = setting(
        FLAG, True, "Whether the list of large senders passes; asks the DNS for clients' names."
    )
    exempt: Texts = setting(
        listOf(LOCAL_PART),
        ["postmaster", "abuse"],
        "Recipients without greylisting in every domain (RFC 5321 section 4.5.1, RFC 2142).",
    )
    opt_out: Texts = setting(listOf(MAILBOX), [], "Recipients and domains without greylisting.")
    tarpit: float = setting(DURATION, 0, "How long a client waits for the answer that defers it.")


@dataclass(frozen=True)
class DenySection:
    """Who is refused for good, unless [allow] has them."""

    clients: Texts = setting(
        listOf(CLIENT), [], "Addresses, networks, and names that reverse DNS has verified."
    )
    senders: Texts = setting(listOf(MAILBOX), [], "Senders, as MAIL FROM says them.")
    recipients: Texts = setting(listOf(MAILBOX), [], "Recipients.")
    client_files: Texts = setting(listOf(PATH), [], "Files with more clients, one a line.")
    sender_files: Texts = setting(listOf(PATH), [], "Files with more senders, one a line.")
    recipient_files: Texts = setting(listOf(PATH), [], "Files with more recipients, one a line.")


@dataclass(frozen=True)
class AllowSection(DenySection):
    """Whose mail is neither denied nor greylisted. It is asked after [forward], before [deny]."""

    triples: Triples = setting(
        listOf(TRIPLE), [], "Mails by [address, sender, recipient]; whitelisted_triples once."
    )
    helo_triples: Triples = setting(
        listOf(HELO_TRIPLE),
        [],
        "Mails by [name in HELO, network, recipient]; whitelisted_nonstandard_triples once.",
    )


@dataclass(frozen=True)
class StoreSection:
    """Where it is remembered who was seen."""

    url: str = setting(STORE, "sqlite:/var/lib/kamaelia-grey/greylist.db", "The store.")
    on_failure: str = setting(
        word("defer", "accept"), "defer", "What a mail hears while the store cannot be reached."
    )


@dataclass(frozen=True)
class LogSection:
    """What is written down."""

    logfile: str = setting(
        FILE, "", "A line for each mail; empty: where the program says the rest."
    )
    debuglogfile: str = setting(FILE, "", "Whatever else there is to be said of a session.")
    jsonlogfile: str = setting(FILE, "", "A line of JSON for each mail, with reason and times.")
    level: str = setting(
        word("debug", "info", "warning", "error"), "info", "The least that is said of the program."
    )


@dataclass(frozen=True)
class MetricsSection:
    """Figures for Prometheus."""

    address: SocketAddress | None = setting(MAYBE_ADDRESS, "", "Where they can be fetched.")


@dataclass(frozen=True)
class LimitsSection:
    """What one client may do. A limit of 0 is none."""

    inactivity_timeout: float = setting(
        DURATION, "5m", "How long a client may say nothing; RFC 5321 asks for 5 minutes at least."
    )
    client_timeouts: tuple[tuple[str, float], ...] = setting(
        durations(CLIENT_STAGES), {}, "The same by stage, where it differs."
    )
    session_timeout: float = setting(
        DURATION,
        "1h",
        "How long a connection may last; it ends between two mails, never within the text of one.",
    )
    min_text_rate: int = setting(
        whole(0, MANY), 100, "Octets a second that the text of a mail needs on average."
    )
    policy_timeout: float = setting(DURATION, "10s", "How long a policy may take for one answer.")
    max_message_size: int = setting(SIZE, "32MiB", "The largest mail that is taken.")
    max_recipients: int = setting(
        whole(0, MANY), 1000, "Recipients of one mail; RFC 5321 asks for 100 at least."
    )
    max_errors: int = setting(whole(0, MANY), 50, "Answers of 5xx in one connection.")
