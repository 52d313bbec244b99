"""Hooks of small components whose result decides something must return a plain value."""

import pytest

from Axon.testing import feed
from Kamaelia.Util.Chooser import Chooser
from Kamaelia.Util.Filter import Filter
from Kamaelia.Util.PureTransformer import PureTransformer
from Kamaelia.Util.RangeFilter import RangeFilter


async def coroutineFunction(*_):
    """A hook that is an async function."""


def generatorFunction(*_):
    """A hook that is a generator function."""
    yield


def filtering(wrong):
    return Filter(type("Wrong", (), {"filter": wrong})())


def ranging(wrong):
    return type("Wrong", (RangeFilter,), {"inRange": wrong})([(0, 1)])


def moving(wrong):
    return type("Wrong", (Chooser,), {"gotoNext": wrong})([1, 2])


def ending(wrong):
    return type("Wrong", (Chooser,), {"shutdown": wrong})([1, 2])


@pytest.mark.parametrize("wrong", [coroutineFunction, generatorFunction])
@pytest.mark.parametrize(
    ("make", "given", "hook"),
    [
        (filtering, ["text"], "filter"),
        (filtering, [], "filter"),
        (ranging, [(1, "frame")], "inRange"),
        (moving, ["NEXT"], "gotoNext"),
        (ending, ["SAME"], "shutdown"),
    ],
)
def test_an_awaitable_or_a_generator_is_an_error_that_names_the_hook(make, given, hook, wrong):
    with pytest.raises(TypeError, match=rf"{hook}\(\) returned a (coroutine|generator), but it"):
        feed(make(wrong), inbox=given)


def test_the_data_that_a_hook_returns_may_be_anything():
    [sent] = feed(PureTransformer(generatorFunction), inbox=[1])["outbox"]
    assert list(sent) == [None]
