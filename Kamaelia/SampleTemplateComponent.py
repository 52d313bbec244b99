"""Two components to copy: one with a generator, one with methods that are called back.

Example usage
-------------
    CallbackStyleComponent("A", 3).activate()
    StandardStyleComponent("B", 2).run()

How does it work?
-----------------
Each prints a line when it begins, one in each of `looptimes` turns, and one when it ends.

Termination: after `looptimes` turns.
"""

from collections.abc import Iterator

from Axon.Component import component

__all__ = ["CallbackStyleComponent", "StandardStyleComponent"]


class CallbackStyleComponent(component):
    """A component in the old style: the scheduler calls mainBody() until it returns 0.

    label: its name in the output. looptimes: the number of turns. selfstart: 1 to activate it.
    """

    Inboxes = {"inbox": "not used", "control": "not used"}
    Outboxes = {"outbox": "not used", "signal": "not used"}

    def __init__(self, label: str, looptimes: int, selfstart: int = 0) -> None:
        super().__init__()
        self.label = label
        self.looptimes = looptimes
        if selfstart:
            self.activate()

    def initialiseComponent(self) -> int:
        print("DEBUG:", self.label, "initialiseComponent")
        return 1

    def mainBody(self) -> int:
        print("DEBUG:", self.label, "Now in the main loop")
        self.looptimes -= 1
        return self.looptimes

    def closeDownComponent(self) -> None:
        print("DEBUG:", self.label, "closeDownComponent")


class StandardStyleComponent(component):
    """A component with a generator, in which each yield ends a turn.

    label: its name in the output. looptimes: the number of turns.
    """

    Inboxes = {"inbox": "not used", "control": "not used"}
    Outboxes = {"outbox": "not used", "signal": "not used"}

    def __init__(self, label: str, looptimes: int) -> None:
        super().__init__()
        self.label = label
        self.looptimes = looptimes

    def main(self) -> Iterator[int]:
        print("DEBUG:", self.label, "initialiseComponent")
        for _ in range(self.looptimes):
            yield 1
            print("DEBUG:", self.label, "Now in the main loop")
        print("DEBUG:", self.label, "closeDownComponent")


__kamaelia_components__ = (CallbackStyleComponent, StandardStyleComponent)
