"""Greylisting: a mail from an unknown sender is deferred, and accepted when it is tried again.

Example usage
-------------
    class GreyLister(ServerCore):
        class protocol(GreyListingPolicy):
            smtp_ip, smtp_port = "192.168.2.9", 8025
            allowed_sender_nets = ["192.168.2"]     # may send to anybody
            allowed_domains = ["example.org"]       # for which mail is accepted

    GreyLister(port=25).run()

How does it work?
-----------------
This class answers the two questions of StrictMailHandler. It checks, in this order: whether the
client may send to anybody (then nothing else is checked), whether each recipient's domain is one
of ours, and for each recipient whether it is whitelisted (whiteListed) or has passed greylisting
(isGreylisted). A mail is accepted only if every recipient is. All recipients are checked, so
that the waiting time of each starts. At RCPT, a recipient that is not ours is refused
permanently. With decide_at = "rcpt", greylisting decides at RCPT about each recipient alone.

Termination: as MailHandler.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from Axon.Component import component
from Kamaelia.Apps.Grey.Backend.RecipientInquiry import inquiriesFor
from Kamaelia.Apps.Grey.Policy.BlockLists import refusalFor
from Kamaelia.Apps.Grey.Policy.CompiledSettings import (
    asClients,
    asDomains,
    asHeloTriples,
    asTriples,
    compiled,
)
from Kamaelia.Apps.Grey.Policy.PolicyAnswers import after
from Kamaelia.Apps.Grey.Policy.PolicyHooks import answersAtOnce
from Kamaelia.Apps.Grey.RecipientDecision import (
    decide,
    decideOnText,
    nameOf,
    refusalOfUnknown,
)
from Kamaelia.Apps.Grey.RecordedMailHandler import RecordedMailHandler
from Kamaelia.Apps.Grey.Records.MailNotes import (
    ACCEPTED,
    REFUSED,
)
from Kamaelia.Apps.Grey.Stores.Later import Later
from Kamaelia.Apps.Grey.StrictMailHandler import statusOf
from Kamaelia.Support.Greylist.Keys import domainOf
from Kamaelia.Support.Protocol.SMTP.InputParser import TextEnded
from Kamaelia.Support.Protocol.SMTP.Reply import POLICY_FAILED

POSTMASTER = "<postmaster>"  # every server accepts mail for it (RFC 5321 section 4.5.1)


class GreyListingPolicy(RecordedMailHandler):
    """GreyListingPolicy(**settings) -> the greylisting proxy for one client.

    allowed_senders: addresses, and allowed_sender_nets: networks (in CIDR, or
    their first octets), that may send to anybody. allowed_domains: those for which
    mail from any client is accepted. whitelisted_triples: (address, sender,
    recipient), and whitelisted_nonstandard_triples: (name in HELO, network,
    recipient), with the brackets of addresses or without, are not greylisted.
    greylist: the Greylist with the other settings; a class without one creates one.
    """

    allowed_senders: Any = []
    allowed_sender_nets: Any = []
    allowed_domains: Any = []
    whitelisted_triples: Any = []
    whitelisted_nonstandard_triples: Any = []

    _textEnd: TextEnded | None = None  # while the text of a mail is judged
    _listing: asyncio.Future[str] | None = None  # the block list that has the client

    def isTrustedClient(self) -> bool:
        try:
            return self._isClientIn(self.allowed_senders) or self._isClientIn(
                self.allowed_sender_nets
            )
        except ValueError:  # a mistake in a list, which the policy reports
            return False

    # What policy asks; a subclass may override each

    @answersAtOnce
    def sentFromAllowedIPAddress(self) -> bool:
        """Return whether the client's address may send to anybody."""
        return self._isClientIn(self.allowed_senders)

    @answersAtOnce
    def sentFromAllowedNetwork(self) -> bool:
        """Return whether the client's network may send to anybody."""
        return self._isClientIn(self.allowed_sender_nets)

    def _isClientIn(self, setting: Any) -> bool:
        return bool(setting) and compiled(setting, asClients).client(self.peer) is not None

    @answersAtOnce
    def sentToADomainWeForwardFor(self) -> bool:
        """Return whether the domains of all `recipients` are ours."""
        ours = compiled(self.allowed_domains, asDomains)
        for each in self.recipients:
            if ours.find(domainOf(each)) is None and each.lower() != POSTMASTER:
                return False
        return True

    @answersAtOnce
    def whiteListed(self, recipient: str) -> bool:
        """Return whether a mail to `recipient` is accepted without greylisting."""
        reason: str | None = None
        if self._isExemptNullSender():
            reason = "null sender"
        elif self._isInTriples(recipient):
            reason = "whitelisted triple"
        elif self.greylist.hasAllowed:
            names = self.verifiedNames()
            reason = self.greylist.allows(self.peer, names, self.remotename, self.sender, recipient)
        if reason is not None:
            self.notes.note(recipient, ACCEPTED, reason)
        return reason is not None

    def _isInTriples(self, recipient: str) -> bool:
        if not (self.whitelisted_triples or self.whitelisted_nonstandard_triples):
            return False
        mail = (self.peer, self.remotename, self.sender, recipient)
        for setting, compile_ in (
            (self.whitelisted_triples, asTriples),
            (self.whitelisted_nonstandard_triples, asHeloTriples),
        ):
            if setting and compiled(setting, compile_).triple(*mail) is not None:
                return True
        return False

    def isGreylisted(self, recipient: str) -> bool:
        """Return True if `recipient` has PASSED greylisting, and False if it is deferred.

        The historical name suggests the opposite; subclasses rely on it.
        """
        return decide(self, recipient).isAccepted

    def verifiedNames(self) -> list[str]:
        """Return the client's name, if a list needs it and the DNS maps it back to the client."""
        if not self.greylist.asksForNames:
            return []
        self.peername = nameOf(self)
        return [self.peername] if self.peername else []

    @property
    def hasTLS(self) -> bool | None:
        """Whether the session is encrypted; None if TLS is not offered."""
        return None if self.starttls is None else self.session.isEncrypted

    hasCertificate = False  # clients are not asked for one

    @property
    def seesText(self) -> bool:
        """Whether the text is known before the real server gets the mail."""
        return self.relay == "replay"

    # The two questions

    @answersAtOnce
    def shouldWeAcceptRecipient(self, recipient: str) -> bool:
        if recipient != self.notes.greylisted:  # otherwise it is asked again, with an answer
            isAccepted = self._decideAtOnce(recipient)
            if isAccepted is not None:
                return isAccepted
            self.notes.greylisted = recipient
        if self.isGreylisted(recipient):
            return True
        self.waitInTarpit()
        self.deferRecipient(recipient)
        return False

    def _decideAtOnce(self, recipient: str) -> bool | None:
        """Return the answer at RCPT; None if greylisting decides."""
        if self._isTrusted():
            return True
        self.greylist.refresh(self.greylist.clock())
        refusal = self._refusalOf(recipient)
        if refusal is not None:
            self.notes.note(recipient, REFUSED, refusal)
            return False
        isLeft = self.greylist.decide_at == "data" or self._isDecidedAtData()
        isAccepted = isLeft or self.whiteListed(recipient) or None
        if isAccepted and self.relay == "live":  # then the real server is asked next
            return True
        unknown = refusalOfUnknown(self, recipient)
        if unknown is not None:
            self.mailStatus = statusOf(unknown)
            self.notes.noteUnknown(recipient, unknown)
            self.answer(unknown)
            return False
        return isAccepted

    @answersAtOnce
    def shouldWeAcceptMail(self) -> bool:
        if self._isTrusted():
            return True
        if not self.sentToADomainWeForwardFor():
            return False
        if self.greylist.decide_at == "rcpt" and not self._isDecidedAtData():
            return True
        isAccepted = self._haveAllPassed()
        if not isAccepted:
            self.waitInTarpit()
        return isAccepted

    def _haveAllPassed(self) -> bool:
        """Ask about all recipients, and only then wait for answers that come later."""
        passed, due = True, None
        for each in self.recipients:
            try:
                passed &= self.whiteListed(each) or self.isGreylisted(each)
            except Later as later:
                due = later
        if due is not None:
            raise due
        return passed

    def endMail(self, event: TextEnded) -> None:
        """Decide about the recipients that were left to the text; then go on."""
        isDecided = not self.notes.leftToText or event.refusal is not None
        if isDecided or self.textFailure() is not None:
            super().endMail(event)
        else:
            self._textEnd = event
            self.ask(self.shouldWeAcceptText, self._textIsJudged)

    def shouldWeAcceptText(self) -> bool:
        """Called after the text if DKIM may change the decision. False: try again later."""
        suspicion = self.greylist.suspicion
        most = 0 if suspicion is None or suspicion.dkim is None else suspicion.dkim.most
        decisions = decideOnText(self, self.keptText(most))
        isAccepted = all(each.isAccepted for each in decisions)
        if not isAccepted:
            self.waitInTarpit()
        return isAccepted

    def _textIsJudged(self, isAccepted: bool) -> None:
        event, self._textEnd = self._textEnd, None
        if isAccepted and event is not None:
            super().endMail(event)
        else:
            self.settle(self.notes.deferral(self.notes.leftToText, closes=False))

    def policyFailed(self) -> None:
        if self._textEnd is None:
            super().policyFailed()
        else:
            self._textEnd = None
            self.settle(POLICY_FAILED)

    def waitInTarpit(self) -> None:
        """Wait before the answer that defers a client, if `tarpit` says so."""
        seconds = self.greylist.tarpit
        if seconds:
            self.answerTo("tarpit", after, seconds, extra=seconds)

    def deferRecipient(self, recipient: str) -> None:
        """Tell the client to try a recipient again later; it may name others now."""
        self._defer([recipient], closes=False)

    def deferMail(self) -> None:
        """Tell the client to try the mail again later."""
        self._defer(self.recipients, closes=True)

    def _defer(self, recipients: list[str], closes: bool) -> None:
        self.mailStatus = "DEFERRED"
        self.answer(self.notes.deferral(recipients, closes))

    def _isTrusted(self) -> bool:
        return self.sentFromAllowedIPAddress() or self.sentFromAllowedNetwork()

    def _refusalOf(self, recipient: str) -> str | None:
        if not self._isOurs(recipient):
            return "relaying denied"
        names = self.verifiedNames()  # which the real server may be told
        if not self.greylist.hasDenied:
            return None
        return self.greylist.denies(self.peer, names, self.sender, recipient)

    def _isOurs(self, recipient: str) -> bool:
        """Return what sentToADomainWeForwardFor() answers for this recipient alone."""
        session = self.session
        recipients, session.recipients = session.recipients, [recipient]
        try:
            return self.sentToADomainWeForwardFor()
        finally:
            session.recipients = recipients

    def _isExemptNullSender(self) -> bool:
        return self.greylist.null_senders == "accept" and self.sender == "<>"

    def _isDecidedAtData(self) -> bool:
        """Return whether RCPT is left to the real server: null senders test recipients there."""
        return self.greylist.null_senders == "data" and self.sender == "<>"

    @classmethod
    def companions(cls) -> list[component]:
        """Return the components that this handler needs beside it: also those that ask servers."""
        greylist = getattr(cls, "greylist", None)
        directory = None if greylist is None else greylist.recipients
        return [*super().companions(), *inquiriesFor(directory, cls)]

    # Block lists

    def handleConnect(self) -> None:
        hasLists = self.greylist.block_lists is not None
        if hasLists and not self.session.settings.offers("XCLIENT"):  # it may name the client
            self.askBlockLists()
        super().handleConnect()

    def beginEnvelope(self, command: list[str]) -> None:
        if self.greylist.block_lists is None or not self.seenHelo or self._isTrusted():
            super().beginEnvelope(command)
        else:
            then = partial(self._clientIsJudged, command)
            self.ask(self.mayClientSend, then)

    def askBlockLists(self) -> Any:
        """Begin to ask the block lists about the client, and return the future answer."""
        lists = self.greylist.block_lists
        if self._listing is None and lists is not None and not self._isTrusted():
            self._listing = asyncio.ensure_future(lists.listing(self.peer))
        return self._listing

    def mayClientSend(self) -> bool:
        """Return False after refusing a client that is in a block list and in no allow list."""
        greylist, future = self.greylist, self.askBlockLists()
        if greylist.hasAllowed and greylist.allowsClient(self.peer, self.verifiedNames()):
            return True
        if not future.done():
            raise Later(future)
        zone: str = future.result()
        if zone:
            self.answer(refusalFor(self.peer, zone))
        return not zone

    def _clientIsJudged(self, command: list[str], maySend: bool) -> None:
        super().beginEnvelope(command)

    def clientChanged(self) -> None:
        self._forgetListing()
        super().clientChanged()

    def cleanUp(self) -> None:
        if self._listing is not None:
            self._forgetListing()
        super().cleanUp()

    def _forgetListing(self) -> None:
        if self._listing is not None:
            self._listing.cancel()
            self._listing = None


__kamaelia_components__ = (GreyListingPolicy,)
