"""The sections of Kamaelia Grey's configuration: a row for each setting.

Example usage::

    >>> NameSection().serverid
    'Kamaelia'

How does it work?

A setting is a field with its kind, its default and its meaning. A section's
docstring describes the section. A setting has the name of the mail handler's
attribute with the same meaning, if there is one. The defaults suit a proxy on the
same machine as the real server.
"""

# ruff: noqa: RUF009 - setting() makes a field of the dataclass, whose default is never changed

from __future__ import annotations

from dataclasses import dataclass

from Kamaelia.Support.Protocol.SMTP.Settings import CONDITIONAL, KNOWN_EXTENSIONS
from Kamaelia.Support.Settings.SettingRow import setting
from Kamaelia.Support.Settings.Values import (
    ADDRESS,
    AUTHORITY,
    BALANCER,
    CERTIFICATE,
    CLIENT,
    COPY,
    DELAY,
    DURATION,
    FILE,
    FLAG,
    HELO_TRIPLE,
    LOCAL_PART,
    MAILBOX,
    MANY,
    MAYBE_ADDRESS,
    MAYBE_HOST,
    NAME,
    NETWORK,
    PATH,
    PEER,
    PERIOD,
    SERVER,
    STORE,
    TEXT,
    TRIPLE,
    SocketAddress,
    durations,
    listOf,
    whole,
    word,
)

Texts = tuple[str, ...]
# The stages of Relay.STAGES that a slow server may need more time for.
STAGES = ("connect", "greeting", "EHLO", "MAIL", "RCPT", "DATA", "text", "dot")
Triples = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class NameSection:
    """The name of this server."""

    servername: str = setting(
        MAYBE_HOST, "", "The server's name in the greeting; empty: the host name of the machine."
    )
    serverid: str = setting(TEXT, "Kamaelia", "The name of the software in the greeting.")


@dataclass(frozen=True)
class ListenSection:
    """The addresses for clients. Sockets from systemd, if any, replace them."""

    addresses: tuple[SocketAddress, ...] = setting(
        listOf(ADDRESS), ["0.0.0.0:25"], 'The addresses to listen on; add "[::]:25" for IPv6.'
    )
    tls_certificate: str = setting(FILE, "", "The certificate chain for STARTTLS, in PEM.")
    tls_key: str = setting(FILE, "", "The private key of the certificate, in PEM.")
    tls_more_certificates: tuple[tuple[str, str], ...] = setting(
        listOf(CERTIFICATE),
        [],
        "Further certificates, each with its key, for other names or with another kind of key (RSA,"
        " ECDSA). A client gets one for the name that it asks for, or else tls_certificate.",
    )
    proxy_protocol_from: Texts = setting(
        listOf(BALANCER), [], "Load balancers whose PROXY header (version 1 or 2) is trusted."
    )
    xclient_from: Texts = setting(
        listOf(NETWORK),
        [],
        "Hosts that may name their client by XCLIENT or XFORWARD, such as Postfix with"
        " smtpd_proxy_filter, or nginx.",
    )
    extensions: Texts = setting(
        listOf(word(*sorted(KNOWN_EXTENSIONS - CONDITIONAL))),
        sorted(KNOWN_EXTENSIONS - CONDITIONAL),
        "The extensions in the reply to EHLO. An extension other than PIPELINING is offered only if"
        " all real servers offer it, too. A certificate adds STARTTLS.",
    )
    esmtp: bool = setting(FLAG, True, "Whether EHLO is accepted; otherwise clients must use HELO.")
    strict: bool = setting(
        FLAG,
        False,
        "Whether a command that is malformed, unknown or out of order closes the connection,"
        " which RFC 5321 forbids; otherwise the command is refused and counted by max_errors.",
    )
    max_connections: int = setting(
        whole(0, MANY), 1000, "The maximum number of connections in each worker; 0: no limit."
    )
    max_connections_per_peer: int = setting(
        whole(0, MANY),
        20,
        "The maximum number of connections from one IPv4 address, or from one IPv6 network of 64"
        " bits; 0: no limit.",
    )
    workers: int = setting(whole(1, 256), 1, "The number of worker processes.")
    user: str = setting(
        TEXT, "", "The user to run as after the ports are bound; empty: do not change the user."
    )
    grace: float = setting(
        DURATION, "5s", "How long open connections may continue after the server is told to stop."
    )


