"""Messages with a meaning: what components tell each other, and the scheduler, about their work.

Example usage
    self.send(producerFinished(self), "signal")         # there is no more to come
    if isinstance(self.recv("control"), shutdownMicroprocess): ...
    yield newComponent(Ticker(), Clock())               # run these too
    yield WaitComplete(self.greet(peer))                # run this in my place, then go on

How does it work?
    They are plain values, told apart with isinstance and equal only to themselves.
    To make a kind of your own, subclass one: your class may have any attributes.

Through "signal" and "control" travel producerFinished ("no more data") and
shutdownMicroprocess ("stop now"). A component that ends because of one passes it on.
"""

from collections.abc import Iterator
from typing import Any

__all__ = [
    "WaitComplete",
    "errorInformation",
    "ipc",
    "newComponent",
    "notify",
    "producerFinished",
    "reactivate",
    "shutdown",
    "shutdownMicroprocess",
    "status",
    "wouldblock",
]


class ipc:
    """What all of these messages have in common."""

    __slots__ = ("__dict__",)  # it is created only for a program that sets its own attributes

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self._fields())
        return f"{type(self).__name__}({fields})"

    def _fields(self) -> Iterator[tuple[str, object]]:
        for cls in reversed(type(self).__mro__):
            slots = cls.__dict__.get("__slots__", ())
            for slot in (slots,) if isinstance(slots, str) else slots:
                if hasattr(self, slot) and not slot.startswith("__"):
                    yield slot.lstrip("_"), getattr(self, slot)
        yield from getattr(self, "__dict__", {}).items()


# To the scheduler, by yield


class WaitComplete(ipc):
    """WaitComplete(generator, tag=None) -> `generator` runs in the component's place until it ends.

    `tag` becomes part of the name under which it runs.
    """

    __slots__ = ("argd", "args")

    def __init__(self, *args: Any, **argd: Any) -> None:
        self.args = args
        self.argd = argd


class reactivate(ipc):
    """reactivate(original) -> the microprocess `original`, which waited, goes on."""

    __slots__ = ("original",)

    def __init__(self, original: Any) -> None:
        self.original = original


class newComponent(ipc):
    """newComponent(*components) -> the components are activated."""

    __slots__ = ("_components",)

    def __init__(self, *components: Any) -> None:
        self._components = components

    def components(self) -> tuple[Any, ...]:
        """The components to activate, in order."""
        return self._components


class wouldblock(ipc):
    """wouldblock(caller) -> `caller` has nothing to do for now."""

    __slots__ = ("caller",)

    def __init__(self, caller: Any) -> None:
        self.caller = caller


# To other components, through "signal" and "control"


class producerFinished(ipc):
    """producerFinished(caller=None, message=None) -> `caller` will send no more.

    Whoever gets it finishes what still waits, and then ends.
    """

    __slots__ = ("caller", "message")

    def __init__(self, caller: Any = None, message: Any = None) -> None:
        self.caller = caller
        self.message = message


class shutdownMicroprocess(ipc):
    """shutdownMicroprocess(*microprocesses) -> whoever gets it ends as soon as it can.

    `microprocesses` are those that are to end with it, if any.
    """

    __slots__ = ("_microprocesses",)

    def __init__(self, *microprocesses: Any) -> None:
        self._microprocesses = microprocesses

    def microprocesses(self) -> tuple[Any, ...]:
        """The microprocesses that are to end with the one that gets this."""
        return self._microprocesses


class shutdown(ipc):
    """shutdown() -> an older way to say shutdownMicroprocess; new code does not send it."""

    __slots__ = ()


class errorInformation(ipc):
    """errorInformation(caller, exception=None, message=None) -> `caller` could not use a message.

    `exception` is what came of it and `message` the message itself. Nothing has
    ended: `caller` goes on with its next message.
    """

    __slots__ = ("caller", "exception", "message")

    def __init__(self, caller: Any, exception: Any = None, message: Any = None) -> None:
        self.caller = caller
        self.exception = exception
        self.message = message


class notify(ipc):
    """notify(caller, payload) -> something happened; `payload` is found as `.object`."""

    __slots__ = ("caller", "object")

    def __init__(self, caller: Any, payload: Any) -> None:
        self.object = payload
        self.caller = caller


class status(ipc):
    """status(status) -> how things stand."""

    __slots__ = ("_status",)

    def __init__(self, status: Any) -> None:
        self._status = status

    def status(self) -> Any:
        """What was reported."""
        return self._status
