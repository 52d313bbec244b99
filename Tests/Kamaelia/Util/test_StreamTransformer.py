"""The behaviour that all StreamTransformers share, shown with each of them."""

import pytest

from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Audio.Filtering import LPF
from Kamaelia.Codec.RawYUVFramer import RawYUVFramer
from Kamaelia.Codec.WAV import WAVParser, WAVWriter
from Kamaelia.Codec.YUV4MPEG import FrameToYUV4MPEG, YUV4MPEGToFrame
from Kamaelia.Protocol.Framing import DataChunker, DataDeChunker, DeFramer, Framer
from Kamaelia.Protocol.Packetise import MaxSizePacketiser
from Kamaelia.Protocol.RecoverOrder import RecoverOrder
from Kamaelia.Support.Media.WAV import AudioFormat, wavHeader
from Kamaelia.Util.StreamTransformer import StreamTransformer
from Kamaelia.Visualisation.PhysicsGraph.chunks_to_lines import chunks_to_lines
from Kamaelia.Visualisation.PhysicsGraph.lines_to_tokenlists import lines_to_tokenlists
from Tests.Kamaelia.consumers import runInto

HEADER = wavHeader(AudioFormat(1, "S16_LE", 8000))
FRAME = {"size": (2, 2), "pixformat": "YUV420_planar", "yuv": (b"YYYY", b"U", b"V")}

CASES = [
    (StreamTransformer, list(range(40))),
    (Framer, [(at, b"data") for at in range(40)]),
    (DeFramer, [b"%d 1\nx" % at for at in range(40)]),
    (DataChunker, [b"data"] * 40),
    (DataDeChunker, ["X" * 24 + "data"] * 40),
    (MaxSizePacketiser, [bytes(10_000)] * 5),
    (RecoverOrder, [(at, b"data") for at in range(80)]),
    (WAVParser, [HEADER, *[b"data"] * 40]),
    (lambda: WAVWriter(1, "S16_LE", 8000), [b"data"] * 40),
    (lambda: RawYUVFramer((2, 2)), [b"YYYYUV"] * 40),
    (YUV4MPEGToFrame, [b"YUV4MPEG2 W2 H2\n", *[b"FRAME\nYYYYUV"] * 40]),
    (FrameToYUV4MPEG, [FRAME] * 40),
    (LPF, [b"data"] * 40),
    (chunks_to_lines, ["1\n2\n3\n"] * 20),
    (lines_to_tokenlists, ["one 'two'"] * 40),
]
NAMES = [getattr(make, "__name__", "lambda") for make, _ in CASES]
each = pytest.mark.parametrize(("make", "messages"), CASES, ids=NAMES)


@each
def test_a_producer_that_sends_and_ends_in_one_turn_loses_nothing(make, messages):
    outcome = feed(make(), inbox=messages)
    assert len(outcome["outbox"]) >= 40
    assert outcome["signal"] == [FINISHED]


@each
@pytest.mark.parametrize("limit", [{"size": 1}, {"size": 3}, {"capacity": 2}])
def test_a_slow_receiver_gets_everything_and_its_inbox_stays_short(make, messages, limit):
    expected = feed(make(), inbox=messages)["outbox"]
    source = make()
    for message in messages:
        source.deliver(message)
    source.deliver(FINISHED, "control")
    slow = runInto(source, **limit)
    assert slow.got == expected
    assert slow.longest <= max(limit.values())
    assert slow.signals == [FINISHED]


@each
def test_a_shutdown_ends_it_although_the_receiver_takes_nothing(make, messages):
    stop = shutdownMicroprocess()
    source = make()
    source.setInboxSize("inbox", None)
    for message in messages:
        source.deliver(message)
    source.deliver(stop, "control")
    sink = StreamTransformer()  # it is not activated, so it takes nothing
    sink.setInboxSize("inbox", 1)
    source.link((source, "outbox"), (sink, "inbox"))
    assert feed(source, control=())["signal"] == [stop]
    assert sink.dataReady() <= 1


@each
def test_a_shutdown_reaches_it_while_it_waits_for_messages(make, messages):
    stop = shutdownMicroprocess()
    assert feed(make(), control=["other", stop])["signal"] == [stop]


class Numbers(StreamTransformer):
    def transform(self, message):
        return (int(message),)

    def finish(self):
        return (int("-") if self.isBroken else 99,)


def test_invalid_input_ends_the_component_with_the_error():
    made = Numbers()
    outcome = feed(made, inbox=["1", "x", "2"])
    assert outcome["outbox"] == [1]
    (end,) = outcome["signal"]
    assert isinstance(end, producerFinished)
    assert end.caller is made
    assert isinstance(end.message, ValueError)
    (report,) = outcome["error"]
    assert (report.caller, report.exception, report.message) == (made, end.message, "x")


def test_an_error_of_the_receiver_is_not_one_of_the_input():
    def take(message):
        raise ValueError("mine")

    source, sink = Numbers(), StreamTransformer()
    sink.takeDirectly("inbox", take)
    source.link((source, "outbox"), (sink, "inbox"))
    with pytest.raises(ValueError, match="mine"):
        feed(source, inbox=["1"])


def test_a_full_error_box_does_not_hold_the_end():
    source, sink = Numbers(), StreamTransformer()
    sink.setInboxSize("inbox", 1)
    sink.deliver("full")
    source.link((source, "error"), (sink, "inbox"))
    assert len(feed(source, inbox=["x"])["signal"]) == 1


def test_the_end_of_a_stream_is_broken_if_its_message_is_an_error():
    assert feed(Numbers())["outbox"] == [99]
    broken = producerFinished(None, OSError("reset"))
    (end,) = feed(Numbers(), control=[broken])["signal"]
    assert isinstance(end.message, ValueError)


def test_a_hook_must_not_be_a_coroutine():
    class Wrong(StreamTransformer):
        async def transform(self, message):
            return ()

    with pytest.raises(TypeError, match="transform"):
        feed(Wrong(), inbox=[1])
