"""Messages by multicast, over a network that loses, repeats and reorders datagrams.

    python Examples/Multicast/lossy.py --count 100 --loss 0.1

SRM_Sender numbers the messages and puts marks between them; SRM_Receiver discards second copies and
restores the order. What was lost stays lost, but the gap in the numbers shows it. The faults are
simulated in front of a real multicast socket.

Nothing tells the receiver that the last datagram has come, so UntilQuiet decides that: after a time
without any, it ends the stream. Then SRM_Receiver sends the messages that still wait for others.
"""

import argparse
import random
from collections.abc import Iterator

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Internet.Multicast_receiver import Multicast_receiver
from Kamaelia.Internet.Multicast_sender import Multicast_sender
from Kamaelia.Internet.Simulate.BrokenNetwork import Duplicate, Reorder, Throwaway
from Kamaelia.Protocol.SimpleReliableMulticast import SRM_Receiver, SRM_Sender
from Kamaelia.Util.DataSource import DataSource
from Kamaelia.Util.Detuple import SimpleDetupler


class UntilQuiet(component):
    """A component that passes messages on, and ends when none has come for `quiet` seconds."""

    Outboxes = {
        "outbox": "the messages",
        "signal": "producerFinished",
        "stop": "shutdownMicroprocess to the source",
    }
    quiet = 0.5  # seconds

    def main(self) -> Iterator[int]:
        silences = 0
        while silences < 2:  # two halves, in case that the whole program was stopped for a time
            yield from self.waitForMessage(timeout=self.quiet / 2)
            silences = 0 if self.dataReady() else silences + 1
            for message in self.Inbox():
                self.send(message)
        self.send(shutdownMicroprocess(), "stop")
        self.send(producerFinished(self), "signal")


class Report(component):
    """A component that collects the numbers of messages, and prints them at the end."""

    count = 0

    def main(self) -> Iterator[int]:
        numbers: list[int] = []
        while not self.dataReady("control"):
            yield from self.waitForMessage()
            numbers += [number for number, _ in self.Inbox()]
        lost = sorted(set(range(1, self.count + 1)) - set(numbers))
        print(f"{self.count} sent, {len(numbers)} received")
        print("in order:", "yes" if numbers == sorted(numbers) else "no")
        print("lost:", ", ".join(map(str, lost)) or "none")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--group", default="239.255.42.98", help="multicast group (%(default)s)")
    options.add_argument("--port", type=int, default=1900, help="port (%(default)s)")
    options.add_argument("--interface", default="127.0.0.1", help="address (%(default)s)")
    options.add_argument("--count", type=int, default=100, help="messages (%(default)s)")
    options.add_argument(
        "--loss", type=float, default=0.1, help="probability that a datagram is lost (%(default)s)"
    )
    options.add_argument("--seed", type=int, help="repeat the faults of a run with this seed")
    chosen = options.parse_args()
    chance = random.Random(chosen.seed)
    here = {"interface": chosen.interface}
    Graphline(
        LISTENER=Multicast_receiver(chosen.group, chosen.port, **here),
        DATA=SimpleDetupler(1),  # without the address of the sender
        UNTIL_QUIET=UntilQuiet(),
        RECEIVER=SRM_Receiver(),
        REPORT=Report(count=chosen.count),
        SENDER=Pipeline(
            DataSource([f"message {number}" for number in range(chosen.count)]),
            SRM_Sender(),
            Duplicate(random=chance),
            Throwaway(random=chance, probability=chosen.loss),
            Reorder(random=chance, most=3),
            Multicast_sender(chosen.interface, 0, chosen.group, chosen.port, **here),
        ),
        linkages={
            ("LISTENER", "outbox"): ("DATA", "inbox"),
            ("LISTENER", "signal"): ("DATA", "control"),
            ("DATA", "outbox"): ("UNTIL_QUIET", "inbox"),
            ("UNTIL_QUIET", "outbox"): ("RECEIVER", "inbox"),
            ("UNTIL_QUIET", "stop"): ("LISTENER", "control"),
            ("UNTIL_QUIET", "signal"): ("RECEIVER", "control"),
            ("RECEIVER", "outbox"): ("REPORT", "inbox"),
            ("RECEIVER", "signal"): ("REPORT", "control"),
        },
    ).run()


if __name__ == "__main__":
    main()
