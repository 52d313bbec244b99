"""The command kamaelia-grey: runs the greylisting proxy, and lets a person look at what it knows.

kamaelia-grey run [--config FILE] [--user NAME]
kamaelia-grey check | list | show | stats | allow | deny | forget | import

How does it work?
-----------------
Each command is a row: its name, what it says of itself, its words, and the
function that does it. Those that look at what is known ask the store which the
configuration names, beside a proxy that runs.

Termination: 0 if all is well; 1 for mistakes, each on a line of its own, and for
a store that does not answer; 2 for words that mean nothing.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from Kamaelia.Apps.Grey.Policy.Greylist import wallClock
from Kamaelia.Apps.Grey.Service import Assembly, Tables
from Kamaelia.Apps.Grey.Stores import Store, StoreEntry, StoreFailed, openStore
from Kamaelia.Apps.Grey.Stores.Dbm import readDbm
from Kamaelia.Apps.Grey.Stores.Store import KINDS
from Kamaelia.Apps.Grey.Support import CONFIG_FILES, importText, openConfig, packaged
from Kamaelia.Support.Greylist import Senders
from Kamaelia.Support.Greylist.Lists import Lists
from Kamaelia.Support.Greylist.Rules import Triple
from Kamaelia.Support.Mistakes import Mistake, MistakesFound
from Kamaelia.Support.Secrets import withoutCredentials
from Kamaelia.Support.Settings.ExampleFile import example
from Kamaelia.Support.Settings.Values import readDuration

PLACES = ("kamaelia-grey.toml", "/etc/kamaelia-grey.toml", *CONFIG_FILES)


class Subcommand(NamedTuple):
    """A command: what it does, its words, and whether it asks the store."""

    about: str
    do: Callable[[Any], int]
    words: Callable[[argparse.ArgumentParser], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """What `arguments` say, or the words after the command's name -> its exit status."""
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
        """Whoever pressed it knows."""
    return 1


def parser() -> argparse.ArgumentParser:
    """What the command understands."""
    whole = argparse.ArgumentParser(
        prog="kamaelia-grey",
        description="A greylisting SMTP proxy.",
        epilog=f"Without --config, the first of these that there is: {', '.join(PLACES[:2])}, and"
        " the historical greylist.conf in its places.",
    )
    commands = whole.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, row in COMMANDS.items():
        command = commands.add_parser(name, help=row.about, description=row.about)
        command.add_argument("-c", "--config", type=Path, metavar="FILE", help="the configuration")
        command.set_defaults(do=row.do)
        row.words(command)
    return whole


def configFile(options: Any) -> Path:
    """The file that was named, or the first there is. Raises FileNotFoundError."""
    if options.config is not None:
        return Path(options.config)
    for place in PLACES:
        if Path(place).exists():
            return Path(place)
    raise FileNotFoundError(
        "there is no configuration: name one by --config FILE, or make one with"
        f" `kamaelia-grey example > {PLACES[0]}`"
    )


def storeOf(options: Any) -> Store:
    """The store that --store or the configuration names."""
    if options.store:
        return openStore(options.store)
    return openStore(Assembly.read(configFile(options)).store.url)


# Those that run and check


def run(options: Any) -> int:
    """Serves until it is told to stop."""
    hangups: list[int] = []  # those from now on, and before there is a loop that heeds them
    signal.signal(signal.SIGHUP, lambda number, _: hangups.append(number))
    from Kamaelia.Apps.Grey.Service.Application import Application, setUpLogging

    application = Application(configFile(options), user=options.user)
    application.hangups = hangups
    setUpLogging(application.configuration.log.level)
    application.run()
    return 0


def check(options: Any) -> int:
    """Say what is wrong with the configuration, and with what it names; 1 if it is a mistake."""
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
    print(f"{file} is a configuration: nothing is wrong with it.")
    return 0


def showExample(options: Any) -> int:
    """A configuration with every setting, its default and its meaning."""
    print(example(), end="")
    return 0


def importOld(options: Any) -> int:
    """A historical greylist.conf as TOML, or what its dbm files know, into the store."""
    if options.dbm:
        return importKnown(options)
    print(importText(openConfig(options.file), str(options.file)), end="")
    return 0


def importKnown(options: Any) -> int:
    """What the historical files know goes into the store; clients get the keys of today."""
    configuration = Assembly.read(options.config or options.file)
    greylist = Assembly.greylistOf(configuration)

    def rename(peer: str, sender: str, recipient: str) -> Triple:
        return greylist.triple(greylist.clientKey(peer), sender, recipient)

    greylisted = dbmFile(options.dbm, "greylisted.dbm")
    attempters = dbmFile(options.dbm, "attempters.dbm")
    if greylisted is None and attempters is None:
        raise FileNotFoundError(
            f"there is no greylisted.dbm and no attempters.dbm in {options.dbm}"
        )
    found = readDbm(greylisted, attempters, rename)
    store = openStore(options.store or configuration.store.url)
    try:
        store.remember(found.records.items(), configuration.rules())
    finally:
        store.close()
    print(f"{found.read} records were taken over, {found.damaged} were damaged.")
    return 0


def dbmFile(folder: Path, name: str) -> str | None:
    """A file of that name, or with the ending that its kind of dbm gave it."""
    endings = ("", ".dat", ".dir", ".db")
    return next((str(folder / name) for each in endings if (folder / (name + each)).exists()), None)


# Those that ask the store


