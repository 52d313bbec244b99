"""Print what is said in an IRC channel, and say what you type.

    python Examples/IRC/logger.py --host irc.example.net --port 6667 --channel "#tea"

SimpleIRCClientPrefab is a client with its connection: it gets and sends tuples. Because it knows a
nickname, it registers, answers PING and joins the channel. Two plain functions translate between
tuples and what people type and read. `/me`, `/msg`, `/topic`, `/quit` and other commands work.

With `< /dev/null` it only prints. `python -m Kamaelia.Apps.IRCLogger` is the program that writes
files, one for each day, and connects again.
"""

import argparse
import sys
from contextlib import suppress

from Axon.Component import component
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Protocol.IRC.IRCClient import SimpleIRCClientPrefab
from Kamaelia.Support.PrintableText import printable
from Kamaelia.Support.Protocol.IRC import channelInformat, channelOutformat
from Kamaelia.Util.Console import ConsoleEchoer, ConsoleReader
from Kamaelia.Util.PureTransformer import PureTransformer


def connected(channel: str, client: component) -> Graphline:
    """Return a client that people use: its end ends the program, the end of the input does not."""
    show = channelOutformat(channel)
    return Graphline(
        READ=ConsoleReader(prompt="", eol=""),
        TYPED=PureTransformer(channelInformat(channel)),
        CLIENT=client,
        SHOW=PureTransformer(lambda heard: printable(show(heard).rstrip()) + "\n"),
        PRINT=ConsoleEchoer(),
        linkages={
            ("READ", "outbox"): ("TYPED", "inbox"),
            ("TYPED", "outbox"): ("CLIENT", "inbox"),
            ("CLIENT", "outbox"): ("SHOW", "inbox"),
            ("SHOW", "outbox"): ("PRINT", "inbox"),
            ("CLIENT", "signal"): ("SHOW", "control"),
            ("SHOW", "signal"): ("PRINT", "control"),
            ("PRINT", "signal"): ("READ", "control"),
            ("READ", "signal"): ("TYPED", "control"),
        },
    )


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--host", default="127.0.0.1", help="host of the server (%(default)s)")
    options.add_argument("--port", type=int, default=6667, help="port (%(default)s)")
    options.add_argument("--tls", action="store_true", help="use TLS and verify the certificate")
    options.add_argument("--channel", default="#kamaelia", help="the channel (%(default)s)")
    options.add_argument("--name", default="kamaelia", help="your nickname (%(default)s)")
    chosen = options.parse_args()
    client = SimpleIRCClientPrefab(
        chosen.host,
        chosen.port,
        ssl=chosen.tls or None,
        nick=chosen.name,
        channels=[chosen.channel],
    )
    print(f"connecting to {chosen.host}, port {chosen.port}", file=sys.stderr)
    with suppress(KeyboardInterrupt):  # Ctrl-C closes the connection
        connected(chosen.channel, client).run()


if __name__ == "__main__":
    main()
