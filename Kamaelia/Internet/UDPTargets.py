"""The receivers of datagrams, whose host names are resolved without blocking and remembered.

Example usage
-------------
    targets = Targets(peer, loop, transport)
    targets.send(b"data", "example.org", 2000)
    targets.close()

How does it work?
-----------------
A datagram to an address is sent at once. A datagram to a name waits until the name is
resolved; the sender is held if many wait. A name is resolved again after a minute, and its last
address is used meanwhile. UDP guarantees nothing, so datagrams to a name that cannot be
resolved are dropped, with a log line.
"""

from __future__ import annotations

import logging
import socket
from asyncio import AbstractEventLoop, DatagramTransport, Task
from math import inf
from typing import Any

from Kamaelia.Internet.Addresses import isLiteral, resolve, resolveNow
from Kamaelia.Internet.WriteGate import GatedComponent

FRESH = 60.0  # seconds for which the address of a name is used
RETRY = 5.0  # seconds until a name that could not be resolved is resolved again
MOST_WAITING = 64  # datagrams that wait for one name before senders are held
MOST_HOSTS = 1000  # hosts that are remembered

SPECIAL = {  # names with a meaning in the socket module
    (socket.AF_INET, ""): "0.0.0.0",
    (socket.AF_INET6, ""): "::",
    (socket.AF_INET, "<broadcast>"): "255.255.255.255",
}

LOG = logging.getLogger("Kamaelia.Internet.UDP")


class _Host:
    """One host: its address, or the datagrams that wait for it."""

    __slots__ = ("address", "job", "until", "waiting")

    def __init__(self) -> None:
        self.address: Any = None  # for sockets of its family, with any port
        self.until = -inf  # the time at which the name is resolved again
        self.job: Task[None] | None = None  # resolves the name
        self.waiting: list[tuple[bytes, int]] = []  # (data, port)

    def isResolving(self) -> bool:
        """Return whether the name is being resolved. An eager task may be done at once."""
        return self.job is not None and not self.job.done()


class Targets:
    """Targets(peer, loop, transport): sends datagrams to hosts, by name or address.

    peer: the component whose senders are held while too many datagrams wait.
    """

    def __init__(
        self, peer: GatedComponent, loop: AbstractEventLoop, transport: DatagramTransport
    ) -> None:
        self._peer = peer
        self._loop = loop
        self._transport = transport
        self._family = transport.get_extra_info("socket").family
        self._hosts: dict[Any, _Host] = {}

    def send(self, data: bytes, name: Any, port: int) -> None:
        """Send one datagram, now or when its name is resolved."""
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = self._newHost(name)
        if host.until < inf and not host.isResolving() and self._loop.time() >= host.until:
            host.job = self._loop.create_task(self._resolve(name, host))
        if host.address is not None:
            self._sendTo(data, host.address, port)
        elif host.isResolving():
            host.waiting.append((data, port))
            if len(host.waiting) >= MOST_WAITING:
                self._peer.pause_writing()

    def isWaiting(self) -> bool:
        """Return whether datagrams wait for the address of a name."""
        return any(host.waiting for host in self._hosts.values())

    def close(self) -> None:
        """Drop the datagrams that wait."""
        hosts, self._hosts = self._hosts, {}
        for host in hosts.values():
            if host.job is not None:
                host.job.cancel()

    def _newHost(self, name: Any) -> _Host:
        if len(self._hosts) >= MOST_HOSTS:
            self._forgetOldest()
        host = _Host()
        literal = SPECIAL.get((self._family, name), name)
        if isLiteral(literal):
            host.until = inf
            try:
                found = resolveNow(literal, 0, socket.SOCK_DGRAM, self._family)
                host.address = found[0][1]
            except OSError as error:  # it is an address of the other family
                self._complain(name, error)
        return host

    def _forgetOldest(self) -> None:
        for name, host in self._hosts.items():
            if not host.isResolving():
                del self._hosts[name]
                return

    async def _resolve(self, name: Any, host: _Host) -> None:
        try:
            found = await resolve(self._loop, name, 0, socket.SOCK_DGRAM, self._family)
            host.address, host.until = found[0][1], self._loop.time() + FRESH
        except OSError as error:
            host.until = self._loop.time() + RETRY
            self._complain(name, error)
        waiting, host.waiting = host.waiting, []
        if host.address is not None:
            for data, port in waiting:
                self._sendTo(data, host.address, port)
        if len(waiting) >= MOST_WAITING:
            self._peer.resume_writing()
        self._peer.unpause()

    def _sendTo(self, data: bytes, address: Any, port: int) -> None:
        self._transport.sendto(data, (address[0], port, *address[2:]))

    def _complain(self, name: Any, error: OSError) -> None:
        reason = error.strerror or error
        LOG.warning("%s drops its datagrams to %r: %s", self._peer.name, name, reason)
