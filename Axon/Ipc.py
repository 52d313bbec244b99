"""Messages with a defined meaning, for other components and for the scheduler.

Example usage
    self.send(producerFinished(self), "signal")         # no more data follows
    if isinstance(self.recv("control"), shutdownMicroprocess): ...
    yield newComponent(Ticker(), Clock())               # run these too
    yield WaitComplete(self.greet(peer))                # run it in place of this body

How does it work?
    They are plain values. A receiver distinguishes them with isinstance, and each is equal
    only to itself. A subclass of one may have any attributes.

Components send producerFinished ("no more data") and shutdownMicroprocess ("stop now") from
"signal" to "control". A component that ends because of one of them passes it on.
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
    """The base class of these messages."""

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


# Requests to the scheduler, by yield


class WaitComplete(ipc):
    """WaitComplete(generator, tag=None) -> `generator` runs in the component's place until it ends.

    `tag` is accepted for compatibility, and has no effect.
    """

    __slots__ = ("argd", "args")

    def __init__(self, *args: Any, **argd: Any) -> None:
        self.args = args
        self.argd = argd


class reactivate(ipc):
    """reactivate(original) -> the waiting microprocess `original` continues."""

    __slots__ = ("original",)

    def __init__(self, original: Any) -> None:
        self.original = original


class newComponent(ipc):
    """newComponent(*components) -> the components are activated."""

    __slots__ = ("_components",)

    def __init__(self, *components: Any) -> None:
        self._components = components

    def components(self) -> tuple[Any, ...]:
        """Return the components to activate, in order."""
        return self._components


class wouldblock(ipc):
    """wouldblock(caller) -> `caller` has nothing to do for now."""

    __slots__ = ("caller",)

    def __init__(self, caller: Any) -> None:
        self.caller = caller


# Messages to other components, from "signal" to "control"


class producerFinished(ipc):
    """producerFinished(caller=None, message=None) -> `caller` will send no more.

    A component that receives it processes the messages that it has, and then ends.
    """

    __slots__ = ("caller", "message")

    def __init__(self, caller: Any = None, message: Any = None) -> None:
        self.caller = caller
        self.message = message


class shutdownMicroprocess(ipc):
    """shutdownMicroprocess(*microprocesses) -> the receiver ends as soon as it can.

    `microprocesses` are others that are to end with it, if any.
    """

    __slots__ = ("_microprocesses",)

    def __init__(self, *microprocesses: Any) -> None:
        self._microprocesses = microprocesses

    def microprocesses(self) -> tuple[Any, ...]:
        """Return the microprocesses that are to end with the receiver."""
        return self._microprocesses


class shutdown(ipc):
    """shutdown() -> a historical form of shutdownMicroprocess; new code does not send it."""

    __slots__ = ()


class errorInformation(ipc):
    """errorInformation(caller, exception=None, message=None) -> `caller` could not use a message.

    `exception` is the error, and `message` the message. `caller` has not ended: it continues
    with its next message.
    """

    __slots__ = ("caller", "exception", "message")

    def __init__(self, caller: Any, exception: Any = None, message: Any = None) -> None:
        self.caller = caller
        self.exception = exception
        self.message = message


class notify(ipc):
    """notify(caller, payload) -> an event of `caller`; the payload is the attribute `object`."""

    __slots__ = ("caller", "object")

    def __init__(self, caller: Any, payload: Any) -> None:
        self.object = payload
        self.caller = caller


class status(ipc):
    """status(status) -> a report of a status."""

    __slots__ = ("_status",)

    def __init__(self, status: Any) -> None:
        self._status = status

    def status(self) -> Any:
        """Return the status."""
        return self._status
