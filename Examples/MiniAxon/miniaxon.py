"""A core of components in a hundred lines: the answer to the chapter Mini-Axon of the course.

    python Examples/MiniAxon/miniaxon.py
    python Examples/MiniAxon/check.py Examples/MiniAxon/miniaxon.py

The first command runs a pipeline on this core and prints its sum. The second one runs tests of
Axon on it. It is for learning: it spins while it waits, and it loses errors of a component.
"""

import argparse
from collections import deque


class microprocess:
    """Something that runs in turns."""

    isRunning = False

    def main(self):
        yield

    def activate(self):
        self.isRunning = True
        scheduler.run.add(self)
        return self


class scheduler:
    """Gives each microprocess one turn in each round."""

    def __init__(self):
        self.running = []

    def add(self, process):
        self.running.append((process, process.main()))

    def runThreads(self):
        while self.running:
            for entry in list(self.running):
                process, turns = entry
                try:
                    next(turns)
                except StopIteration:
                    process.isRunning = False
                    self.running.remove(entry)


scheduler.run = scheduler()


class producerFinished:
    """No more data comes."""

    def __init__(self, caller=None):
        self.caller = caller


class component(microprocess):
    """A microprocess with boxes. Keyword arguments become attributes."""

    Inboxes = ("inbox", "control")
    Outboxes = ("outbox", "signal")

    def __init__(self, **settings):
        self.inboxes = {name: deque() for name in self.Inboxes}
        self.outboxes = {name: deque() for name in self.Outboxes}
        vars(self).update(settings)

    def send(self, message, box="outbox"):
        self.outboxes[box].append(message)

    def recv(self, box="inbox"):
        return self.inboxes[box].popleft()

    def dataReady(self, box="inbox"):
        return len(self.inboxes[box])

    def Inbox(self, box="inbox"):
        while self.dataReady(box):
            yield self.recv(box)

    def waitForMessage(self):
        while not any(self.inboxes.values()):
            yield

    def isShuttingDown(self):
        for message in self.Inbox("control"):
            self.send(message, "signal")
            return True
        return False

    def link(self, source, sink):
        postman(source, sink).activate()


class postman(microprocess):
    """Carries messages from an outbox to an inbox until the sender has ended."""

    def __init__(self, source, sink):
        self.sender, outbox = source
        receiver, inbox = sink
        self.outbox = self.sender.outboxes[outbox]
        self.inbox = receiver.inboxes[inbox]

    def main(self):
        yield  # the sender may be activated after it has been linked
        while self.sender.isRunning or self.outbox:
            while self.outbox:
                self.inbox.append(self.outbox.popleft())
            yield


class Numbers(component):
    """Send the numbers below `end`."""

    def main(self):
        for number in range(self.end):
            self.send(number)
            yield
        self.send(producerFinished(self), "signal")


class Total(component):
    """Print the sum of the numbers."""

    def main(self):
        total = 0
        while True:
            yield from self.waitForMessage()
            total += sum(self.Inbox())
            if self.isShuttingDown():
                break
        print(total)


def main():
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    numbers, total = Numbers(end=5), Total()
    numbers.link((numbers, "outbox"), (total, "inbox"))
    numbers.link((numbers, "signal"), (total, "control"))
    numbers.activate()
    total.activate()
    scheduler.run.runThreads()


if __name__ == "__main__":
    main()
