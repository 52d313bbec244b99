"""python -m Kamaelia.Apps.Grey: the command kamaelia-grey.

SIGHUP means that a server reads its configuration again. One that has not read it
yet has nothing to do, and above all does not end: imports take a while.
"""

import signal
import sys


def main() -> int:
    """What the words after the command's name say -> its exit status."""
    if sys.argv[1:2] == ["run"]:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    from Kamaelia.Apps.Grey.Service import Command

    return Command.main()


if __name__ == "__main__":
    sys.exit(main())
