"""The command kamaelia-grey: runs the greylisting proxy, and shows and changes its records.

kamaelia-grey run [--config FILE] [--user NAME]
kamaelia-grey check | list | show | stats | allow | deny | forget | import | export | report

How does it work?
-----------------
Each command is a row: its name, its description, the function that executes it, and the
function that adds its arguments. Commands for the records open the store that the
configuration names, also while a proxy uses it.

Exit status: 0 for success; 1 for mistakes, each printed on one line, or a store that
cannot be used; 2 for invalid arguments.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from Kamaelia.Apps.Grey.Service import Assembly, MailReport, Tables, Transfers
from Kamaelia.Apps.Grey.Stores import Store, StoreEntry, StoreFailed, openStore
from Kamaelia.Apps.Grey.Stores.Store import KINDS
from Kamaelia.Apps.Grey.Support import CONFIG_FILES, packaged
from Kamaelia.Support.Greylist import Senders
from Kamaelia.Support.Greylist.Lists import Lists
from Kamaelia.Support.Mistakes import Mistake, MistakesFound
from Kamaelia.Support.Secrets import withoutCredentials
from Kamaelia.Support.Settings.ExampleFile import example
from Kamaelia.Support.Settings.Values import readDuration

PLACES = ("kamaelia-grey.toml", "/etc/kamaelia-grey.toml", *CONFIG_FILES)


class Subcommand(NamedTuple):
    """A command: its description, the function that executes it, and one that adds arguments."""

    about: str
    do: Callable[[Any], int]
    addArguments: Callable[[argparse.ArgumentParser], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Execute the command in `arguments` (by default those of the process); return its status."""
    options = parser().parse_args(arguments)
    try:
        status: int = options.do(options)
        return status
    except MistakesFound as error:
        for mistake in error.mistakes:
            print(mistake, file=sys.stderr)
    except (StoreFailed, OSError, ValueError) as error:
        print(withoutCredentials(f"kamaelia-grey: {error}"), file=sys.stderr)
    except KeyboardInterrupt:
        """The user has interrupted the command, so no message is needed."""
    return 1


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    whole = argparse.ArgumentParser(
        prog="kamaelia-grey",
        description="A greylisting SMTP proxy.",
        epilog=f"Without --config, the first existing file is used: {', '.join(PLACES[:2])}, or the"
        " historical greylist.conf in one of its folders.",
    )
    commands = whole.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, row in COMMANDS.items():
        command = commands.add_parser(name, help=row.about, description=row.about)
        command.add_argument(
            "-c", "--config", type=Path, metavar="FILE", help="the configuration file"
        )
        command.set_defaults(do=row.do)
        row.addArguments(command)
    return whole


def configFile(options: Any) -> Path:
    """Return the configuration file: the given one, or the first that exists in PLACES.

    Raise FileNotFoundError if there is none.
    """
    if options.config is not None:
        return Path(options.config)
    for place in PLACES:
        if Path(place).exists():
            return Path(place)
    raise FileNotFoundError(
        "there is no configuration file: name one with --config FILE, or create one with"
        f" `kamaelia-grey example > {PLACES[0]}`"
    )


def storeOf(options: Any) -> Store:
    """Open the store that --store or the configuration names."""
    if options.store:
        return openStore(options.store)
    return openStore(Assembly.read(configFile(options)).store.url)


# Commands that start or check the server


def run(options: Any) -> int:
    """Run the server until it is told to stop."""
    hangups: list[int] = []  # SIGHUPs that arrive before the event loop handles them
    signal.signal(signal.SIGHUP, lambda number, _: hangups.append(number))
    from Kamaelia.Apps.Grey.Service.Application import Application, setUpLogging

    application = Application(configFile(options), user=options.user)
    application.hangups = hangups
    setUpLogging(application.configuration.log.level)
    application.run()
    return 0


