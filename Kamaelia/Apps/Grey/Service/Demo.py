"""A demonstration of Kamaelia Grey on port 1026, in front of a mail sink or a real server.

python -m Kamaelia.Apps.Grey.Service.Demo [--send] [--delay 20] [--port 1026] [--sink-port 2525]
                                  [--folder FOLDER] [--real HOST:PORT] [--page-port 0] ...

How does it work?
-----------------
It runs the same Application as `kamaelia-grey run`, with a configuration of its own in a folder.
The delay is short, so that a retry soon passes. The mail sink is a second ServerCore in the same
process. The record of each mail in the journal is shown. A page in the browser shows the components
while a mail passes through them.

Termination: on Ctrl-C or SIGTERM, after mails in progress.
"""

from __future__ import annotations

import argparse
import errno
import logging
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from Axon.Scheduler import scheduler
from Kamaelia.Apps.Grey.Service.Application import Application
from Kamaelia.Apps.Grey.Service.DemoClient import DemoClient
from Kamaelia.Apps.Grey.Service.Display import PlainDisplay, displayOn
from Kamaelia.Apps.Grey.Service.MailSink import MailSink, makeMaildir
from Kamaelia.Apps.Grey.Stores import StoreFailed
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Internet.ListeningSockets import openSockets
from Kamaelia.Support.Settings import Sections
from Kamaelia.Support.Settings.Configuration import Configuration
from Kamaelia.Support.Settings.ExampleFile import toml
from Kamaelia.Support.Settings.Values import SocketAddress, readDuration
from Kamaelia.Visualisation.Live.Watch import Watch

SAY = """\
Kamaelia Grey listens on {host}, port {port}, in front of {behind}.
Send a mail, and send it again: {delay:g} seconds after the first attempt, it passes.
  swaks --server {server} --from me@example.com --to you@{domain}
  python3 -c "import smtplib; smtplib.SMTP('{host}', {port}).sendmail('me@example.com', \
'you@{domain}', 'Subject: Hello\\r\\n\\r\\nHello!\\r\\n')"
Each mail is shown here{kept}. For statistics, use another terminal:
  {command} stats -c {file}
Press Ctrl-C to stop{gone}."""

CHOOSE_PORTS = "Choose other ports: make run ARGS='--port 1027 --sink-port 2527'"


class MailSinkServer(ServerCore):
    """The server behind Kamaelia Grey; the page shows this name."""


class DemoApplication(Application):
    """DemoApplication(file, display, options) -> an Application whose mails are shown."""

    def __init__(self, file: Path, display: PlainDisplay, options: argparse.Namespace) -> None:
        super().__init__(file)
        self.display = display
        self.options = options

    def start(self) -> None:
        super().start()
        self._watch()

    def reloaded(self) -> None:
        super().reloaded()
        self._watch()

    def _watch(self) -> None:
        """Show the records that are written into the journal."""
        journal = self.greylist.journal
        if journal is None:
            return

        def shown(record: dict[str, Any]) -> None:
            journal(record)
            if record["event"] == "mail":
                self.display.mail(record, self.greylist.clock())
                self.showFigures()

        self.greylist.journal = shown

    def showFigures(self) -> None:
        """Show the current statistics."""
        try:
            store = self.greylist.opened
            store.flush()
            self.display.figures(store.counters(), store.counts())
        except StoreFailed as error:
            self.display.say(str(error))

    def listens(self, server: Any) -> None:
        super().listens(server)
        options, port = self.options, server.ports[0]
        for line in greeting(options, port, self.file).splitlines():
            self.display.say(line)
        if options.send:
            host, tell = options.host, self.display.say
            DemoClient(host, port, options.delay, options.domain[0], tell).activate()


class DisplayHandler(logging.Handler):
    """DisplayHandler(display) -> shows log messages on the display."""

    def __init__(self, display: PlainDisplay) -> None:
        super().__init__()
        self.display = display

    def emit(self, record: logging.LogRecord) -> None:
        for line in self.format(record).splitlines():
            self.display.say(line)


def greeting(options: argparse.Namespace, port: int, file: Path) -> str:
    """Return instructions: how to send a mail, and how to see the results."""
    if options.real is not None:
        behind, kept = str(options.real), ""
    else:
        behind, kept = "a mail sink", f", and stored in {options.maildir}/new when it passes"
    command = Path(sys.executable).with_name("kamaelia-grey")
    if not command.exists():
        command = Path("kamaelia-grey")
    return SAY.format(
        host=options.host,
        port=port,
        server=SocketAddress(options.host, port),
        domain=options.domain[0],
        delay=options.delay,
        behind=behind,
        kept=kept,
        command=command,
        file=file,
        gone="" if options.folder else "; all files are then deleted, unless you use --folder NAME",
    )


