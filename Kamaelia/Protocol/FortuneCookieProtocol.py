"""A protocol that sends a saying at the speed of an old terminal, and ends.

Example usage
-------------
    ServerCore(protocol=FortuneCookieProtocol, port=1500).run()

How does it work?
-----------------
The saying comes from the program `fortune`, which runs in a thread. Where there is none, or if it
fails, the saying is one of Kamaelia.Support.Fortunes. It is sent in 40 pieces per second.

Termination: after the saying, with a producerFinished, or at a shutdownMicroprocess. A client that
has ended its own side still receives the saying.
"""

import logging
import os
import random
import shutil
import subprocess
from collections.abc import Generator

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.File.Waits import inThread
from Kamaelia.Support.Fortunes import FORTUNES
from Kamaelia.Util.SendWithRoom import isToStop, sendWithRoom

__all__ = ["FortuneCookieProtocol"]

LOG = logging.getLogger("Kamaelia.Protocol")

PATIENCE = 10  # seconds for the program `fortune`
GAMES = "/usr/games"  # where Debian installs it, which is not in the PATH of a service


class FortuneCookieProtocol(component):
    """A protocol that sends a saying. debug: has no effect.

    bitrate: bits per second. chunkrate: pieces per second.
    """

    Inboxes = {"inbox": "not used", "control": "shutdownMicroprocess: end now"}
    Outboxes = {
        "outbox": "bytes: pieces of the saying",
        "signal": "producerFinished, or the shutdownMicroprocess from control",
    }

    bitrate = 320
    chunkrate = 40

    def __init__(self, debug: int = 0, **argd: float) -> None:
        super().__init__(**argd)
        self.debug = debug

    def main(self) -> Generator[int, None, None]:
        saying = yield from inThread(self, fortune)
        size = max(1, int(self.bitrate / 8 / self.chunkrate))
        due = self.scheduler.timers.clock.now()
        for at in range(0, len(saying), size):
            yield from self._waitUntil(due)
            due += 1 / self.chunkrate
            if isToStop(self) or not (yield from sendWithRoom(self, saying[at : at + size])):
                break
        stops = [each for each in self.Inbox("control") if isinstance(each, shutdownMicroprocess)]
        self.send(stops[0] if stops else producerFinished(self), "signal")

    def _waitUntil(self, due: float) -> Generator[int, None, None]:
        """Wait until `due`, or until a shutdownMicroprocess arrives."""
        clock = self.scheduler.timers.clock
        while (left := due - clock.now()) > 0 and not isToStop(self):
            yield from self.waitForChange(left)


def fortune() -> bytes:
    """Return a saying. It runs a program, so call it in a thread."""
    found = shutil.which("fortune", path=f"{os.environ.get('PATH', '')}{os.pathsep}{GAMES}")
    if found is not None:
        try:
            done = subprocess.run(
                [found, "-a"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PATIENCE,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            LOG.error("%s has failed: %s", found, error)
        else:
            return done.stdout
    return random.choice(FORTUNES).encode()


__kamaelia_components__ = (FortuneCookieProtocol,)
