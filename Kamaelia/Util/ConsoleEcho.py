"""The historical import path of Kamaelia.Util.Console."""

from Kamaelia.Util.Console import ConsoleEchoer

__all__ = ["consoleEchoer"]

consoleEchoer = ConsoleEchoer
