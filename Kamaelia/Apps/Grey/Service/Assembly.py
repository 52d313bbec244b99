"""Creates the parts of a server from its configuration: Greylist, handlers, TLS and sockets.

Example usage
-------------
    built = build(Path("/etc/kamaelia-grey.toml"))
    ServerCore(protocol=built.protocol, sockets=openAll(built.configuration.listen.addresses)).run()

How does it work?
-----------------
All mistakes in a configuration and its files are found here, before the server starts.
MistakesFound contains each of them, with file and line.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from Kamaelia.Apps.Grey.Delegation.PolicyService import LastStage, PolicyService
from Kamaelia.Apps.Grey.GreyListingPolicy import GreyListingPolicy
from Kamaelia.Apps.Grey.Policy.BlockLists import BlockLists
from Kamaelia.Apps.Grey.Policy.DKIMCheck import DKIMCheck
from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Apps.Grey.Policy.RecipientDirectory import RecipientDirectory
from Kamaelia.Apps.Grey.Policy.SuspicionCheck import SuspicionCheck
from Kamaelia.Apps.Grey.Records.LogFiles import mayAppend, note
from Kamaelia.Apps.Grey.Records.MailLog import jsonLine
from Kamaelia.Apps.Grey.Records.PostfixLog import PostfixLines
from Kamaelia.Apps.Grey.Session.ClientRates import ClientRates
from Kamaelia.Apps.Grey.Stores import checkSetting
from Kamaelia.Apps.Grey.Support import packaged, readConfiguration
from Kamaelia.Apps.Grey.System.FileAccess import checkRegular, readRegular
from Kamaelia.Apps.Grey.System.ServerCertificates import contextOf
from Kamaelia.Apps.Grey.System.TLSContext import contextFor
from Kamaelia.Internet.ListeningSockets import closeAll, openPath, openSockets
from Kamaelia.Support.Greylist.Conditions import Conditions
from Kamaelia.Support.Greylist.Lists import ListEntry, Lists, entriesOf
from Kamaelia.Support.Greylist.Senders import largeSenders
from Kamaelia.Support.Greylist.Suspicion import checksFor
from Kamaelia.Support.Mistakes import Mistake, MistakesFound
from Kamaelia.Support.Protocol.PolicyDelegation import END
from Kamaelia.Support.Settings.Configuration import Configuration
from Kamaelia.Support.Settings.LimitsSection import RATES, LimitsSection
from Kamaelia.Support.Settings.Sections import ServerSection
from Kamaelia.Support.Settings.SuspicionSection import SuspicionSection, weightsOf
from Kamaelia.Support.Settings.Values import SocketAddress

WHO_MAY_SEND = ("allowed_domains", "allowed_sender_nets", "allowed_senders")
SENDERS = "senders.txt"  # comes with the package


class Built(NamedTuple):
    """The parts of a server that its configuration describes."""

    configuration: Configuration
    greylist: Greylist
    protocol: Any  # the class of handlers
    tls: ssl.SSLContext | None  # for STARTTLS with clients
    delegates: dict[str, PolicyService]  # what the connections of mail servers share, by section


def build(file: Path, **more: Any) -> Built:
    """Return all parts; `more` has further attributes of the handlers. Raise MistakesFound."""
    configuration = read(file)
    greylist = greylistOf(configuration)
    protocol = protocolOf(configuration, greylist, **more)
    if configuration.log.format == "postfix":
        greylist.wording = PostfixLines(protocol.servername)
    about = (configuration, greylist, protocol.servername)
    delegates = {name: delegateOf(name, *about) for name in configuration.delegates}
    return Built(configuration, greylist, protocol, serverTLS(configuration), delegates)


def read(file: Path) -> Configuration:
    """Return the configuration in a file, in TOML or the historical form. Raise MistakesFound."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise mistake(f"{file} cannot be read: {error}") from None
    return readConfiguration(text, str(file))


def greylistOf(configuration: Configuration) -> Greylist:
    """Return the rules, lists and store, which is not opened yet. Raise MistakesFound."""
    settings, store = configuration.greylist, configuration.store
    names = ["spf", "decide_at", "null_senders", "tarpit", "max_new_triples", "dry_run"]
    mistakes: list[Mistake] = []
    lists = {
        "allowed": _listsOf(configuration.allow, mistakes),
        "denied": _listsOf(configuration.deny, mistakes),
        "opted_out": Lists(recipients=[*settings.opt_out, *(f"{x}@*" for x in settings.exempt)]),
    }
    try:
        checkSetting(store.url)
    except ValueError as error:
        mistakes.append(Mistake(f"`url` in [store]: {error}"))
    if mistakes:
        raise MistakesFound(mistakes)
    resolver = _resolverFor(configuration)
    return Greylist(
        store=store.url,
        on_failure=store.on_failure,
        copy=store.copy,
        rules=configuration.rules(),
        v4=settings.network_v4,
        v6=settings.network_v6,
        folds_senders=settings.fold_senders,
        large_senders=_largeSenders() if settings.large_senders else Lists(),
        resolver=resolver,
        conditions=Conditions(settings.opt_in, settings.hours, settings.delays),
        suspicion=_suspicionOf(configuration, resolver),
        block_lists=_blockListsOf(configuration.limits, resolver),
        revokes=settings.revoke,
        recipients=_directoryOf(configuration.server),
        **lists,
        **{name: getattr(settings, name) for name in names},
    )


