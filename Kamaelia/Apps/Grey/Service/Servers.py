"""The servers of the application: SMTP, the policy service and the milter.

Example usage
-------------
    DelegationServer("policy", application=application, sockets=sockets).activate()

How does it work?
-----------------
The handler of each new connection gets the application's current settings, so a reload changes
them. The store is shared, and is closed when the last server has ended.

Termination: on SIGTERM or SIGINT, as ServerCore.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any, Protocol

from Kamaelia.Apps.Grey.Backend.RecipientInquiry import inquiriesFor
from Kamaelia.Apps.Grey.Delegation.DelegationHandler import DelegationHandler
from Kamaelia.Apps.Grey.Delegation.MilterHandler import MilterHandler
from Kamaelia.Apps.Grey.Delegation.PolicyRequestHandler import PolicyRequestHandler
from Kamaelia.Apps.Grey.Delegation.PolicyService import PolicyService
from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Internet.EventLoop import waitForCoroutine


class ServedApplication(Protocol):
    """What the servers read from the application."""

    greylist: Greylist
    protocol: Any
    delegates: dict[str, PolicyService]  # by the name of their section
    servers: set[Any]  # that have not ended

    def stops(self) -> None: ...


class StoreServer(ServerCore):
    """StoreServer(application=...) -> a ServerCore; the last one to end closes the store."""

    application: ServedApplication
    isFirst = False  # whether the components that all servers share run beside this one

    def reportListening(self, addresses: Iterable[str]) -> None:
        """Do nothing: the application reports it."""

    def reportStopping(self) -> None:
        """Tell the application, which reports it once for all of its servers."""
        self.application.stops()

    def main(self) -> Generator[int, None, None]:
        servers = self.application.servers
        servers.add(self)
        try:
            yield from super().main()
            servers.discard(self)
            store = None if servers else self.application.greylist.close()
            if store is not None:
                yield from waitForCoroutine(self, lambda loop: store.waitForClose())
        finally:
            servers.discard(self)
            if not servers:
                self.application.greylist.close()


class GreyServer(StoreServer):
    """GreyServer(application=...) -> the proxy: a handler of SMTP for each connection."""

    def mkProtocolHandler(self, **sock_info: Any) -> Any:
        """Return a handler with the current configuration."""
        return self.application.protocol(**sock_info)

    def companions(self) -> list[Any]:
        """Return the components that ask the real servers, and keep connections to them."""
        return list(self.application.protocol.companions())


HANDLERS: dict[str, type[DelegationHandler]] = {
    "policy": PolicyRequestHandler,
    "milter": MilterHandler,
}


class DelegationServer(StoreServer):
    """DelegationServer(section, application=...) -> the service for other mail servers that the
    section of the configuration describes: "policy" or "milter".
    """

    refusal = b""  # the mail server waits for a connection, and defers the mail after its timeout

    def __init__(self, section: str, **argd: Any) -> None:
        super().__init__(**argd)
        self.section = section

    def companions(self) -> list[Any]:
        """Return the components that ask the real servers which recipients they know."""
        application = self.application
        directory = application.greylist.recipients if self.isFirst else None
        return [*inquiriesFor(directory, application.protocol)]

    def mkProtocolHandler(self, **sock_info: Any) -> Any:
        """Return a handler with the current configuration."""
        service = self.application.delegates[self.section]
        return HANDLERS[self.section](service=service, peer=sock_info["peer"])


__kamaelia_components__ = (StoreServer, GreyServer, DelegationServer)
