"""A test of the installed system: messages through pipelines of components, in both idioms."""

from __future__ import annotations

from collections.abc import Generator
from itertools import pairwise
from typing import Any

from Axon.Ipc import producerFinished

MESSAGES = 100
TURNS = 10_000  # the most turns that the test may take


def runSystemTest(component: Any) -> None:
    """Run two producers, a consumer for each, and a last consumer that adds up all numbers.

    component: the class Axon.Component.component. The components run in a scheduler of their
    own. Raise RuntimeError if the sum is wrong, or if a component does not end.
    """

    class Producer(component):  # type: ignore[misc]
        def main(self) -> Generator[int, None, None]:
            for number in range(MESSAGES):
                self.send(number)
                yield 1
            self.send(producerFinished(self), "signal")

    class Consumer(component):  # type: ignore[misc]
        total = 0
        producers = 1

        def main(self) -> Generator[int, None, None]:
            while self.producers:
                yield from self.waitForMessage()
                for number in self.Inbox():
                    self.total += number
                    self.send(2 * number)
                self.producers -= len(list(self.Inbox("control")))
            self.send(producerFinished(self), "signal")

    last = Consumer(producers=2)
    for _ in range(2):
        chain = (Producer(), Consumer(), last)
        last.addChildren(*chain[:2])
        for source, sink in pairwise(chain):
            last.link((source, "outbox"), (sink, "inbox"))
            last.link((source, "signal"), (sink, "control"))
    left = _run([last, *last.children], component.schedulerClass())
    expected = 2 * 2 * sum(range(MESSAGES))
    if left or last.total != expected:
        raise RuntimeError(f"the sum is {last.total}, not {expected}, and {left} have not ended")


def _run(components: list[Any], system: Any) -> int:
    """Run `components` in the scheduler `system`; return how many have not ended."""
    for each in components:
        each.activate(Scheduler=system)
    for _ in zip(range(TURNS), system.main(), strict=False):
        pass
    return len(system.listAllThreads())
