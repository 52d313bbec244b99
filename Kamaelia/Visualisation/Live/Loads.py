"""The loads of components: whether each one runs, sleeps or is held, and what waits in its inboxes.

Example usage
-------------
    loads = Loads(processes)        # None for a component that is not active
    loads.read()[0]                 # ("ready", (3, 0), ())

How does it work?
-----------------
All states and lengths are read into two lists, which are compared with those of the last reading.
A load is made only where they differ, since between two readings most components do nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate, chain, compress
from operator import ne
from typing import Any

from Axon.Component import component
from Axon.Task import HELD, HELD_WAITING, NEW, READY, RUNNING

SLEEPS, IS_READY, IS_HELD = "sleeps", "ready", "held"

# The state, the lengths of the inboxes, and the boxes that must be emptied.
Load = tuple[str, tuple[int, ...], tuple[tuple[int, str | None], ...]]


def _shown(state: int) -> str:
    if HELD <= state <= HELD_WAITING:
        return IS_HELD
    return IS_READY if READY <= state <= RUNNING else SLEEPS


SHOWN = tuple(map(_shown, range(NEW + 2)))  # by the state of a task


class _NoTask:
    """The task of a component that is not active, to which a linkage leads."""

    state = NEW


class Loads:
    """Loads(processes) -> the loads of these, which are read again and again."""

    def __init__(self, processes: Iterable[Any] = ()) -> None:
        known = list(processes)
        self._tasks = [_NoTask if each is None else each.getTask() for each in known]
        # views of the dicts, because a component may replace its inboxes
        self._inboxes = [
            each.placesOfInboxes().values() if isinstance(each, component) else () for each in known
        ]
        self._firsts = list(accumulate(map(len, self._inboxes), initial=0))
        self._owners = [number for number, each in enumerate(self._inboxes) for _ in each]
        self._states: list[str] = [""] * len(known)
        self._depths = [-1] * len(self._owners)
        self._loads: tuple[Load, ...] = ((SLEEPS, (), ()),) * len(known)

    def read(self) -> tuple[Load, ...]:
        """Return the loads, in the order of the components. What is unchanged is the same."""
        states = [SHOWN[task.state] for task in self._tasks]
        depths = list(map(len, chain.from_iterable(self._inboxes)))
        changed = {
            *_differing(range(len(states)), states, self._states),
            *_differing(self._owners, depths, self._depths),
        }
        if IS_HELD in states:  # at other gates, perhaps
            changed.update(number for number, state in enumerate(states) if state is IS_HELD)
        self._states, self._depths = states, depths
        if changed:
            self._replace(changed)
        return self._loads

    def _replace(self, changed: Iterable[int]) -> None:
        """Make the loads of these components again."""
        loads = list(self._loads)
        for number in changed:
            state = self._states[number]
            depths = tuple(self._depths[self._firsts[number] : self._firsts[number + 1]])
            loads[number] = state, depths, _gatesOf(self._tasks[number]) if state is IS_HELD else ()
        now = tuple(loads)
        if now != self._loads:
            self._loads = now


def _differing(numbers: Iterable[int], now: list[Any], before: list[Any]) -> Iterable[int]:
    """Return those of `numbers` at whose places the lists differ."""
    return () if now == before else compress(numbers, map(ne, now, before))


def _gatesOf(task: Any) -> tuple[tuple[int, str | None], ...]:
    return tuple(
        (gate.receiver.process.id, getattr(gate, "boxname", None)) for gate in task.gates or ()
    )
