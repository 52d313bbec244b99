import pytest

from Axon.Ipc import shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Apps.MPS.TPipe import TPipe
from Kamaelia.Apps.SA.DSL import DataSink
from Kamaelia.Util.PureTransformer import PureTransformer
from Tests.Kamaelia.consumers import runInto


def isOdd(number):
    return number % 2


@pytest.mark.parametrize(
    ("settings", "passedOn", "chosen"),
    [
        ({}, [1, 2, 3], [1, 2, 3]),
        ({"condition": isOdd}, [1, 2, 3], [1, 3]),
        ({"condition": isOdd, "mode": "route"}, [2], [1, 3]),
        ({"mode": "route"}, [], [1, 2, 3]),
        ({"sink": False, "mode": "route"}, [1, 2, 3], []),
        ({"sink": False}, [1, 2, 3], []),
    ],
)
def test_the_condition_and_the_mode_decide_where_messages_go(settings, passedOn, chosen):
    copies = []
    outcome = feed(TPipe(action=DataSink(copies), **settings), inbox=[1, 2, 3])
    assert outcome["outbox"] == passedOn
    assert outcome["signal"] == [FINISHED]
    assert copies == chosen


def test_messages_of_the_action_may_be_added_to_the_stream():
    tee = TPipe(action=PureTransformer(str), source=True)
    assert sorted(feed(tee, inbox=[1, 2])["outbox"], key=str) == [1, "1", 2, "2"]


def test_it_ends_with_the_action():
    copies = []
    tee = TPipe(action=DataSink(copies, limit=1))
    feed(tee, inbox=[1], control=())
    assert tee.hasEnded()


def test_a_shutdown_ends_the_action():
    end = shutdownMicroprocess()
    assert feed(TPipe(action=DataSink([])), control=[end])["signal"] == [end]


@pytest.mark.parametrize("limit", [{"size": 1}, {"capacity": 2}])
def test_a_slow_receiver_gets_everything_and_its_inbox_stays_short(limit):
    copies = []
    tee = TPipe(action=DataSink(copies))
    for number in range(20):
        tee.deliver(number)
    tee.deliver(FINISHED, "control")
    slow = runInto(tee, **limit)
    assert slow.got == copies == list(range(20))
    assert slow.longest <= max(limit.values())


@pytest.mark.parametrize(("settings", "text"), [({"mode": "x"}, "mode is 'x'"), ({}, "action=")])
def test_wrong_settings_are_errors(settings, text):
    with pytest.raises(ValueError, match=text):
        TPipe(**settings)


def test_a_condition_that_is_a_coroutine_is_an_error():
    async def condition(message):
        return True

    with pytest.raises(TypeError, match="condition"):
        feed(TPipe(action=DataSink([]), condition=condition), inbox=[1])