def check(options: Any) -> int:
    """Report mistakes in the configuration and in the files that it names."""
    from Kamaelia.Apps.Grey.Service.Checks import check as problemsOf

    file = configFile(options)
    problems = problemsOf(Assembly.build(file), options.user)
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    wrong = Senders.check(packaged(Assembly.SENDERS), today, Assembly.SENDERS)
    for each in problems:
        if each.isWarning:
            print(withoutCredentials(f"{file}: warning: {each.what}"), file=sys.stderr)
        else:
            wrong.append(Mistake(each.what, str(file)))
    if wrong:
        raise MistakesFound(wrong)
    print(f"{file}: no mistakes found.")
    return 0


def showExample(options: Any) -> int:
    """Print a configuration with every setting, its default and its meaning."""
    print(example(), end="")
    return 0


# Commands that use the store


def withStore(do: Callable[[Any, Store], int]) -> Callable[[Any], int]:
    """Return a command that opens the store, calls `do` with it, and closes it."""

    def command(options: Any) -> int:
        store = storeOf(options)
        try:
            return do(options, store)
        finally:
            store.close()

    return command


def listAll(options: Any, store: Store) -> int:
    """Print the triples in the store and the entries of administrators."""
    Tables.triples(store.find(options.text), options.most)
    if not options.text:
        Tables.entries(store.entries(), time.time())
    return 0


def show(options: Any, store: Store) -> int:
    """Print all records about a client, sender or recipient."""
    known = list(store.find(options.text.strip("<>").lower()))
    regulars = [each for each in store.regulars() if options.text in each[0]]
    entries = [each for each in store.entries() if options.text in each.what]
    Tables.triples(known, options.most)
    Tables.regulars(regulars)
    Tables.entries(entries, time.time())
    return 0 if known or regulars or entries else 1


def allow(options: Any, store: Store) -> int:
    """Exempt mail of a client or sender, or to a recipient, from greylisting."""
    return _addEntry("allow", options, store)


def deny(options: Any, store: Store) -> int:
    """Reject mail of a client or sender, or to a recipient."""
    return _addEntry("deny", options, store)


def _addEntry(verdict: str, options: Any, store: Store) -> int:
    kind = options.kind or kindOf(options.what)
    if Lists(**{f"{kind}s": [options.what]}).hasNames:
        Assembly.checkResolver(options.what)
    until = time.time() + readDuration(options.duration) if options.duration else None
    store.addEntry(StoreEntry(verdict, kind, options.what, options.note, until))
    print(f"{kind} {options.what}: {verdict}")
    return 0


def kindOf(what: str) -> str:
    """Return the kind of an entry without --kind: "sender" for a mail address, else "client"."""
    return "sender" if "@" in what or what == "<>" else "client"


def forget(options: Any, store: Store) -> int:
    """Delete entries, triples and known clients with exactly this text."""
    entries = sum(store.removeEntry(kind, options.what) for kind in KINDS)
    triples = [triple for triple, _ in store.find(options.what) if options.what in triple]
    known = store.forgetClient(options.what) + store.forget(*triples)
    print(f"entries deleted: {entries}; records deleted: {known}")
    return 0 if entries or known else 1


def stats(options: Any, store: Store) -> int:
    """Print the numbers of sessions, mails, decisions and triples."""
    Tables.stats(store.counters(), store.counts())
    return 0


def report(options: Any) -> int:
    """Print what greylisting has stopped and delayed, from the JSON lines of mails."""
    configuration = Assembly.read(configFile(options))
    files = options.files or filter(None, [configuration.log.jsonlogfile])
    since = time.time() - readDuration(options.since) if options.since else 0.0
    made = MailReport.reportOf(map(Path, files), Assembly.greylistOf(configuration), since)
    Tables.report(made, options.most)
    return 0


# Arguments


def addNoArguments(command: argparse.ArgumentParser) -> None:
    """Add no arguments."""


