"""Recognition of a wait that a generator yields without `from`.

Example usage
-------------
    ONCE = Wait("waitForMessage", 1)        # yield from ONCE: end one turn
    faultOf("Echo_3", ONCE)                 # the error message for `yield self.waitForMessage()`

How does it work?
-----------------
Historically, a yielded value means nothing unless it is an ipc object. A wait that
is yielded without `from` would therefore be ignored, and the component would run in
every round. The scheduler asks `faultOf` about values other than 1. Generators and
coroutines are recognised by their code, which `waitMethod` registers, so the
generators of a program are still ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from types import AsyncGeneratorType, CodeType, CoroutineType, GeneratorType
from typing import Any, TypeVar

from Axon import Core

__all__ = ["KINDS", "Wait", "faultOf", "remedyFor", "waitMethod"]

Method = TypeVar("Method", bound=Callable[..., object])

_methods: dict[CodeType, str] = {}

# What to write instead of `yield from self.pause()`, by the instruction that fails
_INSTEAD_OF_PAUSE = {
    "GET_YIELD_FROM_ITER": "yield self.pause(), or yield from self.waitForMessage()",
    "GET_AWAITABLE": "await self.anyMessage()",
}
_NEAR = 6  # instructions, from the name of a method to the use of its result


class Wait(tuple[int, ...]):
    """Wait(method, *values): a constant wait, which the method of this name returns."""

    method: str

    def __new__(cls, method: str, *values: int) -> Wait:
        made = super().__new__(cls, values)
        made.method = method
        return made


# The types of waits. Those in CONSTANT have the name of the method.
CONSTANT = {Wait} if Core.compiled is None else {Wait, Core.compiled.MessageWait}
KINDS = frozenset({*CONSTANT, GeneratorType, CoroutineType, AsyncGeneratorType})


def waitMethod(name: str) -> Callable[[Method], Method]:
    """Register a generator or async method, whose result is a wait called `name`."""

    def register(method: Method) -> Method:
        _methods[method.__code__] = name
        return method

    return register


def faultOf(process: str, request: Any) -> str:
    """Return the message for a wait that `process` yields without `from`, or "" for others."""
    if type(request) in CONSTANT:
        name: str | None = request.method
    else:
        codes = (getattr(request, code, None) for code in ("gi_code", "cr_code", "ag_code"))
        name = next((_methods[code] for code in codes if code in _methods), None)
    if name is None:
        return ""
    return f"{process} yields self.{name}(), which does not wait: {_remedy(name, request)}"


def _remedy(name: str, request: Any) -> str:
    """Return what to write instead."""
    if isinstance(request, CoroutineType):
        request.close()  # otherwise Python warns that it was never awaited
        return (
            f"write await self.{name}() in an async def main, or yield from self.waitForMessage()"
        )
    if isinstance(request, AsyncGeneratorType):
        return f"write async for message in self.{name}() in an async def main"
    return f"write yield from self.{name}()"


def remedyFor(error: BaseException) -> str:
    """Return what to write instead of `yield from self.pause()`, if that raised `error`, or "".

    pause() returns a number, and Python says only that an int is not iterable.
    """
    trace = error.__traceback__
    if not isinstance(error, TypeError) or trace is None:
        return ""
    import dis  # here, because only a mistake needs it

    while trace.tb_next is not None:
        trace = trace.tb_next
    instructions = dis.get_instructions(trace.tb_frame.f_code)
    done = [each for each in instructions if each.offset <= trace.tb_lasti]
    instead = _INSTEAD_OF_PAUSE.get(done[-1].opname)
    if instead is None or not any(each.argval == "pause" for each in done[-_NEAR:]):
        return ""
    return f"self.pause() takes effect at the next yield and is no wait: write {instead}"