def protocolOf(configuration: Configuration, greylist: Greylist, **more: Any) -> Any:
    """Return the class of the handlers. `more` has attributes beyond the configuration."""
    server = configuration.server
    hostname = "" if configuration.name.servername else socket.getfqdn()  # requires DNS
    attributes = configuration.handlerSettings(hostname)
    forward = configuration.forward
    attributes |= {name: list(getattr(forward, name)) for name in WHO_MAY_SEND}
    attributes |= {
        "greylist": greylist,
        "rates": _ratesOf(configuration.limits),
        "starttls": True if configuration.certificates else None,
        **(_whereToRelay(server.addresses) if server.addresses else {}),
        "smtp_protocol": server.protocol,
        "smtp_client_address": server.client_address.replace("none", "no"),
        "smtp_ssl": _clientTLS(server.smtp_tls_ca) if server.smtp_tls != "no" else None,
        "smtp_tls_name": server.smtp_tls_name,
    }
    protocol: Any = type("GreylistingHandler", (GreyListingPolicy,), attributes | more)
    try:
        protocol()
    except ValueError as error:
        raise mistake(f"[server]: {error}") from None
    return protocol


def _directoryOf(server: ServerSection) -> RecipientDirectory | None:
    if server.recipients != "ask":
        return None
    times = (server.known_recipients, server.unknown_recipients, server.recipient_timeout)
    return RecipientDirectory(*times, most=server.unknown_recipient_rate)


def _ratesOf(limits: LimitsSection) -> ClientRates | None:
    most = [getattr(limits, name) for name in RATES]
    return ClientRates(*most) if any(most) else None


def delegateOf(
    name: str, configuration: Configuration, greylist: Greylist, hostname: str
) -> PolicyService:
    """Return what the connections of the policy service or the milter share."""
    section, forward = configuration.delegates[name], configuration.forward
    return PolicyService(
        greylist,
        LastStage() if name == "policy" else LastStage(END),
        trusted=Lists(clients=[*forward.allowed_senders, *forward.allowed_sender_nets]),
        deferral=configuration.policy.action.upper(),
        addsHeader=section.add_header,
        hostname=hostname,
        logfile=configuration.log.logfile or None,
        policy_timeout=configuration.limits.policy_timeout,
        idle_timeout=section.idle_timeout,
        longestText=_longestText(greylist) if name == "milter" else 0,
    )


def _longestText(greylist: Greylist) -> int:
    dkim = greylist.suspicion.dkim if greylist.suspicion is not None else None
    return dkim.most if dkim is not None else 0


def serverTLS(configuration: Configuration) -> ssl.SSLContext | None:
    """Return the context for STARTTLS with clients, or None. Raise MistakesFound."""
    certificates = configuration.certificates
    if not certificates:
        return None
    try:
        for file in chain.from_iterable(certificates):
            checkRegular(file)
        return contextOf(certificates)
    except (OSError, ValueError) as error:
        raise mistake(str(error)) from None


def openAll(addresses: Iterable[SocketAddress], mode: int | None = None) -> list[Any]:
    """Return listening sockets for all addresses. Raise OSError, which names the address.

    mode: the permissions of a Unix socket.
    """
    opened: list[Any] = []
    try:
        for each in addresses:
            opened += openAt(each, mode)
    except BaseException:
        closeAll(opened)
        raise
    return opened


def openAt(address: SocketAddress, mode: int | None = None) -> list[Any]:
    """Return listening sockets for an address. Raise OSError, which names the address."""
    if address.path:
        return [openPath(address.path, mode)]
    return openSockets(address.port, [address.host or None])


def importAll(configuration: Configuration) -> None:
    """Import the modules for this configuration now.

    The unprivileged user of the server may not be able to read them later.
    """
    scheme = configuration.store.url.partition(":")[0]
    kind = {"sqlite": "SQLite", "memory": "Memory"}.get(scheme, "Redis")
    import_module(f"Kamaelia.Apps.Grey.Stores.{kind}")
    if configuration.metrics.address is not None:
        import_module("Kamaelia.Apps.Grey.Service.Metrics")


