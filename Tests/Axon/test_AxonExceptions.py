import copy
import pickle

import pytest

from Axon import AxonExceptions
from Axon.AxonExceptions import (
    AccessToUndeclaredTrackedVariable,
    AxonException,
    BadInbox,
    deadlock,
    emptyInbox,
    noSpaceInBox,
    noSuchBox,
    wiringError,
)

STANDARD = {
    noSuchBox: KeyError,
    emptyInbox: IndexError,
    deadlock: RuntimeError,
}


@pytest.mark.parametrize("name", AxonExceptions.__all__)
def test_every_error_of_the_framework_is_an_AxonException(name):
    assert issubclass(getattr(AxonExceptions, name), AxonException)


@pytest.mark.parametrize(("ours", "known"), STANDARD.items())
def test_some_errors_are_also_standard_errors(ours, known):
    assert issubclass(ours, known)


def test_a_wiringError_is_a_TypeError_and_a_ValueError():
    assert issubclass(wiringError, TypeError)
    assert issubclass(wiringError, ValueError)


def test_the_arguments_of_an_error_are_kept_in_args():
    assert AxonException("one", 2).args == ("one", 2)
    assert noSpaceInBox(3, 4).args == (3, 4)


def wrong(box="inbx", direction="inbox", available=("inbox", "control")):
    return noSuchBox("Greeter_1", box, direction, available)


def test_the_error_of_a_wrong_box_names_component_direction_existing_boxes_and_the_nearest():
    assert str(wrong()) == (
        "Greeter_1 has no inbox 'inbx'; its inboxes are 'inbox', 'control'. Did you mean 'inbox'?"
    )


def test_a_box_that_differs_in_case_only_is_the_nearest():
    assert str(wrong("INBOX")).endswith("Did you mean 'inbox'?")


def test_no_box_is_suggested_if_none_is_similar():
    assert str(wrong("zzz")).endswith("its inboxes are 'inbox', 'control'")


def test_the_error_of_a_wrong_box_is_correct_for_one_box_and_for_none():
    assert str(wrong("zzz", "outbox", ["signal"])).endswith(
        "no outbox 'zzz'; there is only 'signal'"
    )
    assert str(wrong("zzz", "outbox", [])).endswith("no outbox 'zzz'; it has none at all")


@pytest.mark.parametrize("box", [None, 7, ("inbox",), b"inbox"])
def test_a_box_name_that_is_no_string_is_shown_as_it_is(box):
    assert f"no inbox {box!r};" in str(wrong(box))


def test_the_error_lists_the_boxes_at_the_time_of_the_mistake():
    boxes = {"inbox": "", "control": ""}
    error = wrong(available=boxes)
    boxes["later"] = ""
    assert error.available == ("inbox", "control")


@pytest.mark.parametrize("copied", [copy.copy, lambda e: pickle.loads(pickle.dumps(e))])
def test_the_error_of_a_wrong_box_can_be_pickled(copied):
    error = copied(wrong())
    assert str(error) == str(wrong())
    assert error.box == "inbx"


def test_the_error_of_a_full_inbox_contains_its_length_and_size():
    assert str(noSpaceInBox(3, 3)) == "the inbox is full: it holds 3 messages and takes at most 3"


def test_the_text_of_an_error_with_too_few_arguments_is_its_arguments():
    assert str(noSpaceInBox()) == ""
    assert str(noSpaceInBox("full")) == "full"


def test_an_error_with_too_many_arguments_still_has_its_sentence():
    assert str(AccessToUndeclaredTrackedVariable("guests", 5)) == "no value 'guests' is tracked"


def test_braces_in_an_argument_are_kept():
    assert str(BadInbox("{}", "{0}")) == "'{}' has no inbox '{0}' that could be a service"


def test_the_text_of_an_error_without_a_sentence_is_its_arguments():
    assert str(emptyInbox("nothing waits in 'inbox'")) == "nothing waits in 'inbox'"
    assert str(wiringError("a", 1)) == "('a', 1)"
