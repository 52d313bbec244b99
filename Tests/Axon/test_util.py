import builtins
import logging

import pytest

from Axon import util
from Axon.AxonExceptions import invalidComponentInterface


@pytest.fixture
def production(monkeypatch):
    monkeypatch.setattr(util, "production", True)


class Declares:
    Inboxes = {"inbox": "", "control": ""}
    Outboxes = ["outbox", "signal"]


class Forgetful:
    """Compares as nothing does, not even with itself."""

    def __eq__(self, other):
        return False

    __hash__ = None


def test_axonRaise_raises_the_error_with_its_arguments():
    with pytest.raises(LookupError) as caught:
        util.axonRaise(LookupError, "where", 5)
    assert caught.value.args == ("where", 5)


@pytest.mark.usefixtures("production")
def test_axonRaise_in_production_logs_the_error_and_gives_False(caplog):
    assert util.axonRaise(LookupError, "where") is False
    assert caplog.record_tuples == [
        ("Axon", logging.ERROR, "LookupError, which production mode ignores: where")
    ]


@pytest.mark.parametrize(
    ("required", "supplied", "is_subset"),
    [
        ([], [], True),
        ([], [1], True),
        ([1], [2, 1], True),
        ([1, 1], [1], True),
        ([1, 2], [1], False),
        (["inbox"], {"inbox": "a dict counts by its keys"}, True),
    ],
)
def test_listSubset_returns_whether_all_required_items_are_supplied(required, supplied, is_subset):
    assert util.listSubset(required, supplied) is is_subset


@pytest.mark.parametrize(
    ("before", "after"),
    [([], []), ([1, 2], [1, 2]), ([3, 1, 3, 3, 2, 3], [1, 2]), ([3, 3], [])],
)
def test_removeAll_removes_each_equal_item_in_place(before, after):
    assert util.removeAll(before, 3) is None
    assert before == after


def test_removeAll_finds_an_object_that_does_not_equal_itself():
    thing = Forgetful()
    things = [1, thing]
    util.removeAll(things, thing)
    assert things == [1]


@pytest.mark.parametrize(
    ("arg", "items"), [(None, []), (5, []), ((1, 2), [1, 2]), ("ab", ["a", "b"]), ({1: 2}, [1])]
)
def test_safeList_makes_a_list_of_an_iterable(arg, items):
    assert util.safeList(arg) == items


def test_safeList_without_an_argument_is_empty():
    assert util.safeList() == []


def test_safeList_does_not_hide_an_error_in_what_it_iterates_over():
    with pytest.raises(TypeError, match="broken"):
        util.safeList(_breaks())


def _breaks():
    yield 1
    raise TypeError("broken")


def test_testInterface_accepts_a_component_that_has_these_boxes_and_more():
    assert util.testInterface(Declares(), (["inbox"], ["signal", "outbox"])) is True


@pytest.mark.parametrize(
    ("which", "interface"), [("inboxes", (["ear"], [])), ("outboxes", (["inbox"], ["mouth"]))]
)
def test_testInterface_names_the_missing_boxes(which, interface):
    component = Declares()
    with pytest.raises(invalidComponentInterface) as caught:
        util.testInterface(component, interface)
    assert caught.value.args == (which, component, interface)
    assert str(caught.value).startswith(f"some {which} that <")


@pytest.mark.usefixtures("production")
def test_testInterface_in_production_gives_False():
    assert util.testInterface(Declares(), (["ear"], [])) is False


def test_apply_calls_a_function_with_a_list_and_a_dict():
    assert util.apply(dict, ([("a", 1)],), {"b": 2}) == {"a": 1, "b": 2}
    assert util.apply(list) == []


def test_names_that_differed_between_versions_of_Python_are_the_current_ones():
    assert util.next is builtins.next
    assert util.vrange is range


def test_Finality_can_be_thrown_into_a_generator():
    def tidy():
        try:
            yield
        except util.Finality:
            yield "tidied"

    generator = tidy()
    next(generator)
    assert generator.throw(util.Finality()) == "tidied"
