"""A protocol that sends a sound, such as one that is chosen at random.

Example usage
-------------
    ServerCore(protocol=AudioCookieProtocol, port=1500).run()
    # nc localhost 1500 | aplay

How does it work?
-----------------
The output of the command ./afortune.pl, a program of your own that writes the content of a sound
file, is sent with 95,200 bits per second. A subclass may set another `command`, or a `filename`.

Termination: as a FileStream.
"""

from typing import Any

from Kamaelia.Protocol.FileStream import FileStream

__all__ = ["AudioCookieProtocol"]


class AudioCookieProtocol(FileStream):
    """A protocol that sends the output of `command`. debug: has no effect."""

    command: Any = "./afortune.pl"  # prints a saying

    def __init__(self, debug: int = 0, **argd: Any) -> None:
        super().__init__(**argd)
        self.debug = debug


__kamaelia_components__ = (AudioCookieProtocol,)
