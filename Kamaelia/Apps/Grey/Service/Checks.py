"""What is wrong around a configuration: its folders, store, certificate, sockets and names.

Example usage
-------------
    problems = check(configuration, built, user="kamaelia-grey")
    problems.mistakes, problems.warnings

How does it work?
-----------------
A configuration that can be read is `built` (Building). Each check here looks at one thing
outside of it and yields a sentence with a remedy; what the server will write, and read again
at a reload, is looked at as the user that it will run as.
Nothing is written, and nothing waits for long but the names, for which the DNS is asked.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from Kamaelia.Apps.Grey.Service.Assembly import Built, importAll
from Kamaelia.Apps.Grey.Stores import StoreFailed, checkStore
from Kamaelia.Apps.Grey.System.Certificates import checkCertificate
from Kamaelia.Apps.Grey.System.FileAccess import checkLog, kindOf, mayAccess
from Kamaelia.Apps.Grey.System.Privileges import actingAs
from Kamaelia.Support.Settings.Configuration import Configuration
from Kamaelia.Support.Settings.ConfigurationWarnings import warningsOf
from Kamaelia.Support.Settings.Values import SocketAddress


class Problem(NamedTuple):
    """A sentence; a mistake unless it is only a warning."""

    what: str
    isWarning: bool = False


def check(built: Built, user: str = "") -> list[Problem]:
    """Return all problems. Raises MistakesFound if there is no such user."""
    configuration = built.configuration
    importAll(configuration)  # which the user may not be permitted to read
    found = [each for find in CHECKS for each in find(built)]
    with actingAs(user or configuration.listen.user):
        return found + [each for find in CHECKS_AS_USER for each in find(built)]


def notices(built: Built) -> list[str]:
    """Return what a server that starts or reloads logs, although it can serve."""
    return [each.what for find in (doubts, certificates) for each in find(built)]


def doubts(built: Built) -> Iterator[Problem]:
    """What is allowed but probably not meant."""
    for what in warningsOf(built.configuration, built.protocol.servername):
        yield Problem(what, isWarning=True)


def logs(built: Built) -> Iterator[Problem]:
    """Log files that cannot be written."""
    log = built.configuration.log
    for name in ("logfile", "debuglogfile", "jsonlogfile"):
        file = getattr(log, name)
        if file:
            yield from _explained(f"{name} in [log]", partial(checkLog, file))


def store(built: Built) -> Iterator[Problem]:
    """A store that cannot be opened."""
    try:
        checkStore(built.configuration.store.url)
    except StoreFailed as error:
        yield Problem(f"url in [store]: {error}")


def certificates(built: Built) -> Iterator[Problem]:
    """A certificate that clients would refuse."""
    if built.tls is not None:
        found = checkCertificate(built.tls, built.configuration.listen.tls_certificate)
        yield from map(Problem, found.mistakes)
        yield from (Problem(what, isWarning=True) for what in found.warnings)


def filesForReload(built: Built) -> Iterator[Problem]:
    """Files that root can read at the start, and the server's user cannot at a reload."""
    for file in _filesOf(built.configuration):
        if not mayAccess(file, os.R_OK):
            what = f"{file} is not readable for the user of the server: a reload will fail"
            yield Problem(what, isWarning=True)


def unixSockets(built: Built) -> Iterator[Problem]:
    """Paths of Unix sockets at which there is something else."""
    configuration = built.configuration
    metrics = configuration.metrics.address
    listening = [*configuration.listen.addresses, *([metrics] if metrics is not None else [])]
    for address in filter(_isPath, listening):
        kind = kindOf(address.path)
        if kind not in ("", "a socket"):
            yield Problem(f"cannot listen on {address}: it is {kind}, not a socket")
        elif not kind:
            parent = Path(address.path).absolute().parent
            if kindOf(parent) != "a folder":
                yield Problem(f"cannot listen on {address}: there is no folder {parent}: make it")
    for address in filter(_isPath, configuration.server.addresses):
        kind = kindOf(address.path)
        if not kind:
            what = f"there is no socket {address} at the moment: is the real server running?"
            yield Problem(what, isWarning=True)
        elif kind != "a socket":
            yield Problem(f"cannot connect to {address}: it is {kind}, not a socket")


def names(built: Built) -> Iterator[Problem]:
    """Names of hosts that the DNS does not know."""
    configuration = built.configuration
    metrics = configuration.metrics.address
    places = {
        "[listen]": configuration.listen.addresses,
        "[server]": configuration.server.addresses,
        "[metrics]": (metrics,) if metrics is not None else (),
    }
    for section, addresses in places.items():
        for host in dict.fromkeys(each.host for each in addresses if each.host):
            try:
                socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                yield Problem(f"the host {host} in {section} does not resolve: {reason}")


CHECKS: tuple[Callable[[Built], Iterator[Problem]], ...] = (
    doubts,
    certificates,
    unixSockets,
    names,
)
CHECKS_AS_USER: tuple[Callable[[Built], Iterator[Problem]], ...] = (logs, store, filesForReload)


def _explained(where: str, do: Callable[[], None]) -> Iterator[Problem]:
    try:
        do()
    except OSError as error:
        yield Problem(f"{where}: {error}")


def _filesOf(configuration: Configuration) -> Iterator[str]:
    for section in (configuration.allow, configuration.deny):
        yield from (*section.client_files, *section.sender_files, *section.recipient_files)
    listen = configuration.listen
    yield from filter(None, (listen.tls_certificate, listen.tls_key))


def _isPath(address: SocketAddress) -> bool:
    return bool(address.path)
