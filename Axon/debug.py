"""Debugging output by section and level of detail, through the standard library's logging.

Example usage
    debugger = debug()
    debugger.addDebug(**{"Greeter.main": 5})
    assert debugger.note("Greeter.main", 1, "a guest:", name)     # logged, as 1 <= 5
    assert debugger.note("Greeter.main", 10, "each letter of it") # not logged

How does it work?
    A message of section S goes to the logger "Axon.debug.S", as DEBUG, when its
    level is not above the level of S. If logging is not configured, the message
    goes to standard output. note() returns True, so that it can be used in an
    assert, which `python -O` removes. The levels of the sections come from a file
    (see Axon.debugConfigFile), which is read once for all debug objects, or from
    addDebug and similar methods, which affect one object only.
"""

from __future__ import annotations

import sys
import time
from functools import cache
from typing import TYPE_CHECKING, ClassVar

from Axon import debugConfigDefaults, debugConfigFile
from Axon.AxonExceptions import AxonException

if TYPE_CHECKING:
    from logging import Logger

__all__ = ["debug"]

STEP = 5  # by which increaseDebug and decreaseDebug change a level


class debug:
    """debug(assertBadDebug=1) -> a filter for debugging output.

    With `assertBadDebug`, and once a configuration file was read, a message of a
    section that is not configured raises AxonException, because the name may be misspelt.
    """

    configs: ClassVar[dict[str, tuple[int, str]] | None] = None
    noConfig: ClassVar[bool] = True

    def __init__(self, assertBadDebug: object = 1) -> None:
        self.assertBadDebug = assertBadDebug
        self.debugOn = True
        self.debugSections: dict[str, int] = {}

    def readConfig(self, configFile: str = "debug.conf") -> dict[str, tuple[int, str]]:
        """Return section -> (level, location) from the file. Raises OSError, ValueError."""
        config = debugConfigFile.readConfig(configFile)
        debug.noConfig = False
        return config

    def useConfig(self, filename: str = "debug.conf") -> None:
        """Use the levels in the file, or the defaults if there is no file.

        The first call in the program reads the file; later calls use the same levels.
        """
        if debug.configs is None:
            try:
                debug.configs = self.readConfig(filename)
            except FileNotFoundError:
                debug.configs = debugConfigDefaults.defaultConfig()
        for section, (level, _) in debug.configs.items():
            self.addDebugSection(section, level)

    def addDebugSection(self, section: str, level: int) -> None:
        """Log messages of a section up to a level."""
        self.debugSections[section] = level

    def addDebug(self, **debugSections: int) -> None:
        """Log messages of several sections, each up to its level."""
        self.debugSections.update(debugSections)

    def setDebugSections(self, **debugSections: int) -> None:
        """Log messages of these sections, each up to its level, and of no others."""
        self.debugSections = debugSections

    def increaseDebug(self, section: str) -> None:
        """Raise the level of a section."""
        self.debugSections[section] = self.debugSections.get(section, 0) + STEP

    def decreaseDebug(self, section: str) -> None:
        """Lower the level of a section, if it has one."""
        if section in self.debugSections:
            self.debugSections[section] = max(0, self.debugSections[section] - STEP)

    def areDebugging(self, section: str, level: int) -> bool:
        """Return whether a message of this section and level is logged."""
        return section in self.debugSections and level <= self.debugSections[section]

    def debugmessage(self, section: str, *message: object) -> None:
        """Log a message of a section, whatever its level is."""
        text = " ".join(map(str, message))
        logger = _loggerOf(section)
        if logger.hasHandlers():
            logger.debug("%s", text)
        else:
            sys.stdout.write(f"{time.asctime()} | {section} | {text}\n")

    def debug(self, section: str, level: int, *message: object) -> bool:
        """Log a message unless `level` is above the level of its section. Return True."""
        if self.areDebugging(section, level):
            self.debugmessage(section, *message)
        elif section not in self.debugSections and not debug.noConfig and self.assertBadDebug:
            raise AxonException(
                f"no configuration knows the debug section {section!r}; it knows "
                + (", ".join(sorted(self.debugSections)) or "none at all")
            )
        return True

    note = debug


@cache
def _loggerOf(section: str) -> Logger:
    """Return the logger of a section. It passes every message: the sections are the filter."""
    import logging  # here, because only a program that prints debugging output needs it

    root = logging.getLogger("Axon.debug")
    if root.level == logging.NOTSET:
        root.setLevel(logging.DEBUG)
    return logging.getLogger(f"Axon.debug.{section}")
