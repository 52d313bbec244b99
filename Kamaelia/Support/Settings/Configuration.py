"""The configuration of Kamaelia Grey, read from TOML.

Example usage::

    >>> configuration = parse('[forward]\\nallowed_domains = ["example.org"]')
    >>> configuration.greylist.min_defer_time, configuration.limits.max_recipients
    (300.0, 1000)
    >>> parse('[limits]\\nmax_recipient = 5')
    Traceback (most recent call last):
    ConfigurationError: allowed_domains in [forward] is missing: name the domains ...
    line 2: unknown setting `max_recipient` in [limits]: did you mean max_recipients?

How does it work?

A section is a frozen dataclass in Sections, and a setting is a row in it. parse() reads the text by
these rows and raises all mistakes at once. A setting that is left out has its default. ExampleFile
writes the example and the reference from the same rows.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import combinations
from typing import Any

from Kamaelia.Support.Greylist.Conditions import parseDelay, rulesWith
from Kamaelia.Support.Greylist.Rules import Rules
from Kamaelia.Support.Mistakes import Mistake, MistakesFound
from Kamaelia.Support.Networks import parseNetwork
from Kamaelia.Support.Settings import Sections
from Kamaelia.Support.Settings.DelegationSections import MilterSection, PolicySection
from Kamaelia.Support.Settings.LimitsSection import BLOCKS, RATES, LimitsSection
from Kamaelia.Support.Settings.SectionReader import SectionReader
from Kamaelia.Support.Settings.SuspicionSection import SuspicionSection
from Kamaelia.Support.Settings.TLSRules import mistakeOfTLS
from Kamaelia.Support.Settings.TomlLines import Place, placesOf

# The settings in [server] that are attributes of a mail handler with the same names.
SERVER_SETTINGS = (
    "relay",
    "smtp_helo",
    "smtp_tls",
    "smtp_idle_connections",
    "smtp_idle_time",
    "smtp_max_mails",
)
# The sections of services that other mail servers ask.
DELEGATES = ("policy", "milter")
FORGOTTEN = (
    "allowed_domains in [forward] is missing: name the domains whose mail is accepted, or write"
    " allowed_domains = [] for none"
)
WHERE = re.compile(r" \((?:at line (\d+), column \d+|at end of document)\)$")
# ruff: noqa: RUF009 - sections are frozen, so they can be shared
Contradiction = tuple[str, ...]


class ConfigurationError(MistakesFound):
    """The error for an invalid configuration; `mistakes` has each with line and remedy."""


@dataclass(frozen=True)
class Configuration:
    """All sections. A configuration in TOML must also set allowed_domains."""

    name: Sections.NameSection = Sections.NameSection()
    listen: Sections.ListenSection = Sections.ListenSection()
    policy: PolicySection = PolicySection()
    milter: MilterSection = MilterSection()
    server: Sections.ServerSection = Sections.ServerSection()
    forward: Sections.ForwardSection = Sections.ForwardSection()
    greylist: Sections.GreylistSection = Sections.GreylistSection()
    suspicion: SuspicionSection = SuspicionSection()
    allow: Sections.AllowSection = Sections.AllowSection()
    deny: Sections.DenySection = Sections.DenySection()
    store: Sections.StoreSection = Sections.StoreSection()
    log: Sections.LogSection = Sections.LogSection()
    metrics: Sections.MetricsSection = Sections.MetricsSection()
    limits: LimitsSection = LimitsSection()

    @property
    def hasProxy(self) -> bool:
        """Whether there is a server for SMTP; otherwise only other mail servers ask."""
        return bool(self.listen.addresses)

    @property
    def delegates(self) -> dict[str, PolicySection | MilterSection]:
        """The sections of the services that other mail servers ask, by name, if they are used."""
        return {name: each for name in DELEGATES if (each := getattr(self, name)).addresses}

    @property
    def certificates(self) -> tuple[tuple[str, str], ...]:
        """All certificates for STARTTLS with their keys, the default one first."""
        listen = self.listen
        first = (listen.tls_certificate, listen.tls_key)
        return (first, *listen.tls_more_certificates) if all(first) else ()

    def rules(self) -> Rules:
        """Return the rules of greylisting. Raise ValueError if no mail could ever pass."""
        names = [each.name for each in fields(Rules) if hasattr(self.greylist, each.name)]
        return Rules(**{name: getattr(self.greylist, name) for name in names})

    def handlerSettings(self, hostname: str = "localhost") -> dict[str, Any]:
        """Return the attributes of a mail handler. `hostname` is the default of servername."""
        settings = {name: getattr(section, name) for section, name in self._shared()}
        settings["servername"] = self.name.servername or hostname
        settings["extensions"] = frozenset(self.listen.extensions)
        settings["smtp_timeouts"] = dict(self.server.smtp_timeouts)
        settings["client_timeouts"] = dict(self.limits.client_timeouts)
        settings["logfile"] = self.log.logfile or None
        settings["debuglogfile"] = self.log.debuglogfile or None
        return settings

    def _shared(self) -> Iterator[tuple[Any, str]]:
        yield self.name, "serverid"
        names = [each.name for each in fields(self.limits)]
        yield from ((self.limits, name) for name in names if name not in (*RATES, *BLOCKS))
        yield from ((self.listen, name) for name in ("esmtp", "strict", "xclient_from"))
        yield self.forward, "normalize_bare_lf"
        yield from ((self.server, name) for name in SERVER_SETTINGS)

    def contradictions(self) -> Iterator[Contradiction]:
        """Yield (description, section, *settings) for settings that contradict each other."""
        try:
            self.rules()
        except ValueError as error:
            yield str(error), "greylist", "min_defer_time", "max_defer_time", "too_soon"
        else:
            yield from self._contradictionsOfDelays()
        for network in self.forward.allowed_sender_nets:
            if parseNetwork(network).prefixlen == 0:
                what = (
                    f"{network} in allowed_sender_nets makes an open relay: name your own networks"
                )
                yield what, "forward", "allowed_sender_nets"
        if self.store.url == "memory:" and self.listen.workers > 1:
            what = "several workers cannot share a store in memory: choose another, or workers = 1"
            yield what, "store", "url"
        server = self.server
        found = mistakeOfTLS(server.smtp_tls, server.smtp_tls_ca, server.smtp_tls_name)
        if found is not None:
            what, name = found
            yield what, "server", name
        yield from self._contradictionsOfAddresses()

    def _contradictionsOfDelays(self) -> Iterator[Contradiction]:
        for text in self.greylist.delays:
            recipient, delay = parseDelay(text)
            try:
                rulesWith(delay, self.rules())
            except ValueError as error:
                yield f"{recipient} in delays: {error}", "greylist", "delays"

    def _contradictionsOfAddresses(self) -> Iterator[Contradiction]:
        certificate, key = self.listen.tls_certificate, self.listen.tls_key
        if bool(certificate) != bool(key):
            missing, given = ("tls_key", "tls_certificate")[:: 1 if certificate else -1]
            yield f"{missing} in [listen] is missing: STARTTLS needs both", "listen", given
        if self.listen.tls_more_certificates and not certificate:
            what = "tls_certificate in [listen] is missing: write the first certificate there"
            yield what, "listen", "tls_more_certificates"
        for section in ("listen", "server", *DELEGATES):
            addresses = getattr(self, section).addresses
            if not addresses and self._needsAddresses(section):
                yield f"addresses in [{section}] is empty: name at least one", section, "addresses"
            elif len(set(addresses)) < len(addresses):
                yield (
                    f"addresses in [{section}] has an address twice: remove one",
                    section,
                    "addresses",
                )
        sections = ("listen", *self.delegates)
        for before, section in combinations(sections, 2):
            both = {*getattr(self, before).addresses} & {*getattr(self, section).addresses}
            for address in sorted(both):
                if address.path or address.port:  # otherwise any free port: another one for each
                    what = f"{address} is also in [{before}]: each service needs its own"
                    yield what, section, "addresses"
        for address in sorted(set(self.listen.addresses) & set(self.server.addresses)):
            what = f"{address} is also in [listen]: mail would loop"
            yield what, "server", "addresses"

    def _needsAddresses(self, section: str) -> bool:
        isOnly = section == "listen" and not self.delegates
        isAsked = self.hasProxy or self.server.recipients == "ask"
        return isOnly or (section == "server" and isAsked)


def sectionsOf() -> dict[str, type]:
    """Return the class of each section by name."""
    return {each.name: type(each.default) for each in fields(Configuration)}


def parse(text: str, source: str = "") -> Configuration:
    """Return the configuration in a TOML text. Raise ConfigurationError with all mistakes."""
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError([_notToml(error, text, source)]) from None
    return configurationOf(tables, placesOf(text), source)


def configurationOf(
    tables: Mapping[str, Any], places: Mapping[Place, int], source: str = ""
) -> Configuration:
    """Return the configuration in parsed tables, whose lines are in `places`."""
    hasNoProxy = _hasNoProxy(tables)
    if hasNoProxy:
        tables = {**tables, "listen": {"addresses": [], **tables.get("listen", {})}}
    reading = SectionReader(sectionsOf(), tables, places, source)
    forward = tables.get("forward", {})
    isForgotten = isinstance(forward, dict) and "allowed_domains" not in forward
    if isForgotten and not hasNoProxy:
        reading.note(FORGOTTEN, "forward")
    configuration = Configuration(**reading.values)
    # Invalid settings have their defaults, so contradictions would be misleading.
    for what, section, *names in () if reading.mistakes else configuration.contradictions():
        reading.note(what, section, *[name for name in names if (section, name) in places][:1])
    if reading.mistakes:
        raise ConfigurationError(reading.mistakes)
    return configuration


def _hasNoProxy(tables: Mapping[str, Any]) -> bool:
    """Return whether the tables describe services for mail servers and no server for SMTP."""
    listen, others = tables.get("listen", {}), [tables.get(name) for name in DELEGATES]
    if not isinstance(listen, dict) or listen.get("addresses"):
        return False
    server = tables.get("server")
    isOnlyAsked = isinstance(server, dict) and server.get("recipients") == "ask"
    if server is not None and not isOnlyAsked and listen.get("addresses") is None:
        return False
    return any(isinstance(each, dict) and each.get("addresses") for each in others)


def _notToml(error: Exception, text: str, source: str) -> Mistake:
    message = str(error)
    where = WHERE.search(message)
    if isinstance(error, RecursionError):
        message = "brackets are nested too deeply"
    elif where is not None:
        message = message[: where.start()]
    line = int(where[1] or text.count("\n") + 1) if where is not None else 0
    return Mistake(f"this is not TOML: {message}", source, line)
