"""Kamaelia Grey at work: a greylisting proxy as its configuration says, and figures about it.

Example usage
-------------
    Application(Path("/etc/kamaelia-grey.toml")).run()

How does it work?
-----------------
A ServerCore makes a handler for each client; a second one, if it is configured,
answers Prometheus. Ports are bound before the privileges are given up, and the
processes that share the work are forked after that. SIGHUP reads the
configuration again, in each of them: what has changed counts from the next
connection on, and a configuration with mistakes changes nothing.

Termination: SIGTERM or SIGINT: it accepts nobody any more, and what is under way
has the time that `grace` says.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Generator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from Axon.Scheduler import scheduler
from Kamaelia.Apps.Grey.Policy.BackgroundTask import BackgroundTask
from Kamaelia.Apps.Grey.Policy.Greylist import wallClock
from Kamaelia.Apps.Grey.Records.LogFiles import logLine
from Kamaelia.Apps.Grey.Records.RefusalRecord import newId, writeRefusal
from Kamaelia.Apps.Grey.Service import Assembly
from Kamaelia.Apps.Grey.Service.Checks import notices
from Kamaelia.Apps.Grey.Stores import StoreUnreachable
from Kamaelia.Apps.Grey.System.Privileges import actingAs, become
from Kamaelia.Apps.Grey.System.Systemd import inheritedSockets, notify
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Internet.EventLoop import waitForCoroutine
from Kamaelia.Internet.TCPServer import endsOf
from Kamaelia.Support.Mistakes import MistakesFound
from Kamaelia.Support.Protocol.SMTP.Refusal import CONNECT, Refusal
from Kamaelia.Support.Protocol.SMTP.Reply import TOO_MANY_CONNECTIONS
from Kamaelia.Support.Secrets import withoutCredentials
from Kamaelia.Support.Settings.Configuration import Configuration
from Kamaelia.Support.Settings.Values import SocketAddress

LOG = logging.getLogger("Kamaelia.Apps.Grey")

# What is as it was until the next start: section and setting.
FIXED = [
    ("listen", "addresses"),
    ("listen", "workers"),
    ("listen", "user"),
    ("listen", "grace"),
    ("listen", "max_connections"),
    ("listen", "max_connections_per_peer"),
    ("listen", "proxy_protocol_from"),
    ("store", "url"),
    ("metrics", "address"),
    ("log", "level"),
]


LoadedConfiguration = tuple[
    Assembly.Built, list[str]
]  # what was read, and what is to be logged of it


class Application:
    """Application(file) -> run(). Raises MistakesFound for a configuration that is none.

    user: who to become once the ports are bound, instead of the configured one.
    more: attributes of the handlers besides those that are configured.
    """

    hangups: Sequence[int] = ()  # any that came while it started

    def __init__(self, file: Path, user: str = "", **more: Any) -> None:
        self.file = file.absolute()
        self.user = user
        self.where = ""  # it listens
        self.more = more
        self._reading: BackgroundTask[LoadedConfiguration] | None = None
        self._readsAgain = False
        built, self._notices = self._read()
        self.configuration, self.greylist, self.protocol, self.tls = built

    def _read(self) -> LoadedConfiguration:
        """Read the configuration and all that it names. Raises MistakesFound."""
        built = Assembly.build(self.file, **self.more)
        return built, notices(built)

    def run(self) -> None:
        """Serves until it is told to stop. Raises OSError where a port is not to be had."""
        self.start()
        scheduler.run.runThreads()
        notify("STOPPING=1")

    def start(self) -> None:
        """Open the store, bind, give privileges up, and activate the servers.

        Raises OSError for an address that is not to be had, StoreFailed for the store.
        """
        listen, metrics = self.configuration.listen, self.configuration.metrics.address
        Assembly.importAll(self.configuration)
        self._tell(self._notices)
        self._prepareStore()
        sockets = inheritedSockets() or Assembly.openAll(self.configuration)
        figures = Assembly.openAt(metrics) if metrics is not None else []
        self.where = ", ".join(map(whereIs, sockets))
        if figures:
            LOG.info("figures for Prometheus: http://%s/metrics", whereIs(figures[0]))
        become(self.user or listen.user)
        self.greylist.journal = Assembly.journalOf(self.configuration)
        GreyServer(
            application=self,
            refusal=self.protocol.refusal,
            descriptors=self.protocol.descriptors,
            sockets=sockets,
            starttls=self.tls,
            workers=listen.workers if listen.workers > 1 else None,
            max_connections=listen.max_connections or None,
            max_connections_per_peer=listen.max_connections_per_peer or None,
            proxy_protocol_from=listen.proxy_protocol_from or None,
            grace=listen.grace,
            onListening=self.listens,
            onHangup=self.reload,
            onRefused=self.refused,
        ).activate()
        if figures:
            from Kamaelia.Apps.Grey.Service.Metrics import MetricsServer

            MetricsServer(store=lambda: self.greylist.opened, sockets=figures).activate()

    def _prepareStore(self) -> None:
        """Open the store as the user that will serve. Raises StoreFailed.

        A server of a store that cannot be reached is no reason not to start: it may come.
        """
        with actingAs(self.user or self.configuration.listen.user), suppress(StoreUnreachable):
            self.greylist.prepare(wallClock())

    def _tell(self, warnings: list[str]) -> None:
        for each in warnings:
            LOG.warning("%s", each)

    def listens(self, server: Any) -> None:
        """Clients can connect."""
        LOG.info("kamaelia-grey listens on %s", self.where)
        notify("READY=1")
        if self.hangups:
            server.hangUp()

    def refused(self, adapter: Any, limit: str) -> None:
        """Record a connection that is refused because there are too many."""
        peer, port, _, _ = endsOf(adapter)
        refusal = Refusal(peer, port, CONNECT, "", TOO_MANY_CONNECTIONS, newId(), limit)
        writeRefusal(refusal, self.greylist, partial(logLine, self.protocol.logfile))

    def reload(self, server: Any) -> None:
        """Read the configuration, its lists and its certificate again, in a thread.

        What is in force stays so until all of it has been read. A request that comes
        meanwhile is done afterwards.
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
        """Put what was read in force. Raises MistakesFound."""
        built.greylist.journal = Assembly.journalOf(built.configuration)
        for section, name in changes(self.configuration, built.configuration):
            LOG.warning("%s in [%s] counts from the next start on", name, section)
        built.greylist.inherit(self.greylist)
        self.configuration, self.greylist, self.protocol, self.tls = built
        server.starttls = self.tls
        server.renewCompanions()
        LOG.info("reloaded %s", self.file)
        self.reloaded()

    def reloaded(self) -> None:
        """Do what a subclass does after a reload; here nothing."""


