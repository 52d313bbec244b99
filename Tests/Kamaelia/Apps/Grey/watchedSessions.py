"""The sessions of a server of aiosmtpd, whose ends a test awaits before it stops the server.

A loop that is closed too early leaves them to the garbage collector, which warns of them in
whatever test runs then.
"""

import threading
from typing import Any

from Tests.Kamaelia.Apps.Grey.programs import PATIENCE


class WatchedSessions:
    """WatchedSessions() -> watches the sessions of the protocols that watched() returns."""

    def __init__(self) -> None:
        self._begun: list[Any] = []
        self._ended = threading.Semaphore(0)

    def watched(self, kind: Any) -> Any:
        """Return a class of protocols like `kind`, such as aiosmtpd.smtp.SMTP."""
        begun, ended = self._begun, self._ended

        class Watched(kind):  # type: ignore[misc]
            def __init__(self, *args: Any, **argd: Any) -> None:
                super().__init__(*args, **argd)
                begun.append(self)

            def connection_lost(self, error: Any) -> None:
                super().connection_lost(error)
                ended.release()

        return Watched

    def waitForEnds(self) -> None:
        """Wait until every session that has begun has ended."""
        for _ in self._begun:
            assert self._ended.acquire(timeout=PATIENCE)
