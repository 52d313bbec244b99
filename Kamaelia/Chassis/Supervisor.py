"""A graphline that replaces its components when they fail.

Example usage
-------------
    Supervisor(
        READ=Reader,
        PARSE=lambda: Parser("utf-8"),
        SHOW=ConsoleEchoer,
        linkages={("READ", "outbox"): ("PARSE", "inbox"), ("PARSE", "outbox"): ("SHOW", "inbox")},
        strategy="rest_for_one",
        intensity=3, period=5.0,
    ).run()

How does it work?
-----------------
It is a Graphline that is given factories, and contains the errors of their components and of all
components below them: each error is logged, the component is ended after its descendants, and a
new one replaces it. Strategies and kinds are those of supervisors in Erlang/OTP. Except with
"one_for_all", the unread messages of the failed component go to its successor (except those that
a thread had taken over).

Termination: as a Graphline; or with tooManyRestarts, after all components have been ended, if
more than `intensity` restarts within `period` seconds would be necessary.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from Axon.AxonExceptions import AxonException, wiringError
from Axon.ComponentCheck import madeComponent
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Chassis.Graphline import Ends, Graphline
from Kamaelia.Support.Restarts import KINDS, Restarts

__all__ = ["Supervisor", "tooManyRestarts"]

#: The components that are replaced, from all names in order, when the one at `at` has ended.
STRATEGIES: dict[str, Callable[[list[str], int], list[str]]] = {
    "one_for_one": lambda names, at: names[at : at + 1],
    "one_for_all": lambda names, at: names,
    "rest_for_one": lambda names, at: names[at:],
}

logger = logging.getLogger("Kamaelia.Chassis.Supervisor")


class tooManyRestarts(AxonException, RuntimeError):
    """The error of a Supervisor whose components failed too often; its cause is the last error."""


class Supervisor(Graphline):
    """Supervisor(linkages, strategy, intensity, period, kinds, capacity, **factories): a graphline.

    strategy: "one_for_one" (the default), "one_for_all", or "rest_for_one": the component that
    failed and those named after it. intensity, period: the largest number of restarts (3) within
    a number of seconds (5). kinds: by name, "permanent" (replaced after every end), "transient"
    (after an error; the default) or "temporary" (never).
    Raises ValueError if a strategy, a kind or a name does not exist, and wiringError if a factory
    returns anything else than a component.
    """

    def __init__(
        self,
        linkages: Mapping[tuple[str, str], tuple[str, str]] | None = None,
        strategy: str = "one_for_one",
        intensity: int = 3,
        period: float = 5.0,
        kinds: Mapping[str, str] | None = None,
        capacity: int | None = None,
        **factories: Callable[[], Any],
    ) -> None:
        self.kinds = dict.fromkeys(factories, "transient") | dict(kinds or {})
        _check("strategy", [strategy], STRATEGIES)
        _check("kind", self.kinds.values(), KINDS)
        _check("component", self.kinds, factories)
        self.factories = factories
        self.strategy = strategy
        self.intensity = intensity
        self.period = period
        self._restarts = Restarts()
        self._failures: dict[Any, BaseException] = {}
        self._told: list[Any] = []
        self._order = list(factories)
        self._places = {name: place for place, name in enumerate(factories)}
        self._names: dict[Any, str] = {}  # of the components that have not been removed
        made = {name: self._make(name) for name in factories}
        super().__init__(linkages or {}, capacity, **made)
        self._linkagesOf: dict[str, dict[int, Ends]] = {}
        for number, (source, sink) in enumerate(self.layout.items()):
            for name, _ in (source, sink):
                self._linkagesOf.setdefault(name, {})[number] = (source, sink)

    def _make(self, name: str) -> Any:
        """Return a new component from the factory `name`. Raise wiringError if it is none."""
        make = self.factories[name]
        if not callable(make):
            raise wiringError(
                f"a {type(self).__name__} is given factories, but {name} is {make!r}:"
                f" write {name}={type(make).__name__} or {name}=lambda: ..."
            )
        made = madeComponent(make(), name, self)
        self._names[made] = name
        return made

    def childFailed(self, child: Any, culprit: Any, error: BaseException) -> bool:
        """Contain every error of its components and of the components below them."""
        if child not in self._names:
            return False
        self._failures.setdefault(child, error)
        self.unpause()
        return True

    def childrenDone(self) -> bool:
        """Replace the components that have failed. Return True if no component is left."""
        over = {*self._failures, *self.endedChildren()} & self._names.keys()
        for each in sorted(over, key=self._placeOf):
            name = self._names.get(each)
            if name is None:
                continue  # it has been replaced together with another one
            error = self._failures.pop(each, None)
            if self._isReplaced(name, error):
                self._restart(name, error)
            else:
                self._endTree(each)
        return super().childrenDone()

    def _placeOf(self, each: Any) -> int:
        return self._places[self._names[each]]

    def _isReplaced(self, name: str, error: BaseException | None) -> bool:
        afterError, afterEnd = KINDS[self.kinds[name]]
        return afterError if error is not None else afterEnd and not self._told

    def _restart(self, name: str, error: BaseException | None) -> None:
        self._count(name, error)
        names = STRATEGIES[self.strategy](self._order, self._places[name])
        unread = {} if self.strategy == "one_for_all" else _unreadOf(self.components[name])
        for each in reversed(names):
            self._endTree(self.components[each])
        names = [each for each in names if self.kinds[each] != "temporary"]
        for each in names:
            self.components[each] = self._make(each)
        for boxname, messages in unread.items():
            for message in messages:
                self.components[name].deliver(message, boxname)
        self._link(names)
        for each in names:
            self.adopt(self.components[each])
            for message in self._told if self.receivesControl(each) else ():
                if message not in unread.get("control", ()) or each != name:
                    self.components[each].deliver(message, "control")

    def _link(self, names: list[str]) -> None:
        """Make the linkages that start or end at one of these components."""
        made: dict[int, Ends] = {}
        for name in names:
            made.update(self._linkagesOf.get(name, {}))
        for source, sink, options in self.plannedFor(made[number] for number in sorted(made)):
            self.link(source, sink, **options)

    def _count(self, name: str, error: BaseException | None) -> None:
        """Count a restart. If there are too many, end all components and raise tooManyRestarts."""
        number = self._restarts.count(self.scheduler.timers.clock.now(), self.period)
        if number > self.intensity:
            for each in reversed(list(self.components.values())):
                self._endTree(each)
            raise tooManyRestarts(
                f"{self.name} gives up: {name} would be restart {number}"
                f" within {self.period} seconds, and {self.intensity} are allowed"
            ) from error

    def _endTree(self, each: Any) -> None:
        """End a component after its descendants, and remove it."""
        for below in reversed(each.childComponents()):
            self._endTree(below)
        try:
            each.terminate()
        except Exception:
            logger.exception("%s could not be ended without an error", each.name)
        self._names.pop(each, None)
        self._failures.pop(each, None)
        self.removeChild(each)

    def passOnControl(self, message: Any) -> None:
        if isinstance(message, producerFinished | shutdownMicroprocess):
            self._told.append(message)
        super().passOnControl(message)


def _check(what: str, given: Any, known: Any) -> None:
    for each in given:
        if each not in known:
            raise ValueError(f"there is no {what} {each!r}; there are {', '.join(known)}")


def _unreadOf(component: Any) -> dict[str, list[Any]]:
    return {boxname: list(waiting) for boxname, waiting in component.inboxes.items() if waiting}


__kamaelia_components__ = (Supervisor,)
