"""Debugging output by section and level of detail, over the standard library's logging.

Example usage
    debugger = debug()
    debugger.addDebug(**{"Greeter.main": 5})
    assert debugger.note("Greeter.main", 1, "a guest:", name)     # said, as 1 <= 5
    assert debugger.note("Greeter.main", 10, "each letter of it") # not said

How does it work?
    A message of section S goes to the logger "Axon.debug.S", as DEBUG, when its
    level is not above the one wanted of S. Where logging has not been set up,
    it goes to standard output. Everything here gives True, so that it may stand
    in an assert, which `python -O` leaves out. Which sections are wanted comes
    from a file (see Axon.debugConfigFile), read once for all debug objects, or
    from addDebug and its kin, which concern one object only.
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
    section that nobody has configured is an AxonException: it is misspelt.
    """

    configs: ClassVar[dict[str, tuple[int, str]] | None] = None
    noConfig: ClassVar[bool] = True

    def __init__(self, assertBadDebug: object = 1) -> None:
        self.assertBadDebug = assertBadDebug
        self.debugOn = True
        self.debugSections: dict[str, int] = {}

    def readConfig(self, configFile: str = "debug.conf") -> dict[str, tuple[int, str]]:
        """What the file says, section -> (level, location). Raises OSError, ValueError."""
        config = debugConfigFile.readConfig(configFile)
        debug.noConfig = False
        return config

    def useConfig(self, filename: str = "debug.conf") -> None:
        """Want what the file says, or the defaults where there is none.

        The first debug object to ask has the file read; all others get the same.
        """
        if debug.configs is None:
            try:
                debug.configs = self.readConfig(filename)
            except FileNotFoundError:
                debug.configs = debugConfigDefaults.defaultConfig()
        for section, (level, _) in debug.configs.items():
            self.addDebugSection(section, level)

    def addDebugSection(self, section: str, level: int) -> None:
        """Want messages of a section up to a level."""
        self.debugSections[section] = level

    def addDebug(self, **debugSections: int) -> None:
        """Want messages of several sections, each up to its level."""
        self.debugSections.update(debugSections)

    def setDebugSections(self, **debugSections: int) -> None:
        """Want messages of these sections, each up to its level, and of no others."""
        self.debugSections = debugSections

    def increaseDebug(self, section: str) -> None:
        """Want more detail of a section."""
        self.debugSections[section] = self.debugSections.get(section, 0) + STEP

    def decreaseDebug(self, section: str) -> None:
        """Want less detail of a section, if any is wanted."""
        if section in self.debugSections:
            self.debugSections[section] = max(0, self.debugSections[section] - STEP)

    def areDebugging(self, section: str, level: int) -> bool:
        """Would a message of this section and level be said?"""
        return section in self.debugSections and level <= self.debugSections[section]

    def debugmessage(self, section: str, *message: object) -> None:
        """Say a message of a section, wanted or not."""
        text = " ".join(map(str, message))
        logger = _loggerOf(section)
        if logger.hasHandlers():
            logger.debug("%s", text)
        else:
            sys.stdout.write(f"{time.asctime()} | {section} | {text}\n")

    def debug(self, section: str, level: int, *message: object) -> bool:
        """Say a message, if its section is wanted up to its level at least. Gives True."""
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
