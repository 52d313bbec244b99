"""A count of the messages that are sent to a component after it has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from Axon import Core
from Axon.idGen import defaultName

MANY = 1000  # messages after which the log names the component


class LateFields:
    """The fields of a count: what the name of the component consists of, and the numbers."""

    __slots__ = ("_given", "_id", "_kind", "came", "discarded")

    def __init__(self, component: Any) -> None:
        # Not the component itself, which may be gone when its name is asked for.
        self._kind, self._id = type(component), component.id
        self._given: str | None = vars(component).get("name")
        self.came = 0
        self.discarded = 0


if not TYPE_CHECKING and Core.compiled is not None:
    LateFields = Core.compiled.LateFields


class LateMessages(LateFields):
    """LateMessages(component) -> a count of the messages to `component`, which has ended."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The name of the component."""
        return defaultName(self._kind, self._id) if self._given is None else self._given

    def count(self, isDiscarded: bool) -> None:
        """Count one more message, and log the component's name at the thousandth."""
        self.came += 1
        self.discarded += isDiscarded
        if self.came == MANY:
            import logging  # here, because only a faulty program needs it

            logging.getLogger("Axon").warning(
                "%s has been sent %d messages since it ended: unlink it (%d were discarded)",
                self.name,
                self.came,
                self.discarded,
            )
