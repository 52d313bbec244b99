"""The last errors of components that were logged, so that the page can show their tracebacks.

Example usage
-------------
    log = ErrorLog()
    log.open()
    log.since(0)        # [{"number": 1, "text": ..., "traceback": ..., "component": ...}]
    log.close()

How does it work?
-----------------
Errors that something handles are logged under "Axon", with the component's name at the front.
"""

from __future__ import annotations

import logging
import traceback
from collections import deque
from typing import Any

KEPT = 50
LONGEST = 10_000  # characters of a traceback: its end is the important part


class ErrorLog(logging.Handler):
    """ErrorLog() -> keeps the last errors that are logged while it is open."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.number = 0
        self._kept: deque[dict[str, Any]] = deque(maxlen=KEPT)

    def open(self) -> None:
        """Begin to record."""
        for name in ("Axon", "Kamaelia"):
            logging.getLogger(name).addHandler(self)

    def close(self) -> None:
        """Stop recording."""
        for name in ("Axon", "Kamaelia"):
            logging.getLogger(name).removeHandler(self)
        super().close()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the error of a log record."""
        error = record.exc_info[1] if record.exc_info else None
        text = record.getMessage()
        lines = traceback.format_exception(error) if error is not None else []
        self.number += 1
        self._kept.append(
            {
                "number": self.number,
                "text": text[:LONGEST],
                "component": text.partition(" ")[0],
                "traceback": "".join(lines)[-LONGEST:],
            }
        )

    def since(self, number: int) -> list[dict[str, Any]]:
        """Return the errors after the one with this number."""
        return [each for each in list(self._kept) if each["number"] > number]