def withStore(do: Callable[[Any, Store], int]) -> Callable[[Any], int]:
    """A command that is given the store, which is let go of afterwards."""

    def command(options: Any) -> int:
        store = storeOf(options)
        try:
            return do(options, store)
        finally:
            store.close()

    return command


def listAll(options: Any, store: Store) -> int:
    """The triples that are known, and the entries of administrators."""
    Tables.triples(store.find(options.text), options.most)
    if not options.text:
        Tables.entries(store.entries(), wallClock())
    return 0


def show(options: Any, store: Store) -> int:
    """All that is known of one client, sender or recipient."""
    known = list(store.find(options.text.strip("<>").lower()))
    regulars = [each for each in store.regulars() if options.text in each[0]]
    entries = [each for each in store.entries() if options.text in each.what]
    Tables.triples(known, options.most)
    Tables.regulars(regulars)
    Tables.entries(entries, wallClock())
    return 0 if known or regulars or entries else 1


def allow(options: Any, store: Store) -> int:
    """From the next second on, mail of or to somebody is not greylisted."""
    return _addEntry("allow", options, store)


def deny(options: Any, store: Store) -> int:
    """From the next second on, mail of or to somebody is refused."""
    return _addEntry("deny", options, store)


def _addEntry(verdict: str, options: Any, store: Store) -> int:
    kind = options.kind or kindOf(options.what)
    if Lists(**{f"{kind}s": [options.what]}).hasNames:
        Assembly.checkResolver(options.what)
    until = wallClock() + readDuration(options.duration) if options.duration else None
    store.addEntry(StoreEntry(verdict, kind, options.what, options.note, until))
    print(f"{kind} {options.what}: {verdict}")
    return 0


def kindOf(what: str) -> str:
    """What is meant, where it is not said: an address of mail is a sender, all else a client."""
    return "sender" if "@" in what or what == "<>" else "client"


def forget(options: Any, store: Store) -> int:
    """Entries of administrators, and what is known: triples and regulars of that text."""
    entries = sum(store.removeEntry(kind, options.what) for kind in KINDS)
    triples = [triple for triple, _ in store.find(options.what) if options.what in triple]
    known = store.forgetClient(options.what) + store.forget(*triples)
    print(f"{entries} entries and {known} triples were forgotten.")
    return 0 if entries or known else 1


def stats(options: Any, store: Store) -> int:
    """How many sessions, mails and decisions there were, and how many triples are known."""
    Tables.stats(store.counters(), store.counts())
    return 0


# Their words


def nothing(command: argparse.ArgumentParser) -> None:
    """No words."""


def wordsOfRun(command: argparse.ArgumentParser) -> None:
    command.add_argument("--user", default="", help="who to become once the ports are bound")


def wordsOfCheck(command: argparse.ArgumentParser) -> None:
    command.add_argument("--user", default="", help="as whom it will run, if not as configured")


def wordsOfImport(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, help="the historical greylist.conf")
    command.add_argument(
        "--dbm",
        type=Path,
        metavar="FOLDER",
        help="where greylisted.dbm and attempters.dbm are: what they know goes into the store of"
        " --config, or into --store, and nothing is printed",
    )
    wordsOfStore(command)


def wordsOfStore(command: argparse.ArgumentParser) -> None:
    command.add_argument("--store", metavar="URL", help="the store, instead of the configured one")


def wordsOfList(command: argparse.ArgumentParser) -> None:
    wordsOfStore(command)
    command.add_argument("text", nargs="?", default="", help="only triples with this in them")
    command.add_argument("--most", type=int, default=100, help="how many; 0 for all")


def wordsOfShow(command: argparse.ArgumentParser) -> None:
    wordsOfStore(command)
    command.add_argument("text", help="a client, a sender or a recipient, or a part of one")
    command.add_argument("--most", type=int, default=100, help="how many; 0 for all")


def wordsOfEntry(command: argparse.ArgumentParser) -> None:
    wordsOfStore(command)
    command.add_argument("what", help="an address, network, name, or mail address; wildcards too")
    command.add_argument("--kind", choices=KINDS, help="who that is, if not plain from it")
    command.add_argument("--for", dest="duration", metavar="TIME", help="so long: 30m, 12h, 7d")
    command.add_argument("--note", default="", help="why; it stands in the log")


def wordsOfForget(command: argparse.ArgumentParser) -> None:
    wordsOfStore(command)
    command.add_argument("what", help="a client, sender or recipient as `list` shows it")


COMMANDS = {
    "run": Subcommand("serve until told to stop", run, wordsOfRun),
    "check": Subcommand(
        "say what is wrong with the configuration, start nothing", check, wordsOfCheck
    ),
    "example": Subcommand("print a configuration with every setting", showExample, nothing),
    "import": Subcommand("print a historical greylist.conf as TOML", importOld, wordsOfImport),
    "list": Subcommand("the triples and entries in the store", withStore(listAll), wordsOfList),
    "show": Subcommand("all that is known of somebody", withStore(show), wordsOfShow),
    "allow": Subcommand("do not greylist somebody, from now on", withStore(allow), wordsOfEntry),
    "deny": Subcommand("refuse somebody, from now on", withStore(deny), wordsOfEntry),
    "forget": Subcommand("make a stranger of somebody", withStore(forget), wordsOfForget),
    "stats": Subcommand(
        "figures of all processes that share the store", withStore(stats), wordsOfStore
    ),
}
