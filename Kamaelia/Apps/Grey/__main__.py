"""python -m Kamaelia.Apps.Grey: the command kamaelia-grey.

SIGHUP makes a server read its configuration again. Before the server has read it, the signal is
ignored, because its default action would end the process.
"""

import signal
import sys


def main() -> int:
    """Execute the command line and return the exit status."""
    if sys.argv[1:2] == ["run"]:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    from Kamaelia.Apps.Grey.Service import Command

    return Command.main()


if __name__ == "__main__":
    sys.exit(main())
