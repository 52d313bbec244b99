"""The settings of a mail handler, and its state under the historical names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Any, ClassVar

from Axon.Settings import refuseMisspelt
from Kamaelia.Apps.Grey.Policy.CompiledSettings import asClients, compiled
from Kamaelia.Apps.Grey.Policy.DerivedValue import DerivedValue
from Kamaelia.Apps.Grey.Session.DeclaredClient import DeclaredClient
from Kamaelia.Apps.Grey.Session.Phase import (
    CLIENT,
    GONE,
    GREETING,
    IllegalTransition,
    Phase,
)
from Kamaelia.Support.Greylist.Answers import judged
from Kamaelia.Support.Protocol.SMTP.Deadlines import INACTIVITY, SESSION, TEXT_RATE
from Kamaelia.Support.Protocol.SMTP.Session import Session
from Kamaelia.Support.Protocol.SMTP.Settings import FOR_TRUSTED_HOSTS, OFFERED_BY_DEFAULT, Settings


def _text(value: Any) -> str:
    return str(value or "")


def ofSession(name: str, meaning: str, kind: Callable[[Any], object] = bool) -> Any:
    """Return a property for an attribute that the handler's session keeps.

    kind: makes the value that the compiled Session accepts, from one that a program assigns.
    """

    def put(handler: Any, value: Any) -> None:
        setattr(handler.session, name, kind(value))

    return property(attrgetter(f"session.{name}"), put, doc=meaning)


@lru_cache(maxsize=64)
def sharedSettings(*settings: Any) -> Settings:
    """Return the settings that all connections with the same values share."""
    return Settings(*settings)


# What a session's settings depend on, besides what is offered: see SessionState.offerDependsOn.
OF_SESSION = (
    "servername",
    "serverid",
    "esmtp",
    "max_recipients",
    "max_errors",
    "strict",
    "normalize_bare_lf",
)


class SessionState:
    """The settings of a mail handler, and its state under the historical names.

    Settings. peer, peerport, localip, localport, local: the addresses of both ends, which
    ServerCore sets. servername, serverid: the names in the greeting. esmtp: whether EHLO is
    understood. extensions: those that EHLO offers. starttls: an SSLContext with a certificate,
    or True for the server's own. max_message_size: the limit of a mail, in octets.
    max_recipients, max_errors: limits. A limit of 0 means none. strict: whether a mistake closes
    the connection. normalize_bare_lf: whether a bare LF of a trusted client counts as CRLF.
    xclient_from: addresses and networks of the hosts that may name their client by XCLIENT or
    XFORWARD. peername: the client's name in the DNS, if it is known. greet_delay: seconds before
    the greeting, in which a client may not send. offerDependsOn: the names of the settings that
    offered() reads.

    Time limits in seconds; 0 means none. inactivity_timeout: without a byte from the client.
    client_timeouts: the same by stage. session_timeout: for the connection, except that a mail
    in progress may end. min_text_rate: octets a second, on average, of a mail's text.

    State. phase: what the handler does next. inbox_log: the lines of the client's commands.
    mailStatus: "ACCEPTED", "DEFERRED" or "REFUSED", once it is decided.
    """

    peer = ""
    peerport = 0
    localip = ""
    localport = 0
    local: Any = ""

    servername = "localhost"
    serverid = "Kamaelia"
    esmtp = True
    extensions: Any = OFFERED_BY_DEFAULT
    starttls: Any = None
    max_message_size = Settings.max_message_size
    max_recipients = Settings.max_recipients
    max_errors = Settings.max_errors
    strict = Settings.strict
    normalize_bare_lf = Settings.normalize_bare_lf

    xclient_from: Any = []
    peername = ""
    declaredClient: DeclaredClient | None = None  # after XCLIENT or XFORWARD

    greet_delay: float = 0
    inactivity_timeout: float = INACTIVITY
    client_timeouts: Mapping[str, float] = {}
    session_timeout: float = SESSION
    min_text_rate: float = TEXT_RATE

    session: Session
    phase: Phase
    mailStatus = ""

    remotename = ofSession("remotename", "the client's name in HELO or EHLO", _text)
    sender = ofSession("sender", "the sender of the mail in progress, with its brackets", _text)
    recipients = ofSession("recipients", "its accepted recipients, with their brackets", list)
    seenHelo = ofSession("seenHelo", "whether HELO or EHLO has been accepted")
    seenMail = ofSession("seenMail", "whether a sender has been accepted")
    seenRcpt = ofSession("seenRcpt", "whether a recipient has been accepted")
    acceptingMail = ofSession("acceptingMail", "whether policy has accepted the mail")
    breakConnection = ofSession("breakConnection", "whether the handler closes the connection")

    @property
    def inbox_log(self) -> list[str]:
        """The lines of the client's commands, see CommandLog."""
        return self.session.log.lines

    @inbox_log.setter
    def inbox_log(self, lines: Iterable[str]) -> None:
        self.session.log.lines = list(lines)

    @property
    def gettingdata(self) -> bool:
        """Whether the text of a mail is expected."""
        return self.session.gettingdata

    @gettingdata.setter
    def gettingdata(self, isGetting: bool) -> None:
        if isGetting and not self.session.gettingdata:
            self.session.do("DATA", ["DATA"])
        elif not isGetting:
            self.session.gettingdata = False

    @property
    def client_connected(self) -> bool:
        """Whether the client has not closed the connection."""
        return self.phase is not GONE

    @client_connected.setter
    def client_connected(self, isConnected: bool) -> None:
        self.enter(CLIENT if isConnected else GONE)

    @property
    def isWaiting(self) -> bool:
        """Whether the client is not read, because policy or the real server has to answer."""
        return self.phase.isWaiting

    def enter(self, phase: Phase) -> None:
        """Go to another phase; during a shutdown, to its twin. Once the client is gone, do nothing.

        Raises IllegalTransition, see Kamaelia.Apps.Grey.Session.Phase.
        """
        granted = self.phase.following[phase.index]
        if granted is None:
            raise IllegalTransition(self.phase, phase)
        self.phase = granted

    def isOver(self) -> bool:
        """Return whether nothing more is read from the client."""
        return self.session.breakConnection or self.phase is GONE

    def beginSession(self) -> None:
        """Create the session, with the settings as they are now."""
        self.phase = GREETING  # a default of the class would be slow to read: it is an object
        self.session = Session(self.sessionSettings())
        if judged(self.isTrustedClient(), "isTrustedClient"):
            self.session.trust()
        self.local = self.local or self.localip

    def clientChanged(self) -> None:
        """Called when a trusted host has named another client. Judge it."""
        self.session.distrust()
        if judged(self.isTrustedClient(), "isTrustedClient"):
            self.session.trust()

    def mayDeclareClient(self) -> bool:
        """Return whether the host that has connected is in `xclient_from`."""
        declared = self.declaredClient
        host = self.peer if declared is None else declared.host
        return compiled(self.xclient_from, asClients).client(host) is not None

    def isTrustedClient(self) -> bool:
        """Return whether the settings say that the client may send to anybody."""
        return False

    def renewSettings(self) -> None:
        """Apply what is offered now to the session. Call it at EHLO, before the answer."""
        self.session.settings = self.sessionSettings()

    #: The settings on which offered() depends, as long as `xclient_from` names no hosts. If a class
    #: overrides offered() without saying this, offered() is called for each connection.
    offerDependsOn: ClassVar[tuple[str, ...]] = ("extensions", "starttls", "max_message_size")

    checkDependsOn: ClassVar[tuple[str, ...]] = ()  # the settings that checkSettings() reads

    def checkSettings(self) -> None:
        """Raise ValueError if settings contradict each other or have no meaning.

        It is called once for all connections with the same values of `checkDependsOn`.
        """

    _shared: ClassVar[DerivedValue[Settings | None] | None] = None  # made for the first handler

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        cls._shared = None
        definer = next(
            base for base in cls.__mro__ if vars(base).keys() & {"offered", "offerDependsOn"}
        )
        if "offerDependsOn" not in vars(definer):
            cls.offerDependsOn = ()

    def offered(self) -> tuple[frozenset[str], int]:
        """Return the extensions to offer, and the largest mail in octets."""
        extensions = frozenset(self.extensions)
        if self.starttls is not None:
            extensions |= {"STARTTLS"}
        if self.xclient_from and self.mayDeclareClient():
            extensions |= FOR_TRUSTED_HOSTS
        return extensions, self.max_message_size

    def sessionSettings(self) -> Settings:
        """Return the settings of a session; connections with the same values share them.

        Raises ValueError as checkSettings() does, and TypeError for a misspelt class attribute.
        """
        shared = self._shared
        if shared is None:
            kind = type(self)
            refuseMisspelt(kind)
            names = "xclient_from", *OF_SESSION, *kind.offerDependsOn, *kind.checkDependsOn
            shared = kind._shared = DerivedValue(kind._deriveSettings, *dict.fromkeys(names))
        return shared.of(self) or self._newSettings()

    def _deriveSettings(self) -> Settings | None:
        """Check the settings, and return those of a session; None if they depend on its client."""
        self.checkSettings()
        return self._newSettings() if self.offerDependsOn and not self.xclient_from else None

    def _newSettings(self) -> Settings:
        return sharedSettings(
            self.servername,
            self.serverid,
            self.esmtp,
            *self.offered(),
            self.max_recipients,
            self.max_errors,
            self.strict,
            self.normalize_bare_lf,
        )
