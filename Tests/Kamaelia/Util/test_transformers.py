"""The output of the small components for given input, and their end."""

import pytest

from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Util.Chunkifier import Chunkifier
from Kamaelia.Util.Collate import Collate
from Kamaelia.Util.DataSource import DataSource, TriggeredSource
from Kamaelia.Util.Detuple import SimpleDetupler
from Kamaelia.Util.Filter import Filter
from Kamaelia.Util.FirstOnly import FirstOnly
from Kamaelia.Util.LineSplit import LineSplit
from Kamaelia.Util.Marshalling import DeMarshaller, Marshaller
from Kamaelia.Util.Max import Max
from Kamaelia.Util.NullSink import nullSinkComponent
from Kamaelia.Util.OneShot import OneShot, TriggeredOneShot
from Kamaelia.Util.PassThrough import PassThrough
from Kamaelia.Util.PromptedTurnstile import PromptedTurnstile
from Kamaelia.Util.PureTransformer import PureTransformer
from Kamaelia.Util.SequentialTransformer import SequentialTransformer
from Kamaelia.Util.Stringify import Stringify
from Kamaelia.Util.Sync import Sync
from Kamaelia.Util.TagWithSequenceNumber import TagWithSequenceNumber
from Kamaelia.Util.TestResult import StopSystem, StopSystemException, TestResult
from Kamaelia.Util.TwoWaySplitter import TwoWaySplitter
from Kamaelia.Util.UnseenOnly import UnseenOnly


class Hex:
    @staticmethod
    def marshall(number):
        return f"{number:x}"

    @staticmethod
    def demarshall(text):
        return int(text, 16)


class Anything:
    """A transformer of each message into None."""

    @staticmethod
    def marshall(message):
        return None

    demarshall = marshall


class Hoarder:
    """A filter that holds back everything until the end."""

    def __init__(self):
        self.kept = []

    def filter(self, message):
        if message != "":
            self.kept.append(message)
            return None
        return self.kept.pop(0) if self.kept else None


CASES = [
    (PassThrough(), [1, None, 3], [1, None, 3]),
    (PureTransformer(), [1, 2], [1, 2]),
    (PureTransformer(lambda n: n * 2 if n else None), [1, 0, 2], [2, 4]),
    (SequentialTransformer(str, len), [10, 100], [2, 3]),
    (SequentialTransformer(lambda n: n or None, str), [0, 1], ["None", "1"]),
    (SequentialTransformer(str, lambda text: text if text == "1" else None), [0, 1], ["1"]),
    (SimpleDetupler(1), [(1, None), (2, 0)], [None, 0]),
    (FirstOnly(), [None, 1], [None]),
    (Marshaller(Anything), [1, None], [None, None]),
    (DeMarshaller(Anything), ["x", None], [None, None]),
    (Max(), [[None]], [None]),
    (UnseenOnly(), [None, 1], [1]),
    (SequentialTransformer(), [1], [1]),
    (LineSplit(), ["a\nb", "c\n"], ["a", "b", "c"]),
    (LineSplit(), [b"a\r\nb"], [b"a", b"b"]),
    (UnseenOnly(), [1, 1, 2, 1], [1, 2]),
    (Stringify(), [1, "a", None], ["1", "a", "None"]),
    (Stringify(), ["ü".encode(), b"\xff"], ["ü", "\N{REPLACEMENT CHARACTER}"]),
    (SimpleDetupler(1), [(1, 2), [3, 4]], [2, 4]),
    (SimpleDetupler("k"), [{"k": 0}], [0]),
    (TagWithSequenceNumber(), "ab", [(0, "a"), (1, "b")]),
    (TagWithSequenceNumber(7), "a", [(7, "a")]),
    (FirstOnly(), [0, 1], [0]),
    (Collate(), [1, 2], [[1, 2]]),
    (Marshaller(Hex), [255], ["ff"]),
    (DeMarshaller(Hex), ["ff"], [255]),
    (TriggeredSource("x"), [1, 2], ["x", "x"]),
    (Filter(), ["a", 1], ["a", 1]),
    (Filter(Hoarder()), ["a", "b"], ["a", "b"]),
    (nullSinkComponent(), [1], []),
    (TestResult(), [1, True], []),
    (Max(), [(1, 4, 2), "abc"], [4, "c"]),
    (Sync(3), [1, 2, 3, 4, 5, 6, 7], [1, 4]),
    (Chunkifier(3), [b"ab", b"cdef", b"g"], [b"abc", b"def", b"g"]),
    (Chunkifier(3), ["abcdefgh"], ["abc", "def", "gh"]),
    (Chunkifier(3, nodelay=True), [b"abcd"], [b"abc", b"d"]),
]