@dataclass(frozen=True)
class ServerSection:
    """The real mail server behind this proxy."""

    addresses: tuple[SocketAddress, ...] = setting(
        listOf(SERVER), ["127.0.0.1:10025"], "The real servers; if one is down, the next is tried."
    )
    protocol: str = setting(word("smtp", "lmtp"), "smtp", "The protocol of the real servers.")
    relay: str = setting(
        word("live", "replay"),
        "live",
        'Whether the real server receives each command at once ("live"), or receives the mail only'
        ' after all of it has arrived ("replay").',
    )
    client_address: str = setting(
        word("none", "xclient", "xforward", "proxy"),
        "none",
        "How the real server learns the address of the client.",
    )
    smtp_helo: str = setting(
        TEXT, "", "The name that this proxy sends in EHLO to the real server; empty: servername."
    )
    smtp_tls: str = setting(
        word("no", "may", "must"), "no", "Whether connections to the real server use STARTTLS."
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
        "The name that the certificate must contain, which requires smtp_tls_ca; empty: the host in"
        " the server's address.",
    )
    smtp_timeouts: tuple[tuple[str, float], ...] = setting(
        durations(STAGES), {}, "Timeouts of single stages that replace the defaults."
    )
    smtp_idle_connections: int = setting(
        whole(0, 1000),
        20,
        "The maximum number of idle connections to each real server that each worker keeps open for"
        " the next mail; 0: none are kept. None are kept with client_address or smtp_tls.",
    )
    smtp_idle_time: float = setting(
        DURATION,
        "5s",
        "How long such a connection may be idle: less than the real server permits.",
    )
    smtp_max_mails: int = setting(
        whole(0, 1_000_000),
        100,
        "The number of mails after which a connection is not kept any more; 0: no limit.",
    )
    recipients: str = setting(
        word("greylist", "ask"),
        "greylist",
        'With "ask", the real server is asked first whether it knows a recipient. An unknown one is'
        " refused with the server's own reply, and is not greylisted. [policy] and [milter] ask it,"
        " too; beside them there is then no proxy, unless [listen] has addresses.",
    )
    recipient_timeout: float = setting(
        DURATION,
        "5s",
        "How long the real server may take to answer; then greylisting decides first.",
    )
    known_recipients: float = setting(
        DURATION, "1h", "How long it is remembered that the real server knows a recipient."
    )
    unknown_recipients: float = setting(
        DURATION, "10m", "How long it is remembered that the real server does not know one."
    )
    unknown_recipient_rate: int = setting(
        whole(0, MANY),
        60,
        "The maximum number of unknown recipients a minute from one network. Above it, the real"
        " server is not asked, and recipients that are not remembered get a 450; 0: no limit.",
    )


@dataclass(frozen=True)
class ForwardSection:
    """Which mail is relayed. These lists are checked before all others."""

    allowed_domains: Texts = setting(
        listOf(NAME),
        [],
        "The domains of recipients whose mail is accepted. This setting is"
        " required; [] means none.",
    )
    allowed_sender_nets: Texts = setting(
        listOf(NETWORK),
        [],
        "Networks of clients that may send to any recipient and are not greylisted.",
    )
    allowed_senders: Texts = setting(
        listOf(PEER),
        [],
        "Addresses of clients that may send to any recipient and are not greylisted.",
    )
    normalize_bare_lf: bool = setting(
        FLAG,
        False,
        "Whether a bare LF in mail from these networks and addresses is replaced by CRLF, for"
        " scripts and devices. Mail with a bare LF from other clients is refused.",
    )


