"""Blocking work in threads: the SHA-256 checksums of files, several at a time.

    python Examples/Threads/checksums.py README.md Makefile
    sha256sum README.md Makefile          # the same

A component must not block: all others wait for it. A threadedcomponent runs its `main` in a thread
of its own, where it may block. Its boxes work as those of any other component. A Pool runs several
copies behind one inbox and distributes the files among them.
"""

import argparse
import hashlib
import sys

from Axon.ThreadedComponent import threadedcomponent
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Flow.Pool import Pool
from Kamaelia.Util.Console import ConsoleEchoer
from Kamaelia.Util.DataSource import DataSource


class Checksum(threadedcomponent):
    """A component that receives names of files and sends a line with the checksum of each."""

    def main(self) -> None:
        while True:
            self.waitForMessage()
            for name in self.Inbox():
                self._read(name)
            if self.isShuttingDown():
                return

    def _read(self, name: str) -> None:
        try:
            with open(name, "rb") as file:
                digest = hashlib.file_digest(file, "sha256")
        except OSError as error:
            sys.stderr.write(f"{name}: {error.strerror}\n")
        else:
            self.send(f"{digest.hexdigest()}  {name}\n")
            self.sync()  # wait until it is delivered: the queue of this thread has room for one


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("files", nargs="+", metavar="FILE")
    options.add_argument("--threads", type=int, default=4, help="threads (%(default)s)")
    chosen = options.parse_args()
    pool = Pool(lambda: Checksum(queuelengths=1), chosen.threads)
    Pipeline(DataSource(chosen.files), pool, ConsoleEchoer()).run()


if __name__ == "__main__":
    main()
