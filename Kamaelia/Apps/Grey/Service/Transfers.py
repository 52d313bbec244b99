"""The commands that import records into the store, and export them.

kamaelia-grey import greylist.conf | --postgrey FOLDER | --sqlgrey FILE | --backup FILE
kamaelia-grey export [FILE]

How does it work?
-----------------
Each source of records is a row of SOURCES. Its function merges the records into the store, with
the keys of the present configuration, and returns what it prints. A running server uses them at
once.
"""

from __future__ import annotations

import argparse
import os
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Apps.Grey.Service import Assembly
from Kamaelia.Apps.Grey.Stores import Store, openStore
from Kamaelia.Apps.Grey.Stores.Dbm import readDbm
from Kamaelia.Apps.Grey.Support import importText, openConfig
from Kamaelia.Apps.Grey.System.FileReplacement import replacementOf
from Kamaelia.Apps.Grey.Transfer import Backup, Postgrey
from Kamaelia.Apps.Grey.Transfer.Sqlgrey import Sqlgrey
from Kamaelia.Apps.Grey.Transfer.Tally import Tally
from Kamaelia.Support.Counts import counted
from Kamaelia.Support.Greylist.KeyedPaths import keyedRecipient, keyedSender
from Kamaelia.Support.Greylist.Rules import Rules, Triple
from Kamaelia.Support.Networks import addressOf
from Kamaelia.Support.Protocol.PolicyDelegation import pathOf
from Kamaelia.Support.Settings.Values import readDuration

MEMORY = "memory:"
STANDARD = "-"  # standard output or input
NO_CLIENTS = "client_passes in [greylist] is 0, so known clients are not used."


class Target(NamedTuple):
    """Where records go: the store, the rules, and the greylist that makes the keys."""

    store: Store
    rules: Rules
    greylist: Greylist

    def clientKey(self, peer: str) -> str:
        """Return the key of a client. Raise ValueError if it is not an address."""
        addressOf(peer)
        return self.greylist.clientKey(peer)

    def triple(self, peer: str, sender: str, recipient: str) -> Triple:
        """Return the keys of a mail that the policy service of Postfix would have."""
        path, to = keyedSender(pathOf(sender)), keyedRecipient(pathOf(recipient))
        return self.greylist.triple(self.clientKey(peer), path, to)


Source = Callable[[Any, Target], str]


def importAny(options: Any, configFile: Callable[[Any], Path]) -> int:
    """Import records, or print a historical greylist.conf as TOML."""
    source = next((each for each in SOURCES if getattr(options, each)), None)
    if source is None:
        if options.file is None:
            raise ValueError(f"name a greylist.conf, or one of --{', --'.join(SOURCES)}")
        print(importText(openConfig(options.file), str(options.file)), end="")
        return 0
    isHistorical = options.file is not None and options.config is None
    configuration = Assembly.read(options.file if isHistorical else configFile(options))
    url = options.store or configuration.store.url
    if url == MEMORY:
        raise ValueError("a store in memory ends with this command: name another with --store")
    store = openStore(url)
    try:
        target = Target(store, configuration.rules(), Assembly.greylistOf(configuration))
        print(SOURCES[source](options, target))
    finally:
        store.close()
    return 0


# The sources


def importDbm(options: Any, target: Target) -> str:
    """Import the records of historical dbm files."""
    greylist = target.greylist

    def rename(peer: str, sender: str, recipient: str) -> Triple:
        return greylist.triple(greylist.clientKey(peer), sender, recipient)

    greylisted = dbmFile(options.dbm, "greylisted.dbm")
    attempters = dbmFile(options.dbm, "attempters.dbm")
    if greylisted is None and attempters is None:
        raise FileNotFoundError(
            f"neither greylisted.dbm nor attempters.dbm exists in {options.dbm}"
        )
    found = readDbm(greylisted, attempters, rename)
    target.store.remember(found.records.items(), target.rules)
    return str(Tally(found.read, found.damaged))


