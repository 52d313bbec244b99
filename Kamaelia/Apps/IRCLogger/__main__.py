"""python -m Kamaelia.Apps.IRCLogger: log a channel of an IRC server into files.

    python -m Kamaelia.Apps.IRCLogger --host irc.example.net --tls --channel '#tea' --logdir logs

The logger connects again when the connection has ended. Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from Axon.Component import component
from Kamaelia.Apps.IRCLogger.Logger import Logger
from Kamaelia.Apps.IRCLogger.Reconnect import Reconnect
from Kamaelia.Apps.IRCLogger.Support import HTMLOutformat, TimedOutformat
from Kamaelia.Chassis.Graphline import Graphline


class Failures(component):
    """A component that keeps the last error that it receives."""

    Inboxes = {"inbox": "errorInformation", "control": "a shutdown message"}
    Outboxes = {"outbox": "nothing", "signal": "the shutdown message from control"}

    last: Any = None

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.last = message.exception
            if self.isShuttingDown():
                return


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m Kamaelia.Apps.IRCLogger",
        description="Log a channel of an IRC server into files, one for each day.",
        epilog="The password of the server, if it wants one, is read from $IRC_PASSWORD.",
    )
    parser.add_argument("--channel", required=True, help="the channel, such as '#tea'")
    parser.add_argument("--host", default="127.0.0.1", help="host of the server (%(default)s)")
    parser.add_argument("--port", type=int, help="port (6667, or 6697 with --tls)")
    parser.add_argument("--tls", action="store_true", help="use TLS and verify the certificate")
    parser.add_argument("--name", default="kamaelialog", help="nickname (%(default)s)")
    parser.add_argument("--logdir", default=".", help="folder of the files (%(default)s)")
    parser.add_argument("--html", action="store_true", help="write HTML instead of text")
    parser.add_argument("--once", action="store_true", help="end with the first connection")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Execute the command line and return the exit status."""
    chosen = options().parse_args(arguments)

    def create() -> Graphline:
        return Logger(
            chosen.channel,
            formatter=HTMLOutformat if chosen.html else TimedOutformat,
            name=chosen.name,
            logdir=chosen.logdir,
            host=chosen.host,
            port=chosen.port or (6697 if chosen.tls else 6667),
            ssl=chosen.tls or None,
            password=os.environ.get("IRC_PASSWORD"),
        )

    failures = Failures()
    logger = create() if chosen.once else Reconnect(create)
    system = Graphline(
        logger=logger,
        failures=failures,
        linkages={
            ("self", "control"): ("logger", "control"),
            ("logger", "error"): ("failures", "inbox"),
            ("logger", "signal"): ("failures", "control"),
        },
    )
    with suppress(KeyboardInterrupt):
        system.run()
    if failures.last is not None:
        print(f"the log cannot be written: {failures.last}", file=sys.stderr)
        return 1
    return 0


__kamaelia_components__ = (Failures,)

if __name__ == "__main__":
    sys.exit(main())
