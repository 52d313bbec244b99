"""A component that ends a run when something is reached and stays so."""

from Axon.Component import component

TURNS = 200  # in which a fault would show


class Enough(Exception):
    """The test has seen what it waits for."""


class Watch(component):
    """Watch(isReached=...) -> raises Enough some turns after isReached() has returned true."""

    def main(self):
        while not self.isReached():
            yield 1
        for _ in range(TURNS):
            yield 1
        raise Enough
