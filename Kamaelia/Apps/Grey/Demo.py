"""The mail proxy at work: it listens on 1025, with a small mail sink, or a real server, behind it.

python -m Kamaelia.Apps.Grey.Demo [--port 1025] [--sink-port 2525] [--maildir mail]
                                  [--real HOST:PORT] [--relay replay|live] [--verbose]

How does it work?
-----------------
Two ServerCores in one process and one scheduler: one makes a ConcreteMailHandler
for each client, the other a MailSink. Port 0 takes any that is free.

Termination: Ctrl-C or SIGTERM ends it in order: mails under way are finished.
"""

from __future__ import annotations

import argparse
import logging
import sys
from functools import partial
from pathlib import Path
from typing import Any

from Axon.Scheduler import scheduler
from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Apps.Grey.Sink import MailSink, makeMaildir
from Kamaelia.Chassis.ConnectedServer import ServerCore

SAY = """\
The mail proxy listens on {host}, port {port}; behind it is {behind}.
Send a mail through it, for example:
  swaks --server {host}:{port} --from me@example.org --to you@example.org
  python3 -c "import smtplib; smtplib.SMTP('{host}', {port}).sendmail('me@example.org', \
'you@example.org', 'Subject: Hello\\r\\n\\r\\nHello!\\r\\n')"
{look} Ctrl-C ends it."""


class Proxy(ConcreteMailHandler):
    """Takes every mail that the server behind it takes."""

    def shouldWeAcceptMail(self) -> bool:
        return True

    def logResult(self) -> None:
        if self.mailStatus:
            self.noteToLog(f"{self.mailStatus}: {self.sender} to {', '.join(self.recipients)}")


class Demo:
    """Demo(options) -> starts the sink first, then the proxy, which has to know its port."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options

    def start(self) -> None:
        options = self.options
        if options.real is not None:
            host, port = options.real
            self.startProxy(host, port, f"{host}, port {port}")
            return
        maildir = makeMaildir(options.maildir)
        ServerCore(
            protocol=partial(MailSink, maildir=maildir, tell=tell),
            host=options.host,
            port=options.sink_port,
            onListening=self.sinkListens,
        ).activate()

    def sinkListens(self, server: Any) -> None:
        port = server.ports[0]
        self.startProxy(self.options.host, port, f"a mail sink on port {port}")

    def startProxy(self, host: str, port: int, behind: str) -> None:
        def listens(server: Any) -> None:
            isSink = self.options.real is None
            look = f"Each is shown here, and kept in {self.options.maildir}/new." if isSink else ""
            here = {"host": self.options.host, "port": server.ports[0]}
            tell(SAY.format(behind=behind, look=look, **here).replace("\n Ctrl", "\nCtrl"))

        ServerCore(
            protocol=partial(Proxy, smtp_ip=host, smtp_port=port, relay=self.options.relay),
            host=self.options.host,
            port=self.options.port,
            onListening=listens,
        ).activate()


def tell(line: str) -> None:
    """A line for the person at the terminal, at once."""
    print(line, flush=True)


def address(text: str) -> tuple[str, int]:
    """HOST:PORT as a pair."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, such as mail.example.org:25")
    return host.strip("[]"), int(port)


def optionsOf(arguments: list[str]) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m Kamaelia.Apps.Grey.Demo",
        description="An SMTP proxy with a small mail sink, or a real server, behind it.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="where to listen (%(default)s)")
    add("--port", type=int, default=1025, help="of the proxy (%(default)s)")
    add("--sink-port", type=int, default=2525, help="of the sink (%(default)s)")
    add("--real", type=address, metavar="HOST:PORT", help="a real server instead of the sink")
    add("--maildir", type=Path, default=Path("mail"), help="where the sink keeps mails")
    add("--relay", choices=["replay", "live"], default="replay", help="(%(default)s)")
    add("--verbose", action="store_true", help="show what is said to the clients, too")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Runs until it is told to stop; gives the exit status."""
    options = optionsOf(arguments)
    level = logging.DEBUG if options.verbose else logging.INFO
    logging.basicConfig(level=level, format="%(message)s", stream=sys.stdout)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    Demo(options).start()
    try:
        scheduler.run.runThreads()
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
