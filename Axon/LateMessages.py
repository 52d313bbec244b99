"""A count of the messages that are sent to a component after it has ended."""

from __future__ import annotations

from typing import Any

from Axon.idGen import defaultName

MANY = 1000  # messages after which the log names the component


class LateMessages:
    """LateMessages(component) -> a count of the messages to `component`, which has ended."""

    __slots__ = ("_given", "_id", "_kind", "came", "discarded")

    def __init__(self, component: Any) -> None:
        # What the name consists of: the component itself may be gone by then.
        self._kind, self._id = type(component), component.id
        self._given: str | None = vars(component).get("name")
        self.came = 0
        self.discarded = 0

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
