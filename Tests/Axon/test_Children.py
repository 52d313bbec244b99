"""The children of a component, as a list."""

import pytest

from Axon.Children import Children
from Axon.Component import component


def test_children_are_listed_in_order_without_those_that_were_removed():
    given = [component() for _ in range(5)]
    children = Children(list(given))
    children.remove(given[1])
    assert len(children) == 4
    assert given[1] not in children
    assert given[2] in children
    assert children.asList() == [given[0], *given[2:]]


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_the_list_stays_the_same_object_whatever_is_removed(number):
    given = [component() for _ in range(4)]
    children = Children(given)
    everyone = list(given)
    for each in everyone[:number]:
        assert each in children
        children.remove(each)
        assert each not in children
    assert children.asList() is given
    assert given == everyone[number:]


def test_what_a_program_adds_to_the_list_is_a_child():
    first, second = component(), component()
    children = Children([first])
    assert second not in children
    children.asList().append(second)
    assert second in children
    assert len(children) == 2


def test_a_child_that_is_added_again_is_the_last_one():
    first, second, third = given = [component() for _ in range(3)]
    children = Children(list(given))
    assert first in children
    children.remove(first)
    children.append(first)
    assert first in children
    assert children.asList() == [second, third, first]


def test_a_program_may_remove_the_list_of_children():
    parent = component()
    parent.children = None
    assert not parent.hasChildren()
    assert parent.children == []
