"""The settings, lists and store that the mail handlers of a process share.

Example usage
-------------
    greylist = Greylist(store="sqlite:/var/lib/kamaelia-grey/grey.db", v4=24, v6=64)

    class protocol(GreyListingPolicy):
        greylist = greylist

How does it work?
-----------------
A server replaces its Greylist to change the settings; new connections use the new one. The
store is opened at its first use, in the process that uses it. The entries that an administrator
adds at run time are in the store, and are read once a second if they have changed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from Kamaelia.Apps.Grey.Policy.BackgroundTask import BackgroundTask, release
from Kamaelia.Apps.Grey.Policy.BlockLists import BlockLists
from Kamaelia.Apps.Grey.Policy.ClientNetworks import ClientNetworks
from Kamaelia.Apps.Grey.Policy.RecipientDirectory import RecipientDirectory
from Kamaelia.Apps.Grey.Policy.StoreEntries import NO_ENTRIES, LiveEntries, compileEntries
from Kamaelia.Apps.Grey.Policy.SuspicionCheck import SuspicionCheck
from Kamaelia.Apps.Grey.Records.MailLog import HistoricalLines, Wording
from Kamaelia.Apps.Grey.Stores import openStore
from Kamaelia.Apps.Grey.Stores.Later import Later
from Kamaelia.Apps.Grey.Stores.Store import Store, StoreFailed
from Kamaelia.Support.Greylist.Conditions import Conditions
from Kamaelia.Support.Greylist.Keys import clientKey, recipientKey, senderKey
from Kamaelia.Support.Greylist.Lists import ListEntry, Lists
from Kamaelia.Support.Greylist.NetworkRate import NetworkRate
from Kamaelia.Support.Greylist.Rules import HOUR, NEVER_SEEN, Decision, Rules, Triple

LOG = logging.getLogger("Kamaelia.Apps.Grey")
REFRESH = 1.0  # seconds between two checks for changed entries

SIGNER = "dkim:"  # precedes the domain in the store, where clients have an address or a domain

EMPTY_LISTS = Lists()


class Greylist:
    """Greylist(**settings) -> settings, lists and store; each setting is an attribute.

    Raises ValueError for an unknown setting or an invalid value. Opens nothing.
    """

    store: str = "sqlite:greylist.db"  # see Stores.openStore
    rules = Rules()
    v4 = 32  # leading bits of an IPv4 address that identify a client
    v6 = 128  # the same for IPv6
    folds_senders = False  # ignore changing numbers in the addresses of mailing lists
    null_senders = "greylist"  # or "data", to decide at DATA, or "accept"
    on_failure = "copy"  # or "defer" or "accept", while the store fails
    copy: str = "memory:"  # of a store in Redis, which decides meanwhile; see Stores.openStore
    decide_at = "data"  # or "rcpt"
    allowed = EMPTY_LISTS  # clients and addresses that are neither denied nor greylisted
    denied = EMPTY_LISTS  # clients and addresses that are refused
    opted_out = EMPTY_LISTS  # recipients that are not greylisted
    conditions = Conditions()  # recipients, hours, and delays of recipients
    large_senders = EMPTY_LISTS  # not greylisted, because they retry from many addresses
    resolver: Any = None  # a Resolver, for verified names and SPF
    spf = False  # clients that SPF authorises for a domain count as one (RFC 7208)
    max_new_triples = 0  # from one network, per hour and process; 0: no limit
    suspicion: SuspicionCheck | None = None  # None: all strangers are greylisted
    recipients: RecipientDirectory | None = None  # asked first which recipients are known
    revokes = True  # a client is no longer regular after the real server has refused its mail
    block_lists: BlockLists | None = None  # whose clients are refused, in SMTP
    dry_run = False  # decide and log, but defer nothing
    tarpit: float = 0.0  # seconds before a reply that defers
    journal: Callable[[dict[str, Any]], None] | None = None  # called with each mail's record
    wording: Wording = HistoricalLines()  # of the log of mails, or PostfixLines
    # Returns the time in seconds. Not monotonic, because records are shared and outlive a process.
    clock: Callable[[], float] = staticmethod(time.time)

    def __init__(self, **settings: Any) -> None:
        unknown = [name for name in settings if not hasattr(Greylist, name) or name[0] == "_"]
        if unknown:
            raise ValueError(f"Greylist has no setting {', '.join(unknown)}")
        self.__dict__.update(settings)
        for name, words in CHOICES.items():
            if getattr(self, name) not in words:
                raise ValueError(
                    f"{name} must be one of {', '.join(words)}, not {getattr(self, name)!r}"
                )
        if self.spf and self.resolver is None:
            raise ValueError("spf needs a resolver")
        self._networks = ClientNetworks(self.v4)
        self._limit = NetworkRate(self.max_new_triples, HOUR)
        self._rulesAtLimit = replace(self.rules, addsTriples=False)
        self._signerRules = replace(self.rules, client_passes=1, addsTriples=False)
        self._opened: Store | None = None
        self._version: int | None = None
        self._refreshed = -REFRESH
        self._live = NO_ENTRIES
        self._reading: BackgroundTask[tuple[int, LiveEntries]] | None = None
        self.isFailing = False  # whether the store failed when it was last asked
        self._noteLists()

    # The store

    @property
    def opened(self) -> Store:
        """Return the store, after opening it in this process if needed. Raise StoreFailed."""
        store = self._opened
        if store is None or store.isInherited:
            copy = self.copy if self.on_failure == "copy" else ""
            store = self._opened = openStore(self.store, copy)
        return store

    def prepare(self, now: float) -> None:
        """Open the store, read its entries, and close it. Raise StoreFailed.

        So a server finds out before it starts whether the store works. Forked processes
        inherit the entries and open the store themselves.
        """
        try:
            self._opened = None
            store = self.opened
            entries = compileEntries(store.entries(), now, self.resolver is not None)
            self._takeEntries(store.entriesVersion(), entries)
        finally:
            self.close()

    def _reopenIfReplaced(self) -> None:
        """Open the store again if its file was deleted or moved. Raise StoreFailed."""
        store = self._opened
        if store is None or store.isInherited or not store.isReplaced():
            return
        self._opened = None
        LOG.warning("%r was deleted or moved away; opening it again", store)
        for name, by in store.abandon().items():
            self.opened.count(name, by)

    def inherit(self, before: Greylist) -> None:
        """Take over the open store of a previous Greylist, and the entries read from it."""
        for name in ("store", "copy", "_opened", "_live", "_version", "isFailing"):
            setattr(self, name, getattr(before, name))
        if self.recipients is not None and before.recipients is not None:
            self.recipients.inherit(before.recipients)
        self._limit = before._limit
        self._limit.most = self.max_new_triples
        self._noteLists()

    def close(self) -> Store | None:
        """Close the store and return it; return None if this process has none open."""
        store, self._opened = self._opened, None
        if store is None or store.isInherited:
            return None
        try:
            store.close()
        except StoreFailed as error:
            LOG.error("the last counters are lost: %s", error)
        return store

    def decide(self, triple: Triple, now: float, peer: str = "") -> Decision:
        """Return the decision of the rules, already stored. May raise Later or StoreFailed.

        peer: the address of the client, whose network may add `max_new_triples` per hour.
        """
        limit = self._limit
        rules = self._rulesAtLimit if limit.isReached(peer, now) else self.rules
        if self.conditions.hasDelays:
            rules = self.conditions.rulesFor(triple.recipient, rules)
        try:
            decision = self.opened.decide(triple, rules, now)
        except Later as later:
            later.future.add_done_callback(partial(self._countIfNew, peer, now))
            raise
        if decision.reason == NEVER_SEEN:
            limit.count(peer, now)
        return decision

    def _countIfNew(self, peer: str, now: float, answer: Any) -> None:
        if answer.cancelled() or answer.exception() is not None:
            return
        if answer.result().reason == NEVER_SEEN:
            self._limit.count(peer, now)

    def countDelivery(self, client: str, now: float) -> None:
        """Count a mail from a client that the real server has accepted."""
        try:
            self.opened.countDelivery(client, self.rules, now)
        except StoreFailed as error:
            self.failed(error)

    def isKnownSigner(self, domain: str, now: float) -> bool:
        """Return whether the real server has accepted mail that this domain had signed.

        May raise Later or StoreFailed.
        """
        triple = Triple(f"{SIGNER}{domain}", "", "")
        return self.opened.decide(triple, self._signerRules, now).isAccepted

    def countSigners(self, domains: Iterable[str], now: float) -> None:
        """Count a mail with the signatures of these domains that the real server has accepted."""
        try:
            for domain in domains:
                self.opened.countDelivery(f"{SIGNER}{domain}", self._signerRules, now)
        except StoreFailed as error:
            self.failed(error)

    def revokeSigners(self, domains: Iterable[str]) -> None:
        """Forget these domains, because the real server has refused a mail that they had signed."""
        try:
            for domain in domains if self.revokes else ():
                self.opened.revoke(f"{SIGNER}{domain}")
        except StoreFailed as error:
            self.failed(error)

    def revoke(self, client: str) -> None:
        """Forget that a client is regular, because the real server has refused a mail from it."""
        if not self.rules.client_passes or not self.revokes:
            return
        self.count("revocations")
        try:
            self.opened.revoke(client)
        except StoreFailed as error:
            self.failed(error)

    def failed(self, error: StoreFailed) -> bool:
        """Log the first of several failures; return whether mail is accepted without the store."""
        if not self.isFailing:
            what = "accepted" if self.on_failure == "accept" else "deferred"
            LOG.error("mails are %s while the store fails: %s", what, error)
        self.isFailing = True
        return self.on_failure == "accept"

    def answered(self) -> None:
        """Log that the store works again after a failure."""
        if self.isFailing:
            LOG.warning("the store works again")
            self.isFailing = False

    def count(self, *words: str) -> None:
        """Add one to the counter with these words, which all processes share."""
        self.countAll([words])

    def countAll(self, counters: Iterable[tuple[str, ...]]) -> None:
        """Add one to each of these counters, which are named as in count()."""
        try:
            self.opened.countAll(counters)
        except StoreFailed:
            """Without a store there are no counters."""

    # Lists and keys

    def triple(self, client: str, sender: str, recipient: str) -> Triple:
        """Return the triple for the rules; client: a key from clientKey() or SPF."""
        return Triple(client, senderKey(sender, self.folds_senders), recipientKey(recipient))

    def clientKey(self, peer: str) -> str:
        """Return the network of a client's address; other text is its own key."""
        try:
            return self._networks.keyOf(peer) or clientKey(peer, self.v4, self.v6)
        except ValueError:
            return peer

    def allows(
        self, peer: str, names: Iterable[str], remotename: str, sender: str, recipient: str
    ) -> str | None:
        """Return why this mail is not greylisted, or None. Always None unless `hasAllowed`."""
        if self.opted_out.recipient(recipient) is not None:
            return "opted out"
        if self.conditions.mayExempt:
            now = time.localtime(self.clock())
            reason = self.conditions.exempts(recipient, now.tm_hour * 60 + now.tm_min)
            if reason is not None:
                return reason
        for lists in self._allowing:
            if lists is self.large_senders:
                if lists.client(peer, names):
                    return "large sender"
                continue
            found = _found(lists, peer, names, sender, recipient)
            found = found or lists.triple(peer, remotename, sender, recipient)
            if found is not None:
                return f"allowed: {found}"
        return None

    def allowsClient(self, peer: str, names: Iterable[str]) -> bool:
        """Return whether a client is in an allow list."""
        return any(lists.client(peer, names) is not None for lists in self._allowing)

    def denies(self, peer: str, names: Iterable[str], sender: str, recipient: str) -> str | None:
        """Return why this mail is refused, or None. Always None unless `hasDenied`.

        An allow entry takes precedence over a deny entry of the same origin.
        """
        mail = (peer, names, sender, recipient)
        live = (self._live.lists["allow"], self._live.lists["deny"])
        for allowed, denied in (live, (self.allowed, self.denied)):
            if allowed and _found(allowed, *mail) is not None:
                return None
            if denied and (found := _found(denied, *mail)) is not None:
                return f"denied: {found}"
        return None

    def _noteLists(self) -> None:
        """Note which lists have entries, so that empty ones are not searched."""
        allowing = (self.large_senders, self.allowed, self._live.lists["allow"])
        denying = (self.denied, self._live.lists["deny"])
        self._allowing = [each for each in allowing if each]
        self.hasAllowed = bool(self._allowing or self.opted_out or self.conditions.mayExempt)
        self.hasDenied = any(denying)
        named = any(each.hasNames for each in (*allowing, self.opted_out, *denying))
        self.asksForNames = named and self.resolver is not None  # verified names are needed

    def refresh(self, now: float) -> None:
        """Read the entries in the store if an administrator has changed them.

        Many entries are read and compiled in a thread; until it is done, the old ones apply.
        """
        if self._reading is not None and self._reading.isDone:
            self._takeReading(self._reading)
        if 0 <= now - self._refreshed < REFRESH:
            return
        self._refreshed = now
        try:
            self._reopenIfReplaced()
            version = self.opened.entriesVersion()
            if version != self._version or now >= self._live.until:
                self._readEntries(version, now)
        except StoreFailed as error:
            self._keepEntries(error)

    def _readEntries(self, version: int, now: float) -> None:
        store, hasResolver = self.opened, self.resolver is not None
        if self._version is None or not store.hasManyEntries():
            self._takeEntries(version, compileEntries(store.entries(), now, hasResolver))
        elif self._reading is None:

            def read() -> tuple[int, LiveEntries]:
                entries = store.readEntries()
                live = compileEntries(entries, now, hasResolver)
                release(entries)
                return version, live

            self._reading = BackgroundTask(read)

    def _takeReading(self, reading: BackgroundTask[tuple[int, LiveEntries]]) -> None:
        self._reading = None
        try:
            self._takeEntries(*reading.result())
        except StoreFailed as error:
            self._keepEntries(error)

    def _keepEntries(self, error: StoreFailed) -> None:
        """Keep the entries that were read before; decisions may fail as well."""
        if self._opened is None or not self._opened.isIndependent:
            self.failed(error)

    def _takeEntries(self, version: int, live: LiveEntries) -> None:
        self._version, self._live = version, live
        self._noteLists()


CHOICES = {
    "null_senders": ("greylist", "data", "accept"),
    "on_failure": ("copy", "defer", "accept"),
    "decide_at": ("data", "rcpt"),
}


def _found(
    lists: Lists, peer: str, names: Iterable[str], sender: str, recipient: str
) -> ListEntry | None:
    return lists.client(peer, names) or lists.sender(sender) or lists.recipient(recipient)
