"""The order in which several servers for one purpose are tried.

Example usage::

    >>> servers = [serverAt(("192.0.2.1", 25)), serverAt("unix:/run/lmtp")]
    >>> health = Health(rest=30)
    >>> health.failed(servers[0], now=100.0)
    >>> [str(server) for server in health.inOrder(servers, now=101.0)]
    ['unix:/run/lmtp', '192.0.2.1, port 25']

A server that has failed is tried last, until it works again or `rest` seconds have passed. All
servers are still tried, so a recorded failure never causes a refusal.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

UNIX = "unix:"
TELL_AGAIN = 600.0  # seconds before the same warning is repeated


class ServerAddress(NamedTuple):
    """The address of a server: host and port, or the path of a Unix socket."""

    host: str | None
    port: int | None
    path: str | None = None

    def __str__(self) -> str:
        return f"{self.host}, port {self.port}" if self.path is None else UNIX + self.path


def serverAt(given: Any, port: int = 25) -> ServerAddress:
    """Return the server for ("host", 25), "host" or "unix:/path". Raise ValueError."""
    host = given
    if isinstance(given, tuple | list) and len(given) == 2:
        host, port = given
    isUnix = isinstance(host, str) and host.startswith(UNIX)  # the port is ignored then
    isPort = isinstance(port, int) and not isinstance(port, bool) and 0 < port < 65536
    if not isinstance(host, str) or not host or not (isPort or isUnix):
        raise ValueError(f'a server must be ("host", port), "host" or "unix:/path", not {given!r}')
    if not isUnix:
        return ServerAddress(host, port)
    path = host[len(UNIX) :]
    if not path.startswith("/"):
        raise ValueError(f'a Unix socket must be "unix:/path" with an absolute path, not {host!r}')
    return ServerAddress(None, None, path)


class Health:
    """Health(rest) -> records failures for `rest` seconds; shared by all connections."""

    def __init__(self, rest: float = 30.0) -> None:
        self.rest = rest
        self._failures: dict[ServerAddress, float] = {}
        self._told: dict[ServerAddress, tuple[str, float]] = {}

    def failed(self, server: ServerAddress, now: float) -> None:
        """Record that a server was unreachable, did not reply, or disconnected."""
        self._failures[server] = now

    def worked(self, server: ServerAddress) -> None:
        """Record that a server works."""
        self._failures.pop(server, None)

    def isNews(self, server: ServerAddress, reason: str, now: float) -> bool:
        """Return whether to warn of a failure: False for the same one within TELL_AGAIN."""
        lastReason, when = self._told.get(server, ("", 0.0))
        if reason == lastReason and when <= now < when + TELL_AGAIN:
            return False
        self._told[server] = reason, now
        return True

    def inOrder(self, servers: Iterable[ServerAddress], now: float) -> list[ServerAddress]:
        """Return all servers: working ones in the given order, then by time of failure."""
        if not self._failures:
            return list(servers)
        return sorted(servers, key=lambda server: self._since(server, now))

    def _since(self, server: ServerAddress, now: float) -> float:
        when = self._failures.get(server)
        # After the clock was set back, earlier failures are ignored.
        return when if when is not None and when <= now < when + self.rest else float("-inf")