class GreyServer(ServerCore):
    """GreyServer(application=...) -> a ServerCore that lets go of the store at the end."""

    application: Application

    def mkProtocolHandler(self, **sock_info: Any) -> Any:
        """A handler as the configuration is now."""
        return self.application.protocol(**sock_info)

    def companions(self) -> list[Any]:
        """Return what asks the real servers what they offer, as the configuration is now."""
        return list(self.application.protocol.companions())

    def main(self) -> Generator[int, None, None]:
        try:
            yield from super().main()
            store = self.application.greylist.close()
            if store is not None:
                yield from waitForCoroutine(self, lambda loop: store.waitForClose())
        finally:
            self.application.greylist.close()


def changes(before: Configuration, after: Configuration) -> list[tuple[str, str]]:
    """Which of FIXED are other ones now."""
    return [
        (section, name)
        for section, name in FIXED
        if getattr(getattr(before, section), name) != getattr(getattr(after, section), name)
    ]


def whereIs(sock: Any) -> str:
    """The address of a socket, as a configuration has it."""
    name = sock.getsockname()
    return str(SocketAddress(path=name) if isinstance(name, str) else SocketAddress(*name[:2]))


def setUpLogging(level: str) -> None:
    """What the program says goes to standard error; the journal of systemd has times of its own."""
    form = "%(levelname)s %(message)s"
    if "JOURNAL_STREAM" not in os.environ:
        form = f"%(asctime)s {form}"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(CredentialFormatter(form))
    logging.basicConfig(level=level.upper(), handlers=[handler])


class CredentialFormatter(logging.Formatter):
    """A formatter of log lines without the credentials of URLs, also in tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        return withoutCredentials(super().format(record))


__kamaelia_components__ = (GreyServer,)
