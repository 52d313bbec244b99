"""A picture of a running program in a file, for a program that must not be edited.

Example usage
-------------
    KAMAELIA_GRAPH=system.svg python program.py

The suffix says the format: .svg, .mmd or .mermaid, .dot or .gv, .json. `%p` in the name becomes the
process id.

How does it work?
-----------------
The file shows the system with the most components: a picture is taken a tenth of a second after the
start, at most once a second while components and linkages change, and before a component ends. It
replaces the earlier one unless it has fewer components. So the picture of a program that ends at
once is that of its working system, and that of a server has the connections that it had.

The file is replaced as a whole, so that no reader sees a part of it. A process that is forked, such
as a worker of a server, writes none, unless the name contains `%p`. A program that steps its
scheduler itself has no event loop: its pictures are taken before components end.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from Axon import Box
from Axon.Observer import Observer
from Axon.Timers import VirtualClock
from Kamaelia.Visualisation.ProcessPath import processPath
from Kamaelia.Visualisation.SystemGraph import FORMATS, graph

LOG = logging.getLogger("Kamaelia.Visualisation.GraphFile")
SUFFIXES = {
    ".svg": "svg",
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".dot": "dot",
    ".gv": "dot",
    ".json": "json",
}
FIRST, PERIOD = 0.1, 1.0  # seconds until the first picture, and between two others
SHARE = 50  # a picture that takes long is followed by a pause of so many times as long


def start(scheduler: Any, value: str) -> Callable[[], object] | None:
    """Write pictures of the run of `scheduler` to the file `value` (Axon.StartHooks)."""
    name = processPath(value)
    return None if name is None else GraphFile(scheduler, name).close


class GraphFile(Observer):
    """GraphFile(scheduler, name) -> writes pictures of the running system to a file.

    Raises ValueError if the suffix of the name is that of no format, and OSError if the folder
    cannot be written to.
    """

    def __init__(self, scheduler: Any, name: str) -> None:
        self._path = Path(name)
        suffix = self._path.suffix.lower()
        if suffix not in SUFFIXES:
            raise ValueError(f"{name!r} must end with one of {', '.join(SUFFIXES)}")
        if not os.access(self._path.absolute().parent, os.W_OK):
            raise OSError(f"the folder of {name!r} cannot be written to")
        self._format = FORMATS[SUFFIXES[suffix]]
        self._scheduler = scheduler
        self._most = 0  # the components in the latest picture
        self._hasChanged = True
        self._timer: Any = None
        isTimed = scheduler.loop is not None and not isinstance(
            scheduler.timers.clock, VirtualClock
        )
        self._loop = scheduler.loop if isTimed else None
        scheduler.addObserver(self)
        Box.addObserver(self)
        self._period = PERIOD
        self._change(FIRST)

    def close(self) -> None:
        """Take no more pictures."""
        self._scheduler.removeObserver(self)
        Box.removeObserver(self)
        self._loop = None
        if self._timer is not None:
            self._timer.cancel()

    # Changes

    def activated(self, process: Any) -> None:
        self._change(self._period)

    def linked(self, source: Any, sink: Any) -> None:
        self._change(self._period)

    def ending(self, process: Any) -> None:
        # a picture of each of many sizes would take long
        if self._hasChanged and len(self._scheduler.tasks) > self._most + self._most // 8:
            self._write()

    def _change(self, delay: float) -> None:
        self._hasChanged = True
        if self._loop is not None and self._timer is None:
            self._timer = self._loop.call_later(delay, self._isDue)

    def _isDue(self) -> None:
        self._timer = None
        if self._hasChanged and len(self._scheduler.tasks) >= self._most:
            self._write()

    def _write(self) -> None:
        self._hasChanged = False
        self._most = len(self._scheduler.tasks)
        before = perf_counter()
        try:
            self.write()
        except Exception as error:  # noqa: BLE001 - the program must continue
            LOG.warning("no more pictures are written to %s: %s", self._path, error)
            self.close()
        self._period = max(PERIOD, SHARE * (perf_counter() - before))

    def write(self) -> None:
        """Replace the file by a picture of the system as it is now."""
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            temporary.write_text(self._format(graph(self._scheduler)), encoding="utf-8")
            temporary.replace(self._path)
        finally:
            temporary.unlink(missing_ok=True)