def addArgumentsOfRun(command: argparse.ArgumentParser) -> None:
    command.add_argument("--user", default="", help="the user to run as after the ports are bound")


def addArgumentsOfCheck(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--user",
        default="",
        help="the user that the server will run as, instead of the configured one",
    )


def addArgumentsOfStore(command: argparse.ArgumentParser) -> None:
    Transfers.addArgumentOfStore(command)


def addArgumentsOfExport(command: argparse.ArgumentParser) -> None:
    addArgumentsOfStore(command)
    Transfers.addArgumentsOfExport(command)


def addArgumentsOfReport(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "files", nargs="*", help="files with JSON lines, also gzipped; default: jsonlogfile"
    )
    command.add_argument(
        "--since", metavar="TIME", help="only the mails of this time, such as 12h or 7d"
    )
    command.add_argument(
        "--most", type=int, default=20, help="the maximum number of rows of a table; 0: all"
    )


def addArgumentsOfList(command: argparse.ArgumentParser) -> None:
    addArgumentsOfStore(command)
    command.add_argument(
        "text", nargs="?", default="", help="list only triples that contain this text"
    )
    command.add_argument(
        "--most", type=int, default=100, help="the maximum number of triples to print; 0: all"
    )


def addArgumentsOfShow(command: argparse.ArgumentParser) -> None:
    addArgumentsOfStore(command)
    command.add_argument("text", help="a client, sender or recipient, or a part of one")
    command.add_argument(
        "--most", type=int, default=100, help="the maximum number of triples to print; 0: all"
    )


def addArgumentsOfEntry(command: argparse.ArgumentParser) -> None:
    addArgumentsOfStore(command)
    command.add_argument(
        "what", help="an IP address, network, host name or mail address; may have wildcards"
    )
    command.add_argument(
        "--kind", choices=KINDS, help="the kind of the entry, if it is not the obvious one"
    )
    command.add_argument(
        "--for",
        dest="duration",
        metavar="TIME",
        help="how long the entry is valid, such as 30m, 12h or 7d; default: permanently",
    )
    command.add_argument("--note", default="", help="a reason, which appears in the log")


def addArgumentsOfForget(command: argparse.ArgumentParser) -> None:
    addArgumentsOfStore(command)
    command.add_argument("what", help="a client, sender or recipient as printed by `list`")


COMMANDS = {
    "run": Subcommand("run the server until it is told to stop", run, addArgumentsOfRun),
    "check": Subcommand(
        "report mistakes in the configuration without starting the server",
        check,
        addArgumentsOfCheck,
    ),
    "example": Subcommand("print a configuration with every setting", showExample, addNoArguments),
    "import": Subcommand(
        "import records of another program or of a backup, or a historical configuration",
        lambda options: Transfers.importAny(options, configFile),
        Transfers.addArgumentsOfImport,
    ),
    "export": Subcommand(
        "write all records to a file, as a backup",
        withStore(Transfers.export),
        addArgumentsOfExport,
    ),
    "list": Subcommand(
        "print the triples and entries in the store", withStore(listAll), addArgumentsOfList
    ),
    "show": Subcommand(
        "print all records about a client, sender or recipient", withStore(show), addArgumentsOfShow
    ),
    "allow": Subcommand(
        "exempt a client, sender or recipient from greylisting",
        withStore(allow),
        addArgumentsOfEntry,
    ),
    "deny": Subcommand(
        "reject mail of a client or sender, or to a recipient", withStore(deny), addArgumentsOfEntry
    ),
    "forget": Subcommand(
        "delete the records and entries of a client, sender or recipient",
        withStore(forget),
        addArgumentsOfForget,
    ),
    "stats": Subcommand(
        "print statistics of all processes that share the store",
        withStore(stats),
        addArgumentsOfStore,
    ),
    "report": Subcommand(
        "print what greylisting has stopped and delayed", report, addArgumentsOfReport
    ),
}
