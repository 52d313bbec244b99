"""The one place that judges what the hooks of a mail policy return.

Example usage
-------------
    class AskTheDatabase(GreyListingPolicy):
        async def whiteListed(self, recipient):
            return await database.has(recipient)

How does it work?
-----------------
`judgeHooks` replaces each hook in a class and its bases with a `PolicyHook`. It calls
the program's own function and judges the result (Kamaelia.Support.Greylist.Answers). An
awaitable becomes a task, and the call raises Later: the question is asked again when the
task is done, and the same call then returns the task's answer. So a plain hook that calls
an asynchronous one in its own `if` never reads it as "yes".

In a hook that is `async def` itself, the call returns an object to await instead. That
object is not true either: `bool()` of it, or `==`, raises Later until its answer is known.

A hook that waits sees the recipients that it was asked about, also after each `await`.

The library's own hooks that can only return True or False are marked by `answersAtOnce`, and called
without this detour, which takes three times as long. They are recognised by their code: what a
program wraps around such a hook is judged.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Generator
from functools import partial, update_wrapper
from inspect import CO_COROUTINE
from operator import attrgetter
from types import CodeType, FrameType, FunctionType, MethodType
from typing import Any, TypeVar, cast
from weakref import ref

from Kamaelia.Apps.Grey.Stores.Later import Later
from Kamaelia.Support.Greylist.Answers import isAwaitable, judged

POLICY_HOOKS = frozenset(
    {
        "isGreylisted",
        "sentFromAllowedIPAddress",
        "sentFromAllowedNetwork",
        "sentToADomainWeForwardFor",
        "shouldWeAcceptMail",
        "shouldWeAcceptRecipient",
        "whiteListed",
    }
)


_atOnce: dict[CodeType, str] = {}  # the names of the library's own hooks, by their code
Hook = TypeVar("Hook", bound=Callable[..., bool])


def answersAtOnce(hook: Hook) -> Hook:
    """Mark a hook that returns True or False whatever a program does: it is not judged."""
    _atOnce[hook.__code__] = hook.__name__
    return hook


class PolicyHook(property):
    """PolicyHook(name, hook) -> a descriptor: the hook, whose result is judged.

    It is a property, because each mail reads several hooks and the interpreter reads a property
    without a call. The class of a handler returns it itself, to be called with a handler.

    While `hasPlainHooks` of a handler is true, the hooks are those of its class and nothing is
    awaited. (To look for that in the `__dict__` of a handler would slow down its attributes.)

    place: the name under which the class also has a hook that need not be judged, or "".
    """

    def __init__(self, name: str, hook: Any, place: str = "") -> None:
        self.name = name
        self.hook = hook
        self.place = place
        isFunction = isinstance(hook, FunctionType)

        def call(*args: Any, **named: Any) -> Any:
            handler = args[0]
            if not isFunction or not getattr(handler, "hasPlainHooks", False):
                return self.ask(handler, args[1:], named)
            try:  # nothing is awaited, which is nearly always so
                result = hook(*args, **named) if named else hook(*args)
            except Later:
                raise
            except (Exception, asyncio.CancelledError) as error:
                noteHook(error, name)
                raise
            if result is True or result is False:
                return result
            return self.judge(handler, result, args[1:], named)

        self.call = update_wrapper(call, hook)
        read = attrgetter(place) if place else partial(MethodType, self.call)
        super().__init__(read, self.assign)
        update_wrapper(cast("Any", self), hook)

    def __call__(self, handler: Any, *args: Any, **named: Any) -> Any:
        """Call the hook of the class, as a subclass does that overrides it."""
        return self.call(handler, *args, **named)

    def assign(self, handler: Any, hook: Any) -> None:
        """Set the hook of one handler, as a keyword argument does."""
        handler.__dict__[self.name] = hook
        handler.hasPlainHooks = False
        if self.place:
            handler.__dict__[self.place] = partial(self._askOwn, ref(handler))  # without a cycle

    def _askOwn(self, handler: ref[Any], *args: Any, **named: Any) -> Any:
        return self.ask(handler(), args, named)

    def ask(self, handler: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Return the answer. Raise Later if it takes time, NotAnAnswer if it is none."""
        question = getattr(handler, "policyQuestion", None)
        if question is not None and question.pendingHooks:
            known = question.pendingHooks.get(self._key(handler, args, named))
            if known is not None:
                return known.answer(sys._getframe(2))
        try:
            result = self._hookOf(handler)(*args, **named)
        except Later:
            raise
        except (Exception, asyncio.CancelledError) as error:
            noteHook(error, self.name)
            raise
        return self.judge(handler, result, args, named, 3)

    def judge(
        self,
        handler: Any,
        result: Any,
        args: tuple[Any, ...],
        named: dict[str, Any],
        depth: int = 2,
    ) -> Any:
        """Return the answer that `result` is, or leads to. depth: of the caller's frame."""
        if not isAwaitable(result) or not hasattr(type(handler), "policyQuestion"):
            return judged(result, self.name)
        again = partial(self._hookOf(handler), *args, **named)
        waits = Pending(self.name, handler, result, again)
        if handler.policyQuestion is not None:
            handler.policyQuestion.waitAlsoFor(self._key(handler, args, named), waits)
        return waits.answer(sys._getframe(depth))

    def _hookOf(self, handler: Any) -> Any:
        """Return the program's own function, bound to the handler."""
        own = vars(handler).get(self.name)
        if own is not None and getattr(type(handler), self.name) is self:
            return own
        bind = getattr(type(self.hook), "__get__", None)
        return bind(self.hook, handler, type(handler)) if bind else self.hook

    def _key(self, handler: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        return self, tuple(handler.recipients), args, tuple(named.items())


class Pending:
    """Pending(name, handler, awaitable, again) -> the answer of a hook that is being awaited.

    again: calls the hook once more, if it raises Later while it is awaited.
    """

    def __init__(self, name: str, handler: Any, awaitable: Any, again: Callable[[], Any]) -> None:
        self.name = name
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            close(awaitable)
            raise RuntimeError(f"the policy hook {name}() needs an event loop to wait in") from None
        waits = self._wait(handler, handler.session.recipients, awaitable, again)
        self.task: asyncio.Task[bool] = loop.create_task(waits)
        self.task.add_done_callback(_retrieve)

    def answer(self, caller: FrameType) -> Any:
        """Return the answer, or this object if the caller is a function that can await it."""
        return self if caller.f_code.co_flags & CO_COROUTINE else bool(self)

    def __eq__(self, other: object) -> bool:
        return bool(self) == other

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        if not self.task.done():
            raise Later(self.task)
        return self.task.result()

    def __await__(self) -> Generator[Any, None, bool]:
        return self.task.__await__()

    async def _wait(
        self, handler: Any, recipients: list[str], result: Any, again: Callable[[], Any]
    ) -> bool:
        question = handler.policyQuestion
        while True:
            try:
                if isAwaitable(result):
                    result = await Stepped(result, handler.session, recipients)
                return judged(result, self.name)
            except Later as later:
                if question is not None:
                    question.allowLonger(later.extra)
                await asyncio.wait([later.future])
                result = _Call(again)
            except (Exception, asyncio.CancelledError) as error:
                noteHook(error, self.name)
                raise


class _Call:
    """_Call(function) -> an awaitable that calls it, and awaits what it returns."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function

    def __await__(self) -> Generator[Any, Any, Any]:
        result = self.function()
        return (yield from result.__await__()) if isAwaitable(result) else result


class Stepped:
    """Stepped(awaitable, session, recipients) -> awaits it; each step sees these recipients."""

    def __init__(self, awaitable: Any, session: Any, recipients: list[str]) -> None:
        self.awaitable = awaitable
        self.session = session
        self.recipients = recipients

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self.awaitable.__await__()
        step: Callable[[], Any] = partial(next, steps)
        while True:
            before, self.session.recipients = self.session.recipients, self.recipients
            try:
                waitsFor = step()
            except StopIteration as end:
                return end.value
            finally:
                self.session.recipients = before
            try:
                yield waitsFor
                step = partial(next, steps)
            except GeneratorExit:
                close(steps)
                raise
            except BaseException as error:  # noqa: BLE001 - passed on, as `await` does
                step = partial(_throw, steps, error)


class HookTable:
    """HookTable(kind) -> the policy hooks of a class, all of which are judged.

    A hook that is assigned to the class or to a base afterwards makes the table invalid.
    """

    __slots__ = ("_hooks", "_read")

    def __init__(self, kind: type) -> None:
        _judgeAll(kind)
        names = sorted(name for name in POLICY_HOOKS if hasattr(kind, name))
        self._read: Callable[[type], Any] = attrgetter(*names) if names else _nothing
        self._hooks = self._read(kind)

    def isValid(self, kind: type) -> bool:
        """Return whether the hooks of the class are those of the table."""
        found: bool = self._read(kind) == self._hooks
        return found


def _nothing(kind: type) -> None:
    """Read the hooks of a class that has none."""


def judgeHooks(kind: Any) -> None:
    """Make sure that each policy hook of a class is judged; cheap if that is so already."""
    table = kind.__dict__.get("_hookTable")
    if table is None or not table.isValid(kind):
        kind._hookTable = HookTable(kind)


def _judgeAll(kind: type) -> None:
    """Judge the hooks of a class and of all its bases, which `super()` may call."""
    for each in kind.__mro__:
        for name in POLICY_HOOKS & vars(each).keys():
            hook = vars(each)[name]
            if not isinstance(hook, PolicyHook):
                place = ""
                if isinstance(hook, FunctionType) and hook.__code__ in _atOnce:
                    place = f"_{each.__name__}_{name}"
                    setattr(each, place, hook)
                setattr(each, name, PolicyHook(name, hook, place))


def noteHook(error: BaseException, name: str = "") -> str:
    """Note the innermost hook that an error has passed, and return its name; "" if it is none.

    name: the hook that notes it.
    """
    noted: str = getattr(error, "policyHook", "")
    if noted:
        return noted
    traceback = error.__traceback__
    while traceback is not None:
        name = _atOnce.get(traceback.tb_frame.f_code, name)
        traceback = traceback.tb_next
    if name:
        error.policyHook = name  # type: ignore[attr-defined]
        error.add_note(f"This was raised by the policy hook {name}().")
    return name


def close(waits: Any) -> None:
    """Close a coroutine or an iterator, if it can be closed."""
    end = getattr(waits, "close", None)
    if end is not None:
        end()


def _throw(steps: Any, error: BaseException) -> Any:
    """Raise an error where the awaitable waits."""
    throw = getattr(steps, "throw", None)
    if throw is None:
        raise error
    return throw(error)


def _retrieve(task: asyncio.Task[bool]) -> None:
    """Mark the error as seen: the mail that asked may be gone."""
    if not task.cancelled():
        task.exception()
