"""The server of Kamaelia Grey: the greylisting proxy that a configuration describes.

Example usage
-------------
    Application(Path("/etc/kamaelia-grey.toml")).run()

How does it work?
-----------------
A server creates a handler for each client of SMTP, others for each connection of a mail server to
the policy service and the milter, and one provides metrics to Prometheus. Each runs if
configured. The application binds the ports, gives up its privileges, and then forks the workers.
On SIGHUP, each worker reads the configuration again. New connections use the new settings. A
configuration with mistakes changes nothing.

Termination: on SIGTERM or SIGINT, the server stops accepting connections, and mails in
progress get the time `grace`.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from Axon.Scheduler import scheduler
from Kamaelia.Apps.Grey.Policy.BackgroundTask import BackgroundTask
from Kamaelia.Apps.Grey.Records.LogFiles import logLine
from Kamaelia.Apps.Grey.Records.RefusalRecord import newId, writeRefusal
from Kamaelia.Apps.Grey.Service import Assembly
from Kamaelia.Apps.Grey.Service.Checks import notices
from Kamaelia.Apps.Grey.Service.Servers import DelegationServer, GreyServer
from Kamaelia.Apps.Grey.Stores import StoreUnreachable
from Kamaelia.Apps.Grey.System.Privileges import actingAs, become
from Kamaelia.Internet.ConnectionEnds import endsOf
from Kamaelia.Internet.ListeningSockets import closeAll
from Kamaelia.Internet.Systemd import inheritedSockets, notify
from Kamaelia.Support.Mistakes import MistakesFound
from Kamaelia.Support.Protocol.SMTP.Refusal import CONNECT, Refusal
from Kamaelia.Support.Protocol.SMTP.Reply import TOO_MANY_CONNECTIONS
from Kamaelia.Support.Secrets import withoutCredentials
from Kamaelia.Support.Settings.Configuration import Configuration
from Kamaelia.Support.Settings.Values import SocketAddress

LOG = logging.getLogger("Kamaelia.Apps.Grey")

# The settings that take effect only after a restart, as (section, name).
FIXED = [
    ("listen", "addresses"),
    ("listen", "workers"),
    ("listen", "user"),
    ("listen", "grace"),
    ("listen", "max_connections"),
    ("listen", "max_connections_per_peer"),
    ("listen", "proxy_protocol_from"),
    ("policy", "addresses"),
    ("policy", "max_connections"),
    ("milter", "addresses"),
    ("milter", "max_connections"),
    ("store", "url"),
    ("metrics", "address"),
    ("log", "level"),
]


ANYBODY = 0o666  # may connect to the Unix socket for mail servers; its folder restricts it
# How the log names the services for mail servers, by section.
DELEGATES = {"policy": "policy service for Postfix", "milter": "milter"}
LoadedConfiguration = tuple[Assembly.Built, list[str]]  # with warnings for the log


class Application:
    """Application(file) -> the proxy that the configuration in `file` describes; see run().

    user: the user to run as after the ports are bound, instead of the configured one.
    more: further attributes of the handlers. Raises MistakesFound.
    """

    hangups: Sequence[int] = ()  # the SIGHUPs that arrived during the start

    def __init__(self, file: Path, user: str = "", **more: Any) -> None:
        self.file = file.absolute()
        self.user = user
        self.where = ""  # the addresses that it listens on
        self.more = more
        self._reading: BackgroundTask[LoadedConfiguration] | None = None
        self._readsAgain = False
        self._isStopping = False
        built, self._notices = self._read()
        self.configuration, self.greylist, self.protocol, self.tls, self.delegates = built
        self.servers: set[Any] = set()  # see Servers.Serving

    def _read(self) -> LoadedConfiguration:
        """Read the configuration and all that it names. Raises MistakesFound."""
        built = Assembly.build(self.file, **self.more)
        return built, notices(built)

    def run(self) -> None:
        """Run until a signal arrives. Raise OSError if an address cannot be bound."""
        self.start()
        scheduler.run.runThreads()

    def start(self) -> None:
        """Open the store, bind the addresses, give up privileges, and activate the servers.

        Raise OSError if an address cannot be bound, and StoreFailed if the store cannot be used.
        """
        listen, metrics = self.configuration.listen, self.configuration.metrics.address
        Assembly.importAll(self.configuration)
        self._tell(self._notices)
        self._prepareStore()
        smtp, delegated = self._openSockets(inheritedSockets())
        figures = Assembly.openAt(metrics) if metrics is not None else []
        self.where = ", ".join(map(whereIs, smtp or [*chain.from_iterable(delegated.values())]))
        if figures:
            LOG.info("metrics for Prometheus: http://%s/metrics", whereIs(figures[0]))
        for name, sockets in delegated.items():
            LOG.info("%s: %s", DELEGATES[name], ", ".join(map(whereIs, sockets)))
        become(self.user or listen.user)
        self.greylist.journal = Assembly.journalOf(self.configuration)
        for server in self._serversFor(smtp, delegated):
            server.activate()
        if figures:
            from Kamaelia.Apps.Grey.Service.Metrics import MetricsServer

            MetricsServer(store=lambda: self.greylist.opened, sockets=figures).activate()

    def _openSockets(self, inherited: list[Any]) -> tuple[list[Any], dict[str, list[Any]]]:
        """Return the sockets for SMTP, and those for mail servers by section.

        Those from systemd are for SMTP, or for the first other service if there is no SMTP.
        """
        configuration, opened = self.configuration, dict[str, list[Any]]()
        wanted = dict(configuration.delegates)
        smtp: list[Any] = []
        if configuration.hasProxy:
            smtp = inherited or Assembly.openAll(configuration.listen.addresses)
        elif inherited:
            first = next(iter(wanted))
            opened[first] = inherited
            del wanted[first]
        try:
            for name, section in wanted.items():
                opened[name] = Assembly.openAll(section.addresses, ANYBODY)
        except BaseException:
            closeAll([*smtp, *chain.from_iterable(opened.values())])
            raise
        return smtp, opened

    def _serversFor(self, smtp: list[Any], delegated: dict[str, list[Any]]) -> list[Any]:
        """Return the servers. The first reloads, and runs in several workers if configured."""
        listen = self.configuration.listen
        first = {
            "workers": listen.workers if listen.workers > 1 else None,
            "onListening": self.listens,
            "onHangup": self.reload,
            "isFirst": True,
        }
        servers: list[Any] = []
        if smtp:
            servers.append(
                GreyServer(
                    application=self,
                    refusal=self.protocol.refusal,
                    descriptors=self.protocol.descriptors,
                    sockets=smtp,
                    starttls=self.tls,
                    max_connections=listen.max_connections or None,
                    max_connections_per_peer=listen.max_connections_per_peer or None,
                    proxy_protocol_from=listen.proxy_protocol_from or None,
                    grace=listen.grace,
                    onRefused=self.refused,
                    **first,
                )
            )
        for name, sockets in delegated.items():
            servers.append(
                DelegationServer(
                    name,
                    application=self,
                    sockets=sockets,
                    max_connections=self.configuration.delegates[name].max_connections or None,
                    grace=listen.grace,
                    **({} if servers else first),
                )
            )
        return servers

    def _prepareStore(self) -> None:
        """Open the store as the user of the server. Raise StoreFailed.

        A store whose server is unreachable does not prevent the start.
        """
        with actingAs(self.user or self.configuration.listen.user), suppress(StoreUnreachable):
            self.greylist.prepare(self.greylist.clock())

    def _tell(self, warnings: list[str]) -> None:
        for each in warnings:
            LOG.warning("%s", each)

    def listens(self, server: Any) -> None:
        """Log and report to systemd that the server accepts connections."""
        LOG.info("kamaelia-grey listens on %s", self.where)
        notify("READY=1")
        if self.hangups:
            server.hangUp()

    def stops(self) -> None:
        """Log and report to systemd that the servers stop; each of them calls this."""
        if not self._isStopping:
            self._isStopping = True
            notify("STOPPING=1")
            grace = self.configuration.listen.grace
            LOG.info("kamaelia-grey is stopping; sessions have up to %g s to end", grace)

    def refused(self, adapter: Any, limit: str) -> None:
        """Record that a connection was refused because of a limit on connections."""
        peer, port, _, _ = endsOf(adapter)
        refusal = Refusal(peer, port, CONNECT, "", TOO_MANY_CONNECTIONS, newId(), limit)
        writeRefusal(refusal, self.greylist, partial(logLine, self.protocol.logfile))

    def reload(self, server: Any) -> None:
        """Read the configuration, its lists and its certificate again, in a thread.

        The current settings apply until everything has been read. A request during a reload
        causes another reload afterwards.
        """
        if self._reading is not None:
            self._readsAgain = True
            return
        self._reading = BackgroundTask(self._read, partial(self._take, server))

    def _take(self, server: Any, reading: BackgroundTask[LoadedConfiguration]) -> None:
        self._reading = None
        try:
            built, warnings = reading.result()
            self._replace(built, server)
            self._tell(warnings)
        except MistakesFound as error:
            for mistake in error.mistakes:
                LOG.error("not reloaded: %s", mistake)
        except Exception:
            LOG.exception("not reloaded")
        if self._readsAgain:
            self._readsAgain = False
            self.reload(server)

    def _replace(self, built: Assembly.Built, server: Any) -> None:
        """Apply a configuration that was read. Raise MistakesFound."""
        built.greylist.journal = Assembly.journalOf(built.configuration)
        for section, name in changes(self.configuration, built.configuration):
            LOG.warning("%s in [%s] takes effect only after a restart", name, section)
        built.greylist.inherit(self.greylist)
        self.configuration, self.greylist, self.protocol, self.tls, self.delegates = built
        server.starttls = self.tls
        server.renewCompanions()
        LOG.info("reloaded %s", self.file)
        self.reloaded()

    def reloaded(self) -> None:
        """Hook for subclasses: called after each reload, in the event loop."""


def changes(before: Configuration, after: Configuration) -> list[tuple[str, str]]:
    """Return the settings of FIXED whose values differ."""
    return [
        (section, name)
        for section, name in FIXED
        if getattr(getattr(before, section), name) != getattr(getattr(after, section), name)
    ]


def whereIs(sock: Any) -> str:
    """Return the address of a socket in the form of the configuration."""
    name = sock.getsockname()
    return str(SocketAddress(path=name) if isinstance(name, str) else SocketAddress(*name[:2]))


def setUpLogging(level: str) -> None:
    """Log to standard error, with times unless the journal of systemd adds them."""
    form = "%(levelname)s %(message)s"
    if "JOURNAL_STREAM" not in os.environ:
        form = f"%(asctime)s {form}"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(CredentialFormatter(form))
    logging.basicConfig(level=level.upper(), handlers=[handler])


class CredentialFormatter(logging.Formatter):
    """A formatter that removes the credentials of URLs from log lines and tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        return withoutCredentials(super().format(record))
