"""The servers behind a mail handler: which one is asked, and how it is connected to.

How does it work?
-----------------
One of them is asked at a time, in a session that opens when it is needed. The
first that is well is taken. If it fails before it has the mail, and before the
client has been told of a recipient there, the next one is asked the same: see
Kamaelia.Apps.Grey.Backend.RelaySession. Who has failed is asked last for a while, which all
handlers of a class remember together.

Termination: dropRelay(); or what breaks the session, of which relayBroke hears.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache
from ssl import SSLContext
from typing import TYPE_CHECKING, Any

from Kamaelia.Apps.Grey.Backend.RelaySession import Relaying
from Kamaelia.Apps.Grey.Backend.ServerConnection import connectionTo
from Kamaelia.Apps.Grey.Backend.ServerInquiry import ServerInquiry
from Kamaelia.Apps.Grey.System.TLSContext import isVerifying
from Kamaelia.Support.Failover import Health, ServerAddress, serverAt
from Kamaelia.Support.Protocol.ProxyHeader import Origin
from Kamaelia.Support.Protocol.SMTP.ClientAddress import ClientIdentity
from Kamaelia.Support.Protocol.SMTP.Offer import ServerOffers
from Kamaelia.Support.Protocol.SMTP.Opening import mannerOf
from Kamaelia.Support.Protocol.SMTP.Relay import Broken

LOG = logging.getLogger("Kamaelia.Apps.Grey")


class Behind:
    """The settings of the servers behind a ConcreteMailHandler, and its way to them.

    smtp_ip, smtp_port: the real server; smtp_ip may be "unix:/path". smtp_servers: several
    instead, each ("host", port), "host" or "unix:/path". smtp_protocol: "smtp" or "lmtp".
    smtp_client_address: how they are told who the client is: "no", "xclient", "xforward" or
    "proxy" (version 2 of the PROXY header).
    smtp_helo: our name there, if not servername. smtp_tls: "no", "may" or "must" be used;
    smtp_ssl: an SSLContext for it; smtp_tls_name: whose certificate it must be, if not
    the host's. smtp_timeouts: seconds by stage, where they differ from SMTPRelay.STAGES.
    smtp_health: a Health, which remembers which servers have failed. smtp_offers: ServerOffers,
    which remember what the servers offer; EHLO offers the same. smtp_offer_interval: seconds
    after which a ServerCore asks the servers again; 0: only sessions with mails tell.
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
    descriptors = 2  # that a connection may need: the client's, and the real server's
    smtp_offer_interval: float = 3600

    peername = ""  # the client's name in the DNS, if somebody has looked it up

    TCPClient: Any
    relaying: Relaying | None
    server: ServerAddress  # that is asked, or was asked last
    _lost: tuple[Any, Any] = (None, None)  # a mail's recipients, and what is said of them

    def checkSettings(self) -> None:
        """Raise ValueError if the settings contradict each other or have no meaning."""
        mannerOf("", self.smtp_tls, self.smtp_protocol, self.smtp_client_address)
        context = self.smtp_ssl
        if self.smtp_tls_name and isinstance(context, SSLContext) and not isVerifying(context):
            raise ValueError(
                "smtp_tls_name needs an smtp_ssl that verifies certificates: check_hostname,"
                " and verify_mode ssl.CERT_REQUIRED"
            )
        for server in serversFor(self):
            if server.path is not None and self.smtp_tls != "no" and not self.smtp_tls_name:
                raise ValueError(f"TLS with {server} needs smtp_tls_name, the certificate's name")

    @classmethod
    def companions(cls) -> list[ServerInquiry]:
        """Return the components that ask the real servers what they offer: see ServerCore.

        None if a subclass connects in a way of its own: then the sessions with mails tell.
        """
        isOurs = cls.connectToRealSMTPServer is Behind.connectToRealSMTPServer
        if not isOurs or not cls.smtp_offer_interval:
            return []
        return [ServerInquiry(server, cls) for server in serversFor(cls)]

    def offered(self) -> tuple[frozenset[str], int]:
        """Return the extensions to offer, and the largest mail: what the real servers offer, too.

        Within `extensions` and `max_message_size`.
        """
        extensions, size = super().offered()  # type: ignore[misc]
        return self.smtp_offers.offer(serversFor(self), extensions, size)

    def handleEhlo(self, command: list[str]) -> None:
        """Offer what the real servers offer now."""
        self.renewSettings()
        super().handleEhlo(command)  # type: ignore[misc]

    def serversInOrder(self) -> list[ServerAddress]:
        """All of them, the one to be asked first at the head."""
        return self.smtp_health.inOrder(serversFor(self), self.now())

    def realClient(self) -> ClientIdentity:
        """Who the client is, for those behind."""
        origin = Origin(self.peer, self.peerport, self.localip, self.localport)
        session = self.session
        return ClientIdentity(origin, self.peername, session.remotename, session.isExtended)

    def connected(self) -> Relaying:
        """The session with a real server; a new one where there is none."""
        return self.relaying or self.connectTo(self.serversInOrder()[0])

    def connectTo(self, server: ServerAddress) -> Relaying:
        """A new session, with this server."""
        self.server = server
        self.relaying = Relaying(self)
        return self.relaying

    def connectToRealSMTPServer(self) -> None:
        """Makes a TCPClient and links the tcp boxes to it. Called when one is needed."""
        client = self.TCPClient = connectionTo(self.server, self)
        self.link((self, "tcp_outbox"), (client, "inbox"))
        self.link((self, "tcp_signal"), (client, "control"))
        self.link((client, "outbox"), (self, "tcp_inbox"))
        self.link((client, "signal"), (self, "tcp_control"))
        if self.smtp_tls != "no":
            self.link((self, "tcp_makessl"), (client, "makessl"))
            self.link((client, "sslready"), (self, "tcp_sslready"))
        self.addChildren(client)
        client.activate(Scheduler=self.scheduler)

    def dropRelay(self, isInOrder: bool = False) -> None:
        """Leaves the real server; a mail under way gets no dot."""
        if self.relaying is not None:
            self.relaying.leave(isInOrder)
            self._forgetRelay()

    def _forgetRelay(self) -> None:
        """The tcp boxes are free for another connection."""
        self.relaying = None
        if self.TCPClient is not None:
            self.unlink(self.TCPClient)
            self.TCPClient = None
        for boxname in ("tcp_inbox", "tcp_control", "tcp_sslready"):
            while boxname in self.inboxes and self.dataReady(boxname):
                self.recv(boxname)  # it was from the connection that has been left

    def relayBroke(self, broken: Broken) -> None:
        """The session with the real server ended too early. A mail that was begun there is lost."""
        self.noteToLog(f"real server {self.server}: {broken.reason}")
        if broken.hint and self.smtp_health.isNews(self.server, broken.hint, self.now()):
            LOG.warning("real server %s: %s", self.server, broken.explanation)
        self._forgetRelay()
        if self.recipients:
            self._lost = (self.recipients, broken.reply)

    def childFailed(self, child: Any, culprit: Any, error: BaseException) -> bool:
        """An error on the way to the real server is that of one mail, not of the whole system."""
        return True

    if TYPE_CHECKING:  # what the handler has
        peer: str
        peerport: int
        localip: str
        localport: int
        session: Any
        recipients: list[str]
        scheduler: Any
        inboxes: Any
        dataReady: Any
        recv: Any
        link: Any
        unlink: Any
        addChildren: Any
        noteToLog: Any
        renewSettings: Any

        def now(self) -> float: ...


def serversFor(settings: Any) -> tuple[ServerAddress, ...]:
    """Return the servers in smtp_servers, or in smtp_ip and smtp_port. Raises ValueError."""
    if not settings.smtp_servers:
        return serversOf(settings.smtp_ip, settings.smtp_port, ())
    servers = settings.smtp_servers
    several = tuple(tuple(each) if isinstance(each, list) else each for each in servers)
    return serversOf(settings.smtp_ip, settings.smtp_port, several)


@lru_cache(maxsize=64)
def serversOf(host: Any, port: Any, several: tuple[Any, ...]) -> tuple[ServerAddress, ...]:
    """The servers that settings name. Raises ValueError."""
    if several:
        return tuple(dict.fromkeys(serverAt(each) for each in several))
    return (serverAt((host, port)),)
