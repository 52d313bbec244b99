"""The client of a trusted host, in place of the host itself: what XCLIENT and XFORWARD say.

Example usage
-------------
    declared = DeclaredClient(handler)
    declared.replace({"ADDR": "192.0.2.1", "NAME": ""})     # XCLIENT: from now on
    declared.forward({"ADDR": "192.0.2.1", "HELO": "a"})    # XFORWARD: for the next mail
    declared.beginMail()                                    # when a MAIL has been accepted

How does it work?
-----------------
The addresses of the handler are replaced, so policy, logs, lists and the real server see the
client. Whether the client is trusted is judged again. What XFORWARD says ends with its mail:
when another mail begins without it, the handler has its former addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

#: The address of a client of which the trusted host knows none. No client has it.
UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104


class Addresses(NamedTuple):
    """The attributes of a handler that are replaced."""

    peer: str
    peerport: int
    peername: str
    localip: str
    localport: int
    remotename: str


class DeclaredClient:
    """DeclaredClient(handler) -> replaces the client of this handler.

    host: the address of the trusted host.
    """

    __slots__ = ("_handler", "_isUsed", "_saved", "host")

    def __init__(self, handler: Any) -> None:
        self._handler = handler
        self._saved: Addresses | None = None  # before XFORWARD
        self._isUsed = False  # whether the mail of XFORWARD has begun
        self.host = handler.peer

    def replace(self, given: Mapping[str, str]) -> None:
        """Replace the client until the connection ends."""
        self._saved = None
        self._use(self._changed(given, mayRename=False))

    def forward(self, given: Mapping[str, str]) -> None:
        """Replace the client for one mail. Several lines may describe it."""
        if self._isUsed:
            self._restore()
        if self._saved is None:
            self._saved = self._current()
        self._use(self._changed(given, mayRename=True))

    def beginMail(self) -> None:
        """Take note that a mail has begun: that of XFORWARD, or another one."""
        if self._isUsed:
            self._restore()
        self._isUsed = self._saved is not None

    def _current(self) -> Addresses:
        return Addresses(*(getattr(self._handler, name) for name in Addresses._fields))

    def _changed(self, given: Mapping[str, str], mayRename: bool) -> Addresses:
        """Return the addresses with what is given. A new address has no former port or name."""
        now = self._current()
        if "ADDR" in given:
            now = now._replace(peer=given["ADDR"] or UNKNOWN_ADDRESS, peerport=0, peername="")
        if "PORT" in given:
            now = now._replace(peerport=int(given["PORT"] or 0))
        if "NAME" in given:
            now = now._replace(peername=given["NAME"])
        if "DESTADDR" in given:
            now = now._replace(localip=given["DESTADDR"])
        if "DESTPORT" in given:
            now = now._replace(localport=int(given["DESTPORT"] or 0))
        if "HELO" in given and mayRename:
            now = now._replace(remotename=given["HELO"])
        return now

    def _restore(self) -> None:
        saved, self._saved, self._isUsed = self._saved, None, False
        if saved is not None:
            self._use(saved)

    def _use(self, addresses: Addresses) -> None:
        for name, value in addresses._asdict().items():
            setattr(self._handler, name, value)
        self._handler.clientChanged()