def dbmFile(folder: Path, name: str) -> str | None:
    """Return the path of a dbm file if it exists, with or without an ending; else None."""
    endings = ("", ".dat", ".dir", ".db")
    return next((str(folder / name) for each in endings if (folder / (name + each)).exists()), None)


def importPostgrey(options: Any, target: Target) -> str:
    """Import the records of postgrey."""
    tally, folder, delay = Tally(), options.postgrey, readDuration(options.delay)
    triples = Postgrey.triplesOf(folder, target.triple, delay, tally)
    target.store.remember(triples, target.rules)
    clients = Postgrey.clientsOf(folder, target.clientKey, tally)
    return _clientsImported(target.store.rememberClients(clients, target.rules), target, tally)


def importSqlgrey(options: Any, target: Target) -> str:
    """Import the records of sqlgrey."""
    tally = Tally()
    database = Sqlgrey(options.sqlgrey, tally)
    target.store.remember(database.triples(target.triple), target.rules)
    clients = database.clients(target.clientKey, target.rules)
    return _clientsImported(target.store.rememberClients(clients, target.rules), target, tally)


def _clientsImported(number: int, target: Target, tally: Tally) -> str:
    isUnused = number and not target.rules.client_passes
    return f"{tally}\n{NO_CLIENTS}" if isUnused else str(tally)


def importBackup(options: Any, target: Target) -> str:
    """Import the records that `export` has written."""
    with options.backup.open(encoding="utf-8", errors="surrogateescape") as file:
        if not file.seekable():
            raise ValueError(f"{options.backup} is read twice: write it to a file first")
        number = Backup.restore(file, target.store, target.rules)
        return counted(number, "record was imported.", "records were imported.")


#: By the name of its option.
SOURCES: dict[str, Source] = {
    "dbm": importDbm,
    "postgrey": importPostgrey,
    "sqlgrey": importSqlgrey,
    "backup": importBackup,
}


# The export


def export(options: Any, store: Store) -> int:
    """Write all records of the store to a file, which appears when it is complete."""
    if options.file == STANDARD:
        Backup.write(sys.stdout, store)
        return 0
    _checkTarget(options.file)
    with replacementOf(options.file) as file:
        number = Backup.write(file, store)
    print(f"{counted(number, 'record was', 'records were')} written to {options.file}.")
    return 0


def _checkTarget(path: str) -> None:
    """Raise ValueError if an export would replace a device, a link or anything else but a file."""
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise ValueError(f"{path} is not a regular file, so no export replaces it")


# Arguments


def addArgumentOfStore(command: argparse.ArgumentParser) -> None:
    """Add the option that names a store."""
    command.add_argument(
        "--store", metavar="URL", help="the store to use instead of the configured one"
    )


def addArgumentsOfExport(command: argparse.ArgumentParser) -> None:
    """Add the file to write."""
    command.add_argument(
        "file", nargs="?", default=STANDARD, help="the file to write; default: standard output"
    )


def addArgumentsOfImport(command: argparse.ArgumentParser) -> None:
    """Add the sources of records."""
    command.add_argument(
        "file",
        type=Path,
        nargs="?",
        help="a historical greylist.conf: print it as TOML; with --dbm, use its settings",
    )
    sources = command.add_mutually_exclusive_group()
    for name, where, about in (
        ("dbm", "FOLDER", "greylisted.dbm and attempters.dbm in this folder"),
        ("postgrey", "FOLDER", "the databases of postgrey, usually in /var/lib/postgrey"),
        ("sqlgrey", "FILE", "the SQLite database of sqlgrey"),
        ("backup", "FILE", "what `kamaelia-grey export` has written"),
    ):
        sources.add_argument(
            f"--{name}", type=Path, metavar=where, help=f"import the records of {about}"
        )
    command.add_argument(
        "--delay", default="5m", help="for --postgrey: how long it defers mail; default: 5m"
    )
    addArgumentOfStore(command)
