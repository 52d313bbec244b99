"""Warnings about deprecated names, and stubs that give them.

Example usage
-------------
    __getattr__ = forwardTo("Kamaelia.IPC", "Kamaelia.KamaeliaIPC", "newCSA")    # in a module
    Old = makeClassStub(New, "Use New instead of Old", "WARN")

How does it work?
-----------------
The environment variable KAMAELIA_DEPRECATION_WARNINGS sets the level of a program, and each warning
may have a level of its own. The higher of the two applies:

    QUIET    no warning (the default)
    WARN     a DeprecationWarning at the first use of each name
    VERBOSE  a DeprecationWarning at each use, and a log record with the stack
    CRASH    a DeprecationWarning is raised
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

__all__ = [
    "GLOBAL_WARNING_LEVEL",
    "Warning",
    "defaultWarningLevel",
    "deprecationWarning",
    "forwardTo",
    "makeClassStub",
    "makeFuncStub",
]

T = TypeVar("T")

LEVELS = ("QUIET", "WARN", "VERBOSE", "CRASH")
PREFIX = "DEPRECATED: "

defaultWarningLevel = "QUIET"
GLOBAL_WARNING_LEVEL = os.environ.get("KAMAELIA_DEPRECATION_WARNINGS", defaultWarningLevel)

_log = logging.getLogger("Kamaelia")


class Warning:  # noqa: A001 - the historical name
    """A warning that its call emits, according to the higher of its level and the program's.

    Raises ValueError for a level that does not exist.
    """

    def __init__(self, message: str, warninglevel: str = defaultWarningLevel) -> None:
        self.message = message
        self._level = 0
        self._isNew = True
        self.setLevel(GLOBAL_WARNING_LEVEL)
        self.setLevel(warninglevel)

    def setLevel(self, level: str) -> Warning:
        """Raise the level to `level`, if that is higher, and return this warning."""
        name = level.strip().upper()
        if name not in LEVELS:
            raise ValueError(f"{level!r} is not a level of warnings: use {', '.join(LEVELS)}")
        self._level = max(self._level, LEVELS.index(name))
        return self

    def __call__(self, chopTrace: int = 1) -> None:
        """Emit the warning for the caller that is `chopTrace` calls above this one."""
        level = LEVELS[self._level]
        if level == "CRASH":
            raise DeprecationWarning(self.message)
        if level == "VERBOSE":
            _log.warning(self.message, stack_info=True, stacklevel=chopTrace + 1)
        if level == "VERBOSE" or (level == "WARN" and self._isNew):
            self._isNew = False
            warnings.warn(self.message, DeprecationWarning, stacklevel=chopTrace + 1)


def deprecationWarning(message: str, warninglevel: str = defaultWarningLevel) -> None:
    """Emit a warning at once, for the caller of the function that calls this one."""
    Warning(PREFIX + message, warninglevel)(chopTrace=3)


def makeClassStub(klass: type[T], message: str, warninglevel: str = defaultWarningLevel) -> type[T]:
    """Return a subclass of `klass` that warns when an instance is created.

    Each instance of `klass` also counts as an instance of the stub, so isinstance works with
    either.
    """
    warn = Warning(PREFIX + message, warninglevel)

    def __init__(self: Any, *args: Any, **argd: Any) -> None:
        warn(chopTrace=2)
        klass.__init__(self, *args, **argd)

    def __instancecheck__(cls: type, instance: object) -> bool:
        return isinstance(instance, klass) if cls is stub else type.__instancecheck__(cls, instance)

    kind = type("StubType", (type(klass),), {"__instancecheck__": __instancecheck__})
    names = {"__init__": __init__, "__doc__": klass.__doc__, "__module__": klass.__module__}
    stub: type[T] = kind(klass.__name__, (klass,), names)
    return stub


def makeFuncStub(
    target: Callable[..., T], message: str, warninglevel: str = defaultWarningLevel
) -> Callable[..., T]:
    """Return a function that warns and then calls `target`."""
    warn = Warning(PREFIX + message, warninglevel)

    def stub(*args: Any, **argd: Any) -> T:
        warn(chopTrace=2)
        return target(*args, **argd)

    return stub


def forwardTo(new: str, old: str, *names: str) -> Callable[[str], Any]:
    """Return a `__getattr__` for the module `old`, which forwards `names` to the module `new`.

    The first access to each name warns the module that imports it.
    """
    warn = {
        name: Warning(f"{PREFIX}Use {new}.{name} instead of {old}.{name}", "WARN") for name in names
    }

    def __getattr__(name: str) -> Any:
        if name not in warn:
            raise AttributeError(f"module {old!r} has no attribute {name!r}")
        warn[name](chopTrace=2)
        return getattr(import_module(new), name)

    return __getattr__