@dataclass(frozen=True)
class GreylistSection:
    """Which mail is deferred (RFC 6647), and when a retry is accepted."""

    too_soon: float = setting(
        DURATION, 0, "A retry earlier than this restarts the waiting time; 0: never."
    )
    min_defer_time: float = setting(
        DURATION, "5m", "A retry earlier than this is deferred again until this time has passed."
    )
    max_defer_time: float = setting(
        DURATION, "2d", "A retry later than this counts as a first attempt."
    )
    max_grey: float = setting(
        DURATION,
        "36d",
        "How long a triple that has passed is remembered after its last mail. The default lets"
        " monthly mail pass.",
    )
    client_passes: int = setting(
        whole(0, MANY),
        5,
        "After the real server has accepted this many mails from a client, all mail from that"
        " client passes. At most one mail an hour counts. 0: never.",
    )
    revoke: bool = setting(
        FLAG,
        True,
        "Whether such a client has to begin again after the real server has refused one of its"
        " mails permanently, at DATA or after its text.",
    )
    max_new_triples: int = setting(
        whole(0, MANY),
        1000,
        "The maximum number of new triples an hour from one network (/24 in IPv4, /48 in IPv6), in"
        " each worker. Further new triples are deferred and not stored; 0: no limit.",
    )
    network_v4: int = setting(
        whole(8, 32), 24, "The number of leading bits of an IPv4 address that identify a client."
    )
    network_v6: int = setting(
        whole(16, 128), 64, "The number of leading bits of an IPv6 address that identify a client."
    )
    fold_senders: bool = setting(
        FLAG, False, "Whether senders that differ only in numbers and hashes count as one."
    )
    decide_at: str = setting(word("rcpt", "data"), "rcpt", "The command whose reply defers a mail.")
    null_senders: str = setting(
        word("greylist", "data", "accept"),
        "data",
        "How mail with the sender <>, such as delivery reports, is greylisted: like other mail;"
        " only at DATA, so that other servers can verify addresses here; or not at all.",
    )
    spf: bool = setting(
        FLAG,
        False,
        "Whether clients that SPF authorises for a domain count as one client; requires DNS.",
    )
    large_senders: bool = setting(
        FLAG, True, "Whether the listed large senders pass; requires DNS, to verify clients' names."
    )
    exempt: Texts = setting(
        listOf(LOCAL_PART),
        ["postmaster", "abuse"],
        "Local parts that are not greylisted in any domain (RFC 5321 section 4.5.1, RFC 2142).",
    )
    opt_out: Texts = setting(listOf(MAILBOX), [], "Recipients and domains that are not greylisted.")
    opt_in: Texts = setting(
        listOf(MAILBOX), [], "Recipients and domains that alone are greylisted; []: all."
    )
    hours: Texts = setting(
        listOf(PERIOD),
        [],
        "The parts of a day, in local time, in which mail is greylisted; []: always.",
    )
    delays: Texts = setting(
        listOf(DELAY),
        [],
        "Recipients and domains with a min_defer_time of their own. The most specific one counts.",
    )
    tarpit: float = setting(DURATION, 0, "How long a reply that defers a mail is delayed.")
    dry_run: bool = setting(
        FLAG,
        False,
        "Whether nothing is deferred: all decisions are made and logged, so that `kamaelia-grey"
        " report` can say what greylisting would do.",
    )


@dataclass(frozen=True)
class DenySection:
    """Which mail is rejected permanently, unless [allow] lists it."""

    clients: Texts = setting(
        listOf(CLIENT), [], "Addresses, networks and names; a name must be verified by reverse DNS."
    )
    senders: Texts = setting(listOf(MAILBOX), [], "Sender addresses in MAIL FROM.")
    recipients: Texts = setting(listOf(MAILBOX), [], "Recipient addresses.")
    client_files: Texts = setting(listOf(PATH), [], "Files with more clients, one per line.")
    sender_files: Texts = setting(listOf(PATH), [], "Files with more senders, one per line.")
    recipient_files: Texts = setting(listOf(PATH), [], "Files with more recipients, one per line.")


@dataclass(frozen=True)
class AllowSection(DenySection):
    """Which mail is neither rejected nor greylisted. Checked after [forward] and before [deny]."""

    triples: Triples = setting(
        listOf(TRIPLE), [], "Mail by [address, sender, recipient]; formerly whitelisted_triples."
    )
    helo_triples: Triples = setting(
        listOf(HELO_TRIPLE),
        [],
        "Mail by [name in HELO, network, recipient]; formerly whitelisted_nonstandard_triples.",
    )


@dataclass(frozen=True)
class StoreSection:
    """The database of clients, senders and recipients."""

    url: str = setting(
        STORE, "sqlite:/var/lib/kamaelia-grey/greylist.db", "The location of the store."
    )
    on_failure: str = setting(
        word("copy", "defer", "accept"), "copy", "What happens to mail while the store fails."
    )
    copy: str = setting(COPY, "memory:", "What decides while Redis fails; workers share a file.")


@dataclass(frozen=True)
class LogSection:
    """The log files."""

    format: str = setting(
        word("kamaelia", "postfix"),
        "kamaelia",
        "The wording of the lines for mails and refusals: that of Kamaelia, or that of Postfix,"
        " which pflogsumm understands.",
    )
    logfile: str = setting(
        FILE, "", "A file with a line for each mail; empty: the log of the program."
    )
    debuglogfile: str = setting(FILE, "", "A file with further details of each session.")
    jsonlogfile: str = setting(
        FILE, "", "A file with a line of JSON for each mail, with reason and times."
    )
    level: str = setting(
        word("debug", "info", "warning", "error"),
        "info",
        "The lowest severity in the log of the program.",
    )


@dataclass(frozen=True)
class MetricsSection:
    """Metrics for Prometheus."""

    address: SocketAddress | None = setting(
        MAYBE_ADDRESS, "", "The address of the HTTP server for metrics."
    )
