import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest

from Axon.idGen import idGen, newId, numId, strId, tupleId


class Thing:
    class Part:
        pass


def test_numbers_count_up_by_one_for_all_callers():
    first = numId()
    assert idGen().numId() == first + 1
    assert tupleId(Thing())[0] == first + 2
    strId(Thing())
    assert idGen().nextId() == first + 4
    assert idGen().next() == first + 5
    assert next(idGen()) == first + 6


def test_a_name_is_made_of_module_class_and_number():
    number = numId()
    assert strId(Thing()) == f"{__name__}.Thing_{number + 1}"
    assert newId(Thing()) == f"{__name__}.Thing_{number + 2}"


def test_tupleId_gives_the_number_and_the_name_that_contains_it():
    number, name = tupleId(Thing())
    assert name == f"{__name__}.Thing_{number}"


def test_a_nested_class_is_named_with_its_outer_class():
    assert strId(Thing.Part()).startswith(f"{__name__}.Thing.Part_")


@pytest.mark.parametrize(("thing", "name"), [(5, "int_3"), ("text", "str_3"), ([], "list_3")])
def test_an_object_of_a_builtin_class_is_named_without_a_module(thing, name):
    assert idGen().idToString(thing, 3) == name


def test_a_name_of_a_subclass_may_be_made_otherwise():
    class shouting(idGen):
        def idToString(self, thing, aNumId):
            return super().idToString(thing, aNumId).upper()

    assert shouting().strId(5).startswith("INT_")
    assert shouting().tupleId(5)[1].startswith("INT_")


@pytest.fixture
def greedy_threads():
    """Threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("greedy_threads")
def test_no_two_threads_get_the_same_number():
    together = threading.Barrier(4)

    def take(_):
        together.wait()
        return [numId() for _ in range(2000)]

    with ThreadPoolExecutor(4) as threads:
        taken = list(chain.from_iterable(threads.map(take, range(4))))
    assert len(set(taken)) == 8000
