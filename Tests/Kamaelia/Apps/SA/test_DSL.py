from Axon.Ipc import producerFinished
from Axon.testing import FINISHED, feed
from Kamaelia.Apps.SA.DSL import DataSink
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Util.DataSource import DataSource
from Tests.Kamaelia.consumers import runInto


def test_messages_are_appended_and_passed_on():
    results = []
    assert feed(DataSink(results), inbox=[1, 2]) == {"outbox": [1, 2], "signal": [FINISHED]}
    assert results == [1, 2]


def test_it_may_pass_nothing_on():
    results = []
    assert feed(DataSink(results, pass_thru=False), inbox=[1])["outbox"] == []
    assert results == [1]


def test_it_ends_at_the_limit():
    results = []
    sink = DataSink(results, limit=2)
    (end,) = feed(sink, inbox=[1, 2, 3], control=())["signal"]
    assert isinstance(end, producerFinished)
    assert results == [1, 2]


def test_it_ends_at_any_message_on_control():
    assert feed(DataSink([]), inbox=[1], control=["stop"])["signal"] == ["stop"]


def test_it_is_the_end_of_a_pipeline():
    results = []
    Pipeline(DataSource([1, 2, 3, 4]), DataSink(results)).run()
    assert results == [1, 2, 3, 4]


def test_a_slow_receiver_gets_everything():
    sink = DataSink([])
    for number in range(20):
        sink.deliver(number)
    sink.deliver(FINISHED, "control")
    assert runInto(sink, size=2).got == list(range(20))