def _whereToRelay(addresses: Iterable[SocketAddress]) -> dict[str, Any]:
    """Return the attributes of a handler for one real server, or for several."""
    servers = [
        (f"unix:{each.path}", 0) if each.path else (each.host, each.port) for each in addresses
    ]
    if len(servers) == 1:
        return dict(zip(("smtp_ip", "smtp_port"), servers[0], strict=True))
    return {"smtp_servers": [host if not port else (host, port) for host, port in servers]}


def mistake(what: str) -> MistakesFound:
    """Return an error with one mistake that has no line."""
    return MistakesFound([Mistake(what)])


def _clientTLS(authority: str) -> ssl.SSLContext:
    """Return the context for TLS towards the real server. Raises MistakesFound."""
    try:
        return contextFor(authority)
    except OSError as error:  # ssl.SSLError is one
        raise mistake(f"smtp_tls_ca, {authority}: {error}") from None


def _listsOf(section: Any, mistakes: list[Mistake]) -> Lists:
    """Return the lists of a section, with the entries in its files."""
    kinds = {
        "clients": [*section.clients, *_inFiles(section.client_files, mistakes)],
        "senders": [*section.senders, *_inFiles(section.sender_files, mistakes)],
        "recipients": [*section.recipients, *_inFiles(section.recipient_files, mistakes)],
        "triples": getattr(section, "triples", ()),
        "heloTriples": getattr(section, "helo_triples", ()),
    }
    try:
        return Lists(**kinds)
    except MistakesFound as error:
        mistakes += error.mistakes
        return Lists()


def _inFiles(files: Iterable[str], mistakes: list[Mistake]) -> Iterator[ListEntry]:
    for file in files:
        try:
            yield from entriesOf(readRegular(file), file)
        except (OSError, UnicodeDecodeError) as error:
            mistakes.append(Mistake(f"{file} cannot be read: {error}"))


def _largeSenders() -> Lists:
    return largeSenders(packaged(SENDERS), SENDERS)


def _resolverFor(configuration: Configuration) -> Any:
    """Return a Resolver, or None if DNS cannot be used and no setting requires it.

    It asks nothing until a list has names, which an administrator may add at run time.
    """
    try:
        from Kamaelia.Apps.Grey.Policy.Resolver import Resolver

        return Resolver()
    except (ImportError, ValueError) as error:
        if _needsResolver(configuration):
            what = (
                "spf, large_senders, [suspicion], block_lists and names in lists require DNS:"
                f" {error}"
            )
            raise mistake(what) from None
        return None


def checkResolver(name: str) -> None:
    """Raise MistakesFound if DNS cannot be used, without which names match nothing."""
    try:
        from Kamaelia.Apps.Grey.Policy.Resolver import Resolver

        Resolver()
    except (ImportError, ValueError) as error:
        raise mistake(f"{name} would match nothing, because DNS cannot be used: {error}") from None


def _suspicionOf(configuration: Configuration, resolver: Any) -> Any:
    """Return what assesses clients, or None if all strangers are greylisted."""
    settings = configuration.suspicion
    if settings.delay == "always":
        return None
    checks = checksFor(weightsOf(settings), settings.block_lists, settings.allow_lists)
    dkim = _dkimOf(settings, resolver)
    return SuspicionCheck(resolver, checks, settings.threshold, settings.timeout, dkim)


def _dkimOf(settings: SuspicionSection, resolver: Any) -> DKIMCheck | None:
    if not settings.dkim_known:
        return None
    try:
        return DKIMCheck(resolver, settings.dkim_known, settings.dkim_size, settings.timeout)
    except ImportError as error:
        raise mistake(f"dkim_known in [suspicion]: {error}") from None


def _blockListsOf(limits: LimitsSection, resolver: Any) -> BlockLists | None:
    if not limits.block_lists:
        return None
    return BlockLists(resolver, limits.block_lists, limits.block_timeout)


def _needsResolver(configuration: Configuration) -> bool:
    settings, lists = configuration.greylist, (configuration.allow, configuration.deny)
    hasClients = any(each.clients or each.client_files for each in lists)
    isForSuspicion = configuration.suspicion.delay != "always"
    hasBlocks = bool(configuration.limits.block_lists)
    return settings.spf or settings.large_senders or hasClients or isForSuspicion or hasBlocks


def journalOf(configuration: Configuration) -> Callable[[dict[str, Any]], None] | None:
    """Return the function that writes jsonlogfile, or None. Raise MistakesFound."""
    file = configuration.log.jsonlogfile
    if not file:
        return None
    try:
        mayAppend(file)
    except OSError as error:
        raise mistake(f"jsonlogfile, {file}: {error}") from None
    return lambda record: note(file, jsonLine(record))
