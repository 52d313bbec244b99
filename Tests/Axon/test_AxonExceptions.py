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
def test_an_error_is_also_what_programs_know_it_as(ours, known):
    assert issubclass(ours, known)


def test_a_wiring_mistake_is_caught_as_TypeError_and_as_ValueError():
    assert issubclass(wiringError, TypeError)
    assert issubclass(wiringError, ValueError)


def test_the_arguments_of_an_error_are_kept_in_args():
    assert AxonException("one", 2).args == ("one", 2)
    assert noSpaceInBox(3, 4).args == (3, 4)


def wrong(box="inbx", direction="inbox", available=("inbox", "control")):
    return noSuchBox("Greeter_1", box, direction, available)


def test_a_wrong_box_is_told_with_its_component_direction_the_boxes_there_are_and_the_nearest():
    assert str(wrong()) == (
        "Greeter_1 has no inbox 'inbx'; its inboxes are 'inbox', 'control'. Did you mean 'inbox'?"
    )


def test_a_box_that_differs_in_case_only_is_the_nearest():
    assert str(wrong("INBOX")).endswith("Did you mean 'inbox'?")


def test_nothing_is_guessed_where_nothing_is_near():
    assert str(wrong("zzz")).endswith("its inboxes are 'inbox', 'control'")


def test_a_component_with_one_box_or_without_any_is_told_as_such():
    assert str(wrong("zzz", "outbox", ["signal"])).endswith(
        "no outbox 'zzz'; there is only 'signal'"
    )
    assert str(wrong("zzz", "outbox", [])).endswith("no outbox 'zzz'; it has none at all")


@pytest.mark.parametrize("box", [None, 7, ("inbox",), b"inbox"])
def test_a_box_name_that_is_no_string_is_shown_as_it_is(box):
    assert f"no inbox {box!r};" in str(wrong(box))


def test_the_boxes_are_those_of_the_moment_of_the_mistake():
    boxes = {"inbox": "", "control": ""}
    error = wrong(available=boxes)
    boxes["later"] = ""
    assert error.available == ("inbox", "control")


@pytest.mark.parametrize("copied", [copy.copy, lambda e: pickle.loads(pickle.dumps(e))])
def test_a_wrong_box_survives_a_way_between_processes(copied):
    error = copied(wrong())
    assert str(error) == str(wrong())
    assert error.box == "inbx"


def test_a_full_inbox_says_how_full_it_is():
    assert str(noSpaceInBox(3, 3)) == "the inbox is full: it holds 3 messages and takes at most 3"


def test_an_error_with_fewer_arguments_than_its_sentence_needs_says_what_it_has():
    assert str(noSpaceInBox()) == ""
    assert str(noSpaceInBox("full")) == "full"


def test_an_error_with_more_arguments_than_its_sentence_needs_still_says_it():
    assert str(AccessToUndeclaredTrackedVariable("guests", 5)) == "no value 'guests' is tracked"


def test_braces_in_an_argument_do_no_harm():
    assert str(BadInbox("{}", "{0}")) == "'{}' has no inbox '{0}' that could be a service"


def test_an_error_without_a_sentence_of_its_own_says_its_arguments():
    assert str(emptyInbox("nothing waits in 'inbox'")) == "nothing waits in 'inbox'"
    assert str(wiringError("a", 1)) == "('a', 1)"
