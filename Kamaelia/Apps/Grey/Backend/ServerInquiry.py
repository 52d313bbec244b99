"""Asks a real server regularly for its extensions, so that the proxy can offer the same.

Example usage
-------------
    ServerInquiry(server, SpamMeHandler).activate()

How does it work?
-----------------
It opens a session without a client and without a mail, records the reply to EHLO in the handlers'
`smtp_offers`, and sends QUIT. A server that does not answer is asked again at growing intervals,
and one that has answered after `smtp_offer_interval` seconds. Sessions with mails record the
replies, too. The first failure of several is logged as a warning.

Termination: shutdownMicroprocess or producerFinished on "control".
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from typing import Any

from Axon.Component import component
from Kamaelia.Apps.Grey.Backend.ConnectionPool import ConnectionPool
from Kamaelia.Apps.Grey.Backend.ServerDialogue import ServerDialogue
from Kamaelia.Apps.Grey.Backend.ServerSettings import serversFor
from Kamaelia.Support.Failover import ServerAddress
from Kamaelia.Support.Protocol.SMTP.Opening import mannerOf
from Kamaelia.Support.Protocol.SMTP.Relay import Broken, Relay

LOG = logging.getLogger("Kamaelia.Apps.Grey")
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0  # seconds before a server that failed is asked again


class ServerInquiry(ServerDialogue):
    """ServerInquiry(server, settings): records the server's extensions in `settings.smtp_offers`.

    settings: a mail handler's class, or an instance.
    """

    def __init__(self, server: ServerAddress, settings: Any) -> None:
        super().__init__(settings)
        self.server = server

    def main(self) -> Generator[int, None, None]:
        pause = FIRST_PAUSE
        while True:
            broken = yield from self._inquire()
            if broken is None:
                pause, seconds = FIRST_PAUSE, self.settings.smtp_offer_interval
            else:
                seconds, pause = pause, min(2 * pause, LONGEST_PAUSE)
            yield from self.waitForMessage("control", timeout=seconds)
            if self.dataReady("control"):
                self.send(self.recv("control"), "signal")
                return

    def _inquire(self) -> Generator[int, None, Broken | None]:
        """Open one session and close it. Return the reason if it could not be opened."""
        try:
            broken = yield from self.open(self.server)
            if broken is not None:
                self.warn(self.server, broken)
            elif self.relay is not None and self.relay.isReady:
                self._answered(self.relay)
            return broken
        finally:
            self.close()

    def _answered(self, relay: Relay) -> None:
        if self.settings.smtp_offers.record(self.server, relay.extensions):
            words = ", ".join(sorted(relay.extensions)) or "no extensions"
            LOG.info("real server %s offers %s", self.server, words)


def companionsFor(settings: Any) -> list[component]:
    """Return the pool and the inquiries that all handlers with these settings share.

    Without them, each client has its own connection to the real server, and what the servers offer
    is learnt from the relay sessions.
    """
    found: list[component] = []
    manner = ("", settings.smtp_tls, settings.smtp_protocol, settings.smtp_client_address)
    if settings.smtp_idle_connections and mannerOf(*manner).isShareable:
        found.append(ConnectionPool(settings))
    if settings.smtp_offer_interval:
        found += [ServerInquiry(server, settings) for server in serversFor(settings)]
    return found


__kamaelia_components__ = (ServerInquiry,)
