"""Hooks: the result of a hook that decides something is a plain value."""

import asyncio
import types

import pytest

from Axon.Component import component
from Axon.Hooks import iterableResult, plainResult
from Axon.Ipc import WaitComplete, newComponent
from Axon.Scheduler import scheduler
from Axon.ThreadedComponent import threadedcomponent

pytestmark = pytest.mark.filterwarnings("error")  # such as: a coroutine was never awaited


async def coroutineFunction(*_):
    """A hook that is wrongly defined with async."""


async def asyncGeneratorFunction(*_):
    """A hook that is wrongly defined with async and yield."""
    yield


def generatorFunction(*_):
    """A hook that is wrongly defined with yield."""
    yield


@types.coroutine
def oldCoroutineFunction(*_):
    """A coroutine of the old kind, which is a generator for Python."""
    yield


class Awaitable:
    """What is neither a coroutine nor a generator, but can be awaited."""

    def __await__(self):
        yield


def awaitableFunction(*_):
    """A hook that returns such an object."""
    return Awaitable()


def futureFunction(*_):
    """A hook that returns an asyncio future."""
    loop = asyncio.new_event_loop()
    try:
        return loop.create_future()
    finally:
        loop.close()


WRONG = [
    coroutineFunction,
    asyncGeneratorFunction,
    generatorFunction,
    oldCoroutineFunction,
    awaitableFunction,
    futureFunction,
]

wrongHooks = pytest.mark.parametrize("wrong", WRONG, ids=lambda each: each.__name__)


@wrongHooks
def test_an_awaitable_or_generator_is_a_TypeError_that_names_hook_and_owner(wrong):
    owner = component()
    with pytest.raises(TypeError) as caught:
        plainResult(wrong(), "childFailed", owner)
    assert str(caught.value).startswith(f"{owner.name}: childFailed() returned a")


def test_without_an_owner_the_error_names_only_the_hook():
    with pytest.raises(TypeError, match=r"^factory\(\) returned a coroutine, but it must return"):
        plainResult(coroutineFunction(), "factory")


@pytest.mark.parametrize(
    "value",
    [None, True, 0, "", [], {}, (1, 2), component, newComponent(), iter([1]), range(3), len],
    ids=lambda value: type(value).__name__ if "0x" in repr(value) else repr(value),
)
def test_any_other_value_is_returned_as_it_is(value):
    assert plainResult(value, "hook") is value
    assert iterableResult(value, "hook") is value


def test_a_generator_is_an_iterable():
    assert list(iterableResult((each for each in "ab"), "policy")) == ["a", "b"]


@pytest.mark.parametrize(
    "wrong",
    [coroutineFunction, asyncGeneratorFunction, awaitableFunction],
    ids=lambda f: f.__name__,
)
def test_an_awaitable_is_not_an_iterable(wrong):
    with pytest.raises(TypeError, match=r"policy\(\) returned an? \w+, but it must return an iter"):
        iterableResult(wrong(), "policy")


# The hooks of the core


class Failing(component):
    """Raises an error in its first turn."""

    def main(self):
        yield 1
        raise ValueError("lost?")


@wrongHooks
def test_childFailed_must_return_a_plain_value(wrong):
    class Parent(component):
        childFailed = wrong

        def main(self):
            child = Failing()
            self.addChildren(child)
            child.activate()
            yield from self.waitForChange()

    with pytest.raises((TypeError, ExceptionGroup), match="childFailed") as caught:
        Parent().run()
    assert isinstance(caught.value.__context__, ValueError), "the child's error is still shown"


@wrongHooks
@pytest.mark.parametrize("hook", ["initialiseComponent", "mainBody", "closeDownComponent"])
@pytest.mark.parametrize("kind", [component, threadedcomponent])
def test_an_old_style_method_must_return_a_plain_value(hook, wrong, kind):
    old = type("Old", (kind,), {hook: wrong})()
    with pytest.raises(TypeError, match=rf"Old_\d+: {hook}\(\) returned a"):
        old.run()
    assert not scheduler.run.listAllThreads()


@wrongHooks
def test_closeDownMicroprocess_must_return_a_plain_value(wrong):
    class Last(component):
        _closeDownMicroprocess = wrong

        def main(self):
            yield 1

    with pytest.raises(TypeError, match=r"Last_\d+: _closeDownMicroprocess\(\) returned a"):
        Last().run()


def test_WaitComplete_rejects_a_coroutine_in_a_sentence():
    class Waits(component):
        def main(self):
            yield WaitComplete(self.greet())

        async def greet(self):
            """A generator is expected instead."""

    with pytest.raises(TypeError, match="WaitComplete runs a generator"):
        Waits().run()
