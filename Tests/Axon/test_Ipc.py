import copy
import pickle
import sys

import pytest

from Axon import Ipc
from Axon.Ipc import (
    WaitComplete,
    errorInformation,
    ipc,
    newComponent,
    notify,
    producerFinished,
    reactivate,
    shutdown,
    shutdownMicroprocess,
    status,
    wouldblock,
)


def one_of_each():
    return [
        ipc(),
        WaitComplete("gen", tag="t"),
        errorInformation("me", ValueError, "bad"),
        newComponent("a", "b"),
        notify("me", "news"),
        producerFinished("me", "enough"),
        reactivate("me"),
        shutdown(),
        shutdownMicroprocess("a"),
        status("well"),
        wouldblock("me"),
    ]


def each(messages=None):
    return pytest.mark.parametrize(
        "message", messages or one_of_each(), ids=lambda m: type(m).__name__
    )


def test_the_list_above_is_complete():
    assert {type(m).__name__ for m in one_of_each()} == set(Ipc.__all__)


@each()
def test_every_message_is_an_ipc(message):
    assert isinstance(message, ipc)


@each()
def test_a_message_equals_only_itself_and_may_be_a_key(message):
    assert message == message  # noqa: PLR0124
    assert message != copy.copy(message)
    assert {message: 1}[message] == 1


@each()
def test_a_message_can_be_pickled(message):
    assert repr(pickle.loads(pickle.dumps(message))) == repr(message)


@each()
def test_a_message_is_small(message):
    assert sys.getsizeof(message) <= 72  # with three fields, and the collector's 16 bytes


@each()
def test_a_program_may_set_its_own_attributes_on_a_message(message):
    message.colour = "red"
    assert message.colour == "red"
    assert "colour='red'" in repr(message)


@each()
def test_a_kind_of_ones_own_may_have_any_attributes(message):
    class mine(type(message)):
        def __init__(self):
            self.colour = "red"

    assert mine().colour == "red"
    assert isinstance(mine(), type(message))
    assert "colour='red'" in repr(mine())


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (producerFinished(), "producerFinished(caller=None, message=None)"),
        (producerFinished("me", 3), "producerFinished(caller='me', message=3)"),
        (shutdownMicroprocess(), "shutdownMicroprocess(microprocesses=())"),
        (newComponent(1, 2), "newComponent(components=(1, 2))"),
        (status("well"), "status(status='well')"),
        (notify("me", "news"), "notify(caller='me', object='news')"),
        (shutdown(), "shutdown()"),
        (ipc(), "ipc()"),
    ],
)
def test_a_message_shows_what_is_in_it(message, text):
    assert repr(message) == text


def test_a_message_that_was_only_half_made_can_be_shown():
    class mine(producerFinished):
        def __init__(self):
            self.caller = "me"

    assert repr(mine()) == "mine(caller='me')"


def test_a_kind_of_ones_own_with_a_single_slot_is_shown():
    class mine(ipc):
        __slots__ = "colour"  # noqa: PLC0205 - a string, as Python allows

    message = mine()
    message.colour = "red"
    assert repr(message) == "mine(colour='red')"


def test_newComponent_gives_the_components_in_order():
    assert newComponent("ba", "da").components() == ("ba", "da")
    assert newComponent().components() == ()


def test_shutdownMicroprocess_gives_the_microprocesses():
    assert shutdownMicroprocess("ba", "da").microprocesses() == ("ba", "da")
    assert shutdownMicroprocess().microprocesses() == ()


def test_notify_has_its_payload_under_object():
    message = notify("me", payload="news")
    assert (message.caller, message.object) == ("me", "news")


def test_status_is_asked_for_by_a_call():
    assert status("well").status() == "well"


def test_producerFinished_needs_no_arguments_and_takes_them_by_name():
    assert (producerFinished().caller, producerFinished().message) == (None, None)
    message = producerFinished(message="enough", caller="me")
    assert (message.caller, message.message) == ("me", "enough")


def test_errorInformation_needs_a_caller_only():
    message = errorInformation("me")
    assert (message.caller, message.exception, message.message) == ("me", None, None)


def test_wouldblock_and_reactivate_contain_the_microprocess():
    assert wouldblock("me").caller == "me"
    assert reactivate("me").original == "me"


def test_WaitComplete_keeps_the_generator_and_the_options():
    generator = (x for x in ())
    message = WaitComplete(generator, tag="greet")
    assert message.args[0] is generator
    assert message.argd == {"tag": "greet"}


@pytest.mark.parametrize("kind", [notify, status, wouldblock, reactivate, errorInformation])
def test_what_a_message_cannot_do_without_must_be_given(kind):
    with pytest.raises(TypeError):
        kind()
