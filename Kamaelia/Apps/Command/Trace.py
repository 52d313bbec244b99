"""The messages of a run, as `kamaelia trace` shows them.

How does it work?
-----------------
The recording (Kamaelia.Visualisation.Recording) begins before the system exists. The run ends after
the last message that is wanted, as it does when the scheduler is stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress

from Axon.Scheduler import scheduler
from Kamaelia.Support.Drawing.Sequence import sequenceMermaid, sequenceText
from Kamaelia.Visualisation.Recording import Recording

FORMATS = {"text": sequenceText, "mermaid": sequenceMermaid}


def recorded(run: Callable[[], object], count: int, only: Collection[str]) -> Recording:
    """Call `run()`, which runs a system; return the recording of its first `count` messages.

    Ctrl-C ends the run, and leaves what has been recorded.
    """
    host = scheduler.run
    recording = Recording(host, count, only, onFull=host.stop)
    try:
        with suppress(KeyboardInterrupt):
            run()
    finally:
        recording.close()
    return recording