@pytest.mark.parametrize(
    ("thing", "given", "expected"), CASES, ids=[type(case[0]).__name__ for case in CASES]
)
def test_all_output_is_sent_before_the_end(thing, given, expected):
    outcome = feed(thing, inbox=given)
    assert outcome["outbox"] == expected
    assert outcome["signal"] == [FINISHED]


@pytest.mark.parametrize(
    "kind", [PassThrough, PureTransformer, Stringify, Filter, nullSinkComponent, TwoWaySplitter]
)
def test_a_shutdown_message_ends_each_component_and_is_passed_on(kind):
    message = shutdownMicroprocess()
    assert feed(kind(), control=[message])["signal"] == [message]


def test_a_PassThrough_ends_at_the_types_in_shutdownOn():
    first, last = producerFinished(), shutdownMicroprocess()
    thing = PassThrough(shutdownOn=[shutdownMicroprocess])
    assert feed(thing, control=[first, last])["signal"] == [first, last]
    assert thing.isStopped()


def test_a_subclass_of_PureTransformer_may_override_processMessage():
    class Negative(PureTransformer):
        def processMessage(self, msg):
            return -msg

    assert feed(Negative(), inbox=[1])["outbox"] == [-1]


def test_a_DataSource_sends_all_messages_and_ends():
    outcome = feed(DataSource(iter("abc")), control=[])
    assert outcome["outbox"] == ["a", "b", "c"]
    assert isinstance(outcome["signal"][0], producerFinished)


def test_a_shutdownMicroprocess_ends_an_endless_DataSource():
    message = shutdownMicroprocess()
    assert feed(DataSource(iter(int, 1)), control=[message])["signal"] == [message]


def test_a_OneShot_sends_one_message_and_ends():
    outcome = feed(OneShot("x"), control=[])
    assert outcome["outbox"] == ["x"]
    assert isinstance(outcome["signal"][0], producerFinished)


def test_a_TriggeredOneShot_waits_for_a_message():
    assert feed(TriggeredOneShot("x"), inbox=[None])["outbox"] == ["x"]
    assert feed(TriggeredOneShot("x")) == {"outbox": [], "signal": [FINISHED]}


def test_a_TwoWaySplitter_sends_each_message_to_both_outboxes():
    assert feed(TwoWaySplitter(), inbox=[1, 2]) == {
        "outbox": [1, 2],
        "outbox2": [1, 2],
        "signal": [FINISHED],
        "signal2": [FINISHED],
    }


def test_a_TestResult_raises_an_error_for_a_false_message_and_for_StopSystem():
    with pytest.raises(AssertionError, match="not true"):
        feed(TestResult(), inbox=[0])
    with pytest.raises(StopSystemException):
        feed(TestResult(), control=[StopSystem()])


def test_a_PromptedTurnstile_passes_one_message_per_request():
    outcome = feed(PromptedTurnstile(), inbox=[1, 2, 3], next=["", ""], control=[])
    assert outcome["outbox"] == [1, 2]
    outcome = feed(PromptedTurnstile(), inbox=[1], next=["", ""])
    assert outcome == {"outbox": [1], "signal": [FINISHED]}


def test_a_chunksize_below_one_is_an_error():
    with pytest.raises(ValueError, match="at least 1"):
        Chunkifier(0)
