"""Checks of everything that a configuration names: folders, store, certificate, sockets, hosts.

Example usage
-------------
    for problem in check(built, user="kamaelia-grey"):
        print(problem.what, problem.isWarning)

How does it work?
-----------------
The input is a valid configuration (see Assembly). Each check examines one thing outside of it
and yields sentences with a remedy. The checks of files that the server writes, or reads again
at a reload, run with the permissions of the server's user. The checks write nothing. Only the
check of host names may take long, because it asks DNS.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from Kamaelia.Apps.Grey.Service.Assembly import Built, importAll
from Kamaelia.Apps.Grey.Stores import StoreFailed, checkStore
from Kamaelia.Apps.Grey.System.Certificates import checkCertificate, loadCertificate
from Kamaelia.Apps.Grey.System.FileAccess import checkLog, kindOf, mayAccess
from Kamaelia.Apps.Grey.System.Privileges import actingAs
from Kamaelia.Support.Settings.Configuration import Configuration
from Kamaelia.Support.Settings.ConfigurationWarnings import warningsOf
from Kamaelia.Support.Settings.Values import SocketAddress


class Problem(NamedTuple):
    """A sentence about a problem, which is a mistake or only a warning."""

    what: str
    isWarning: bool = False


def check(built: Built, user: str = "") -> list[Problem]:
    """Return all problems. Raise MistakesFound if the user does not exist."""
    configuration = built.configuration
    importAll(configuration)  # the user may not be permitted to read the modules
    found = [each for find in CHECKS for each in find(built)]
    with actingAs(user or configuration.listen.user):
        return found + [each for find in CHECKS_AS_USER for each in find(built)]


def notices(built: Built) -> list[str]:
    """Return the warnings that a server logs when it starts or reloads."""
    return [each.what for find in (unintendedSettings, certificates) for each in find(built)]


def unintendedSettings(built: Built) -> Iterator[Problem]:
    """Yield settings that are valid but probably unintended."""
    for what in warningsOf(built.configuration, built.protocol.servername):
        yield Problem(what, isWarning=True)


def logs(built: Built) -> Iterator[Problem]:
    """Yield log files that cannot be written."""
    log = built.configuration.log
    for name in ("logfile", "debuglogfile", "jsonlogfile"):
        file = getattr(log, name)
        if file:
            yield from _explained(f"{name} in [log]", partial(checkLog, file))


def store(built: Built) -> Iterator[Problem]:
    """Yield the stores that cannot be opened."""
    settings = built.configuration.store
    for name in ("url", "copy"):
        try:
            checkStore(getattr(settings, name))
        except StoreFailed as error:
            yield Problem(f"{name} in [store]: {error}")


def certificates(built: Built) -> Iterator[Problem]:
    """Yield problems of certificates that clients would reject."""
    for certificate, key in built.configuration.certificates:
        found = checkCertificate(loadCertificate(certificate, key), certificate)
        yield from map(Problem, found.mistakes)
        yield from (Problem(what, isWarning=True) for what in found.warnings)


def filesForReload(built: Built) -> Iterator[Problem]:
    """Yield files that root can read at the start but the server's user cannot at a reload."""
    for file in _filesOf(built.configuration):
        if not mayAccess(file, os.R_OK):
            what = f"{file} is not readable by the user of the server: a reload will fail"
            yield Problem(what, isWarning=True)


def unixSockets(built: Built) -> Iterator[Problem]:
    """Yield paths of Unix sockets that are missing or are something else."""
    configuration = built.configuration
    metrics = configuration.metrics.address
    delegates = [each.addresses for each in configuration.delegates.values()]
    listening = [*configuration.listen.addresses, *chain.from_iterable(delegates)]
    listening += [metrics] if metrics is not None else []
    for address in filter(_isPath, listening):
        kind = kindOf(address.path)
        if kind not in ("", "a socket"):
            yield Problem(f"cannot listen on {address}: it is {kind}, not a socket")
        elif not kind:
            parent = Path(address.path).absolute().parent
            if kindOf(parent) != "a folder":
                yield Problem(
                    f"cannot listen on {address}: the folder {parent} does not exist: create it"
                )
    servers = configuration.server.addresses if configuration.hasProxy else ()
    for address in filter(_isPath, servers):
        kind = kindOf(address.path)
        if not kind:
            what = f"the socket {address} does not exist: is the real server running?"
            yield Problem(what, isWarning=True)
        elif kind != "a socket":
            yield Problem(f"cannot connect to {address}: it is {kind}, not a socket")


def names(built: Built) -> Iterator[Problem]:
    """Yield host names that do not resolve."""
    configuration = built.configuration
    metrics = configuration.metrics.address
    places = {
        "[listen]": configuration.listen.addresses,
        "[policy]": configuration.policy.addresses,
        "[milter]": configuration.milter.addresses,
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
    unintendedSettings,
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
    yield from chain.from_iterable(configuration.certificates)


def _isPath(address: SocketAddress) -> bool:
    return bool(address.path)
