"""The codecs through their boxes, in front of each other, and with invalid data."""

import pytest

from Axon.Ipc import producerFinished
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Carousel import Carousel
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Codec.RawYUVFramer import RawYUVFramer
from Kamaelia.Codec.WAV import WAVParser, WAVWriter
from Kamaelia.Codec.YUV4MPEG import FrameToYUV4MPEG, YUV4MPEGToFrame
from Kamaelia.Support.Media.WAV import AudioFormat, InvalidWAV, wavHeader
from Kamaelia.Support.Media.YUV4MPEG import InvalidYUV4MPEG

STEREO = {"channels": 2, "sample_format": "S16_LE", "sample_rate": 44100}
HEADER = wavHeader(AudioFormat(**STEREO))


def test_a_parser_sends_the_format_and_the_samples():
    data = HEADER + b"samples"
    outcome = feed(WAVParser(), inbox=[data[at : at + 5] for at in range(0, len(data), 5)])
    assert b"".join(outcome["outbox"]) == b"samples"
    assert outcome["all_meta"] == [STEREO]
    for name, value in STEREO.items():
        assert outcome[name] == [value]
    assert outcome["signal"] == [FINISHED]


def test_a_parser_ends_with_the_samples():
    sized = HEADER[:-4] + b"\4\0\0\0"
    parser = WAVParser()
    outcome = feed(parser, inbox=[sized, b"1234more", b"and more"], control=())
    assert outcome["outbox"] == [b"1234"]
    assert outcome["signal"][0].caller is parser
    assert outcome["signal"][0].message is None


def test_a_writer_sends_the_header_before_any_samples():
    writer = WAVWriter(**STEREO)
    assert feed(writer, control=())["outbox"] == [HEADER]
    assert feed(WAVWriter(**STEREO), inbox=[b"1"]) == {
        "outbox": [HEADER, b"1"],
        "signal": [FINISHED],
    }
    with pytest.raises(ValueError, match="'U8'"):
        WAVWriter(1, "U8", 8000)


def test_a_file_is_copied_by_a_writer_that_is_made_for_its_format():
    copier = Graphline(
        PARSE=WAVParser(),
        WRITE=Carousel(lambda audio: WAVWriter(**audio)),
        linkages={
            ("", "inbox"): ("PARSE", "inbox"),
            ("", "control"): ("PARSE", "control"),
            ("PARSE", "all_meta"): ("WRITE", "next"),
            ("PARSE", "outbox"): ("WRITE", "inbox"),
            ("PARSE", "signal"): ("WRITE", "control"),
            ("WRITE", "outbox"): ("", "outbox"),
            ("WRITE", "signal"): ("", "signal"),
        },
    )
    assert (
        b"".join(feed(copier, inbox=[HEADER, b"1234", b"5678"])["outbox"]) == HEADER + b"12345678"
    )


def test_raw_video_becomes_a_stream_and_frames_again():
    video = bytes(range(12)) * 2
    framer = RawYUVFramer((4, 2))
    outcome = feed(
        Pipeline(framer, FrameToYUV4MPEG(), YUV4MPEGToFrame()), inbox=[video[:7], video[7:]]
    )
    assert [frame["yuv"] for frame in outcome["outbox"]] == [
        (bytes(range(8)), bytes([8, 9]), bytes([10, 11]))
    ] * 2
    assert outcome["outbox"][0]["size"] == (4, 2)
    assert outcome["outbox"][0]["interlaced"] is False


def test_an_incomplete_frame_of_raw_video_is_discarded():
    assert feed(RawYUVFramer((4, 2)), inbox=[bytes(13)]) == {
        "outbox": [
            {"pixformat": "YUV420_planar", "size": (4, 2), "yuv": (bytes(8), bytes(2), bytes(2))}
        ],
        "signal": [FINISHED],
    }
    with pytest.raises(ValueError, match="'RGB' is not"):
        RawYUVFramer((4, 2), "RGB")


FRAME = {"yuv": (b"YYYY", b"U", b"V"), "size": (2, 2), "pixformat": "YUV420_planar"}


@pytest.mark.parametrize(
    ("make", "messages", "kind"),
    [
        (WAVParser, [b"<html>" * 10], InvalidWAV),
        (WAVParser, [HEADER[:20]], InvalidWAV),
        (YUV4MPEGToFrame, [b"<html>\n"], InvalidYUV4MPEG),
        (YUV4MPEGToFrame, [b"YUV4MPEG2 W2 H2\nFRAME\nYY"], InvalidYUV4MPEG),
        (FrameToYUV4MPEG, [{}], ValueError),
        (FrameToYUV4MPEG, [{"size": (2, 2), "pixformat": "Y_planar"}], ValueError),
        (FrameToYUV4MPEG, [FRAME, FRAME | {"size": (4, 4)}], ValueError),
    ],
)
def test_invalid_data_ends_the_component_and_the_error_is_its_message(make, messages, kind):
    (end,) = feed(make(), inbox=messages)["signal"]
    assert isinstance(end, producerFinished)
    assert isinstance(end.message, kind)


@pytest.mark.parametrize("make", [WAVParser, YUV4MPEGToFrame, FrameToYUV4MPEG])
def test_no_data_is_no_error(make):
    assert feed(make())["signal"] == [FINISHED]


@pytest.mark.parametrize("make", [WAVParser, YUV4MPEGToFrame])
def test_the_error_that_has_ended_the_data_is_passed_on(make):
    broken = producerFinished(None, OSError("reset"))
    assert feed(make(), inbox=[b"R"], control=[broken])["signal"] == [broken]


def test_a_change_of_interlacing_does_not_end_a_stream():
    outcome = feed(FrameToYUV4MPEG(), inbox=[FRAME, FRAME | {"interlaced": True}])
    assert outcome["outbox"].count(b"FRAME\n") == 2