def configurationOf(
    options: argparse.Namespace, folder: Path, server: SocketAddress
) -> Configuration:
    """Return the configuration of the demonstration; other settings have their defaults."""
    return Configuration(
        name=Sections.NameSection(
            servername="grey.localhost"
        ),  # the machine may have no name of its own
        listen=Sections.ListenSection(addresses=(SocketAddress(options.host, options.port),)),
        server=Sections.ServerSection(addresses=(server,), relay=options.relay),
        forward=Sections.ForwardSection(allowed_domains=tuple(options.domain)),
        greylist=Sections.GreylistSection(min_defer_time=options.delay, large_senders=False),
        store=Sections.StoreSection(url=f"sqlite:{folder}/greylist.db"),
        log=Sections.LogSection(logfile=f"{folder}/mails.log", jsonlogfile=f"{folder}/mails.json"),
    )


def start(options: argparse.Namespace, folder: Path, display: PlainDisplay) -> None:
    """Bind all ports and activate all components. Raise OSError or MistakesFound."""
    server, sinks = options.real, []
    if server is None:
        sinks = openSockets(options.sink_port, [options.host])
        server = SocketAddress(options.host, sinks[0].getsockname()[1])
        options.maildir = makeMaildir(options.maildir or folder / "mail")
    Watch(port=options.page_port, tell=partial(tellAddress, display)).activate()
    file = folder / "kamaelia-grey.toml"
    file.write_text(toml(configurationOf(options, folder, server)), encoding="utf-8")
    DemoApplication(file, display, options).start()
    if sinks:
        sink = partial(MailSink, maildir=options.maildir, tell=partial(display.event, "kept"))
        MailSinkServer(protocol=sink, sockets=sinks).activate()


def tellAddress(display: PlainDisplay, address: str) -> None:
    """Show the address of the page on a line of its own."""
    display.say("This page shows the components while a mail passes through them:")
    display.say(address)


@contextmanager
def folderOf(options: argparse.Namespace) -> Iterator[Path]:
    """Return the folder in the options, or a temporary one that is deleted at the end."""
    if options.folder is not None:
        options.folder.mkdir(parents=True, exist_ok=True)
        yield options.folder.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="kamaelia-grey-") as name:
        yield Path(name)


def address(text: str) -> SocketAddress:
    """Return the address in HOST:PORT or [ADDRESS]:PORT."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, such as mail.example.org:25")
    return SocketAddress(host.strip("[]"), int(port))


def seconds(text: str) -> float:
    """Return the seconds in a duration such as 20, 20s or 1m."""
    try:
        return readDuration(float(text) if text.isdecimal() else text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def optionsOf(arguments: list[str]) -> argparse.Namespace:
    """Return the options on the command line."""
    parser = argparse.ArgumentParser(
        prog="make run ARGS=...",
        description="Kamaelia Grey with a short delay, and a small mail sink, or a real server,"
        " behind it.",
    )
    add = parser.add_argument
    add("--send", action="store_true", help="send a mail and its retries as a demonstration")
    add(
        "--delay",
        type=seconds,
        default=20.0,
        metavar="TIME",
        help="the delay of a new triple (20s)",
    )
    add("--host", default="127.0.0.1", help="the host to listen on (%(default)s)")
    add("--port", type=int, default=1026, help="the port of the proxy (%(default)s)")
    add("--sink-port", type=int, default=2525, help="the port of the mail sink (%(default)s)")
    add("--page-port", type=int, default=0, help="the port of the page (any free port)")
    add("--real", type=address, metavar="HOST:PORT", help="use a real server instead of the sink")
    add(
        "--domain",
        action="append",
        help="a domain to accept mail for (example.org); may be repeated",
    )
    add("--folder", type=Path, help="the folder for all files (a temporary one)")
    add("--maildir", type=Path, help="the folder for mails of the sink (mail in that folder)")
    add(
        "--relay",
        choices=["live", "replay"],
        default="live",
        help="the relay setting (%(default)s)",
    )
    add("--verbose", action="store_true", help="also show the replies to clients")
    options = parser.parse_args(arguments)
    options.domain = options.domain or ["example.org"]
    return options


def main(arguments: list[str]) -> int:
    """Run the demonstration until it is told to stop; return the exit status."""
    options = optionsOf(arguments)
    display = displayOn(sys.stdout)
    level = logging.DEBUG if options.verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(message)s", handlers=[DisplayHandler(display)])
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    try:
        with folderOf(options) as folder:
            start(options, folder, display)
            display.begin()
            try:
                scheduler.run.runThreads()
            finally:
                display.end()
    except (OSError, ValueError, StoreFailed) as error:
        print(error, file=sys.stderr)
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            print(CHOOSE_PORTS, file=sys.stderr)
        return 1
    return 0


__kamaelia_components__ = (MailSinkServer,)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
