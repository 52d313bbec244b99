"""What a mail handler knows of its client, and how it is set up: attributes over a Session."""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from typing import Any

from Kamaelia.Support.Greylist.Answers import judged
from Kamaelia.Support.Protocol.SMTP.CommandLog import CommandLog
from Kamaelia.Support.Protocol.SMTP.Session import Session
from Kamaelia.Support.Protocol.SMTP.Settings import OFFERED_BY_DEFAULT, Settings


def ofSession(name: str, meaning: str) -> Any:
    """An attribute of the handler that its session keeps."""

    def put(handler: Any, value: Any) -> None:
        setattr(handler.session, name, value)

    return property(attrgetter(f"session.{name}"), put, doc=meaning)


@lru_cache(maxsize=64)
def sharedSettings(**settings: Any) -> Settings:
    """One object for all connections that are set up alike: answers are cached in it."""
    return Settings(**settings)


class SessionState:
    """The settings of a mail handler, and its state under the historical names."""

    peer = ""
    peerport = 0
    localip = ""
    localport = 0
    local: Any = ""  # the address to which the client connected

    servername = "localhost"
    serverid = "Kamaelia"
    esmtp = True
    extensions: Any = OFFERED_BY_DEFAULT
    starttls: Any = None  # an SSLContext with a certificate; True: the server's own
    max_message_size = Settings.max_message_size  # octets
    max_recipients = Settings.max_recipients
    max_errors = Settings.max_errors
    strict = Settings.strict  # whether a mistake closes the connection
    normalize_bare_lf = Settings.normalize_bare_lf  # of trusted clients; see isTrustedClient

    session: Session
    inbox_log: CommandLog  # the lines of the client's commands, in order
    mailStatus = ""  # ACCEPTED, DEFERRED or REFUSED, once it is decided

    remotename = ofSession("remotename", "what the client called itself")
    sender = ofSession("sender", "of the mail under way, with its brackets")
    recipients = ofSession("recipients", "those accepted so far, with their brackets")
    seenHelo = ofSession("seenHelo", "HELO or EHLO has been accepted")
    seenMail = ofSession("seenMail", "a sender has been accepted")
    seenRcpt = ofSession("seenRcpt", "a recipient has been accepted")
    acceptingMail = ofSession("acceptingMail", "policy has said yes to the mail under way")
    breakConnection = ofSession("breakConnection", "nothing more is heard: it closes")

    @property
    def gettingdata(self) -> bool:
        """The text of a mail is under way, or about to begin."""
        return self.session.gettingdata

    @gettingdata.setter
    def gettingdata(self, isGetting: bool) -> None:
        if isGetting and not self.session.gettingdata:
            self.session.do("DATA", ["DATA"])
        elif not isGetting:
            self.session.gettingdata = False

    def beginSession(self) -> None:
        """Make the session, with the settings as they are now."""
        self.session = Session(self.sessionSettings())
        if judged(self.isTrustedClient(), "isTrustedClient"):
            self.session.trust()
        self.local = self.local or self.localip

    def isTrustedClient(self) -> bool:
        """Return whether the settings say that the client may send to anybody."""
        return False

    def renewSettings(self) -> None:
        """Apply what is offered now to the session. Call it at EHLO, before the answer."""
        self.session.settings = self.sessionSettings()

    def offered(self) -> tuple[frozenset[str], int]:
        """Return the extensions to offer, and the largest mail in octets."""
        extensions = frozenset(self.extensions)
        if self.starttls is not None:
            extensions |= {"STARTTLS"}
        return extensions, self.max_message_size

    def sessionSettings(self) -> Settings:
        """Return the settings of a session; all connections that are set up alike share them."""
        extensions, size = self.offered()
        return sharedSettings(
            servername=self.servername,
            serverid=self.serverid,
            esmtp=self.esmtp,
            extensions=extensions,
            max_message_size=size,
            max_recipients=self.max_recipients,
            max_errors=self.max_errors,
            strict=self.strict,
            normalize_bare_lf=self.normalize_bare_lf,
        )
