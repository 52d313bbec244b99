"""Messages of Kamaelia on standard error, for programs that have not configured logging.

Example usage
-------------
    with messagesOnStderr(isCalledByProgram()):
        runTheServer()

How does it work?
-----------------
Python itself shows only warnings and errors if logging is not configured. A handler at the logger
"Kamaelia" shows the messages of level INFO, too, until the `with` block ends. It shows nothing once
the program has configured the root logger, which then shows the messages itself.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

NAME = "Kamaelia"


def isCalledByProgram() -> bool:
    """Return whether the caller of the calling method is the main module, not a library."""
    return bool(sys._getframe(2).f_globals.get("__name__") == "__main__")


def isLoggingConfigured() -> bool:
    """Return whether the program has configured the logging of Kamaelia in any way."""
    logger = logging.getLogger(NAME)
    return (
        logger.hasHandlers()
        or logger.level != logging.NOTSET
        or logging.root.level != logging.WARNING
        or logging.root.manager.disable > logging.NOTSET
    )


@contextmanager
def messagesOnStderr(isWanted: bool = True) -> Iterator[None]:
    """Show messages of level INFO and above, if `isWanted` and logging is not configured."""
    if not isWanted or isLoggingConfigured():
        yield
        return
    logger, handler = logging.getLogger(NAME), logging.StreamHandler(sys.stderr)
    handler.addFilter(lambda record: not logging.root.handlers)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
