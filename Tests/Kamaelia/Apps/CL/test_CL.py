import math

import pytest

from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Apps.CL.DictChooser import DictChooser
from Kamaelia.Apps.CL.JSON import JSONDecoder, JSONEncoder
from Kamaelia.Chassis.Pipeline import Pipeline
from Tests.Kamaelia.consumers import runInto

OPTIONS = {"a": [1, 2], "b": [3]}


@pytest.mark.parametrize(
    ("keys", "items"),
    [(["a", "b"], [1, 2, 3]), (["b", "b"], [3]), (["x", "a"], [1, 2]), ([], [])],
)
def test_a_key_chooses_a_list(keys, items):
    assert feed(DictChooser(OPTIONS), inbox=keys) == {"outbox": items, "signal": [FINISHED]}


def test_options_may_be_added_and_replaced():
    outcome = feed(DictChooser(OPTIONS), option=[{"c": [4], "b": [5]}], inbox=["b", "c"])
    assert outcome["outbox"] == [5, 4]
    assert OPTIONS["b"] == [3]


def test_the_first_list_may_be_the_default():
    assert feed(DictChooser(OPTIONS, allowDefault=True))["outbox"] == [1, 2]
    assert feed(DictChooser(allowDefault=True), option=[{"z": [9]}])["outbox"] == [9]


def test_a_shutdown_ends_it():
    end = shutdownMicroprocess()
    assert feed(DictChooser(OPTIONS), control=[end])["signal"] == [end]


def test_a_slow_receiver_gets_all_items():
    chooser = DictChooser({"all": range(20)})
    chooser.deliver("all")
    chooser.deliver(FINISHED, "control")
    assert runInto(chooser, size=1).got == list(range(20))


def test_values_survive_json():
    values = [["foo", {"bar": ["baz", None, 1.0, 2]}], "text", 7]
    pair = Pipeline(JSONEncoder(), JSONDecoder())
    assert feed(pair, inbox=values)["outbox"] == values


def test_empty_values_and_blank_documents_are_skipped():
    assert feed(JSONEncoder(), inbox=[None, [], 1])["outbox"] == ["1"]
    assert feed(JSONDecoder(), inbox=["  ", b"\n", b"[1]"])["outbox"] == [[1]]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (JSONDecoder, "{"),
        (JSONDecoder, "[" * 100_000),
        (JSONDecoder, b"\xff\xfe\xfd"),
        (JSONEncoder, [object()]),
    ],
)
def test_what_is_not_json_ends_the_component_with_an_error(make, message):
    (end,) = feed(make(), inbox=[message])["signal"]
    assert isinstance(end, producerFinished)
    assert isinstance(end.message, ValueError)


def test_numbers_that_are_not_finite_are_python_s_own_form():
    (value,) = feed(JSONDecoder(), inbox=["NaN"])["outbox"]
    assert math.isnan(value)
