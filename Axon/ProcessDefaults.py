"""The default attributes of a microprocess: scheduler, name, tracker, debugger and init.

Most are descriptors: their values are computed when they are read, so that a new microprocess
does not pay for them.
"""

from __future__ import annotations

from typing import Any

from Axon.debug import debug
from Axon.idGen import defaultName


class NullScheduler:
    """The scheduler of a microprocess that has not been activated: its methods do nothing."""

    @classmethod
    def wakeThread(cls, mprocess: Any) -> None:
        """Do nothing: a microprocess does not sleep before its first turn."""

    @classmethod
    def pauseThread(cls, mprocess: Any) -> None:
        """Do nothing: a microprocess does not run before its first turn."""

    @classmethod
    def isThreadPaused(cls, mprocess: Any) -> bool:
        return False

    @classmethod
    def runThreads(cls) -> None:
        """Do nothing: the microprocess was stopped before it was activated."""


class Name:
    """The default name, module.Class_N; a program may assign another one.

    It is not stored: an attribute that is added later would slow down the instance.
    """

    def __get__(self, process: Any, owner: type) -> Any:
        return owner.__qualname__ if process is None else defaultName(type(process), process.id)


class Tracker:
    """The default tracker, through which services are found."""

    def __get__(self, process: Any, owner: type) -> Any:
        tracker: Any = getattr(owner, "trackerClass", None)
        return None if tracker is None else tracker.getcat()


class Debugger:
    """The default debugger of a microprocess, created when it is first read.

    An attribute `debugger` of a class or an instance replaces it.
    """

    def __get__(self, process: Any, owner: type) -> Any:
        if process is None:
            return self
        process.debugger = debugger = debug()
        debugger.useConfig()
        return debugger


class Init:
    """1 if microprocess.__init__ has run, else 0; old programs check it."""

    def __get__(self, process: Any, owner: type) -> int:
        return int(hasattr(process, "_task"))
