"""The settings of the real servers behind a mail handler."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from ssl import SSLContext
from typing import TYPE_CHECKING, Any, ClassVar

from Kamaelia.Apps.Grey.System.TLSContext import isVerifying
from Kamaelia.Support.Failover import Health, ServerAddress, serverAt
from Kamaelia.Support.Protocol.SMTP.Offer import ServerOffers
from Kamaelia.Support.Protocol.SMTP.Opening import mannerOf

if TYPE_CHECKING:
    from Kamaelia.Apps.Grey.Backend.ConnectionPool import ConnectionPool


#: The settings that determine the servers, and what is known of their extensions.
SERVERS = ("smtp_ip", "smtp_port", "smtp_servers")
OFFERS = ("smtp_offers", "smtp_offers.revision")
#: Reads what a session with a server depends on. Where they are equal, clients may share one.
SESSION_SETTINGS: Callable[[Any], tuple[str, ...]] = attrgetter(
    "smtp_helo", "servername", "smtp_tls", "smtp_protocol", "smtp_client_address"
)
#: What checkSettings() looks at.
CHECKED_SETTINGS = (
    "relay",
    *SERVERS,
    "smtp_protocol",
    "smtp_client_address",
    "smtp_tls",
    "smtp_ssl",
    "smtp_tls_name",
)


class ServerSettings:
    """The settings of the real servers, as class attributes and keyword arguments.

    smtp_ip, smtp_port: the real server; smtp_ip may be "unix:/path".
    smtp_servers: several servers instead, each ("host", port), "host" or "unix:/path".
    smtp_protocol: "smtp" or "lmtp".
    smtp_client_address: how the server learns the client's address: "no", "xclient",
    "xforward" or "proxy" (a PROXY header of version 2).
    smtp_helo: the name in our EHLO; "": servername.
    smtp_tls: "no", "may" or "must". smtp_ssl: the SSLContext for it. smtp_tls_name: the name
    that the certificate must have, if it is not the host's.
    smtp_timeouts: seconds by stage, where they differ from SMTP.Relay.STAGES.
    smtp_health: remembers which servers have failed. smtp_offers: remembers which extensions
    they offer. smtp_offer_interval: seconds between two inquiries of a ServerCore; 0: none.
    smtp_idle_connections: how many idle connections to each server a ServerCore keeps for the
    next mail; 0: none. smtp_idle_time: for how many seconds. smtp_max_mails: the number of mails
    over one kept connection; 0: no limit. See ConnectionPool.
    """

    smtp_ip = "127.0.0.1"
    smtp_port = 25
    smtp_servers: Sequence[Any] = ()
    smtp_protocol = "smtp"
    smtp_client_address = "no"
    smtp_helo = ""
    smtp_tls = "no"
    smtp_ssl: Any = None
    smtp_tls_name = ""
    smtp_timeouts: Mapping[str, float] = {}
    smtp_health = Health()
    smtp_offers = ServerOffers()
    smtp_offer_interval: float = 3600
    smtp_idle_connections = 0
    smtp_idle_time: float = 5
    smtp_max_mails = 100
    smtp_pool: ConnectionPool | None = None  # while a ServerCore runs one, which sets it

    checkDependsOn: ClassVar[tuple[str, ...]] = CHECKED_SETTINGS  # those of checkSettings()

    def checkSettings(self) -> None:
        """Raise ValueError as checkSettings() does."""
        checkSettings(self)


def serversFor(settings: Any) -> tuple[ServerAddress, ...]:
    """Return the servers in smtp_servers, or in smtp_ip and smtp_port. Raises ValueError."""
    if not settings.smtp_servers:
        return serversOf(settings.smtp_ip, settings.smtp_port, ())
    servers = settings.smtp_servers
    several = tuple(tuple(each) if isinstance(each, list) else each for each in servers)
    return serversOf(settings.smtp_ip, settings.smtp_port, several)


@lru_cache(maxsize=64)
def serversOf(host: Any, port: Any, several: tuple[Any, ...]) -> tuple[ServerAddress, ...]:
    """Return the servers that these settings name. Raises ValueError."""
    if several:
        return tuple(dict.fromkeys(serverAt(each) for each in several))
    return (serverAt((host, port)),)


def checkSettings(settings: Any) -> None:
    """Raise ValueError if the settings contradict each other or have no meaning."""
    context = settings.smtp_ssl
    isVerified = not isinstance(context, SSLContext) or isVerifying(context)
    checkedSettings(
        settings.relay,
        settings.smtp_tls,
        settings.smtp_protocol,
        settings.smtp_client_address,
        settings.smtp_tls_name,
        isVerified,
        serversFor(settings),
    )


@lru_cache(maxsize=64)
def checkedSettings(
    relay: str,
    tls: str,
    protocol: str,
    clientAddress: str,
    tlsName: str,
    isVerified: bool,
    servers: tuple[ServerAddress, ...],
) -> None:
    """Raise ValueError as checkSettings does; connections with the same settings share a call."""
    if relay not in ("replay", "live"):
        raise ValueError(f'relay is "replay" or "live", not {relay!r}')
    mannerOf("", tls, protocol, clientAddress)
    if tlsName and not isVerified:
        raise ValueError(
            "smtp_tls_name needs an smtp_ssl that verifies certificates: check_hostname,"
            " and verify_mode ssl.CERT_REQUIRED"
        )
    for server in servers:
        if server.path is not None and tls != "no" and not tlsName:
            raise ValueError(f"TLS with {server} needs smtp_tls_name, the certificate's name")
