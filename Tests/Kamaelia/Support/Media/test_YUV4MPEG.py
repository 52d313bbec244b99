from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Media.Frames import PIXEL_FORMATS, PlaneCutter, chromaSize, planeSizes
from Kamaelia.Support.Media.YUV4MPEG import (
    InvalidYUV4MPEG,
    YUV4MPEGReader,
    frameHeader,
    parse_frame_tags,
    parse_seq_tags,
    streamHeader,
)


def read(*pieces):
    reader = YUV4MPEGReader()
    frames = [frame for piece in pieces for frame in reader.feed(piece)]
    reader.finish()
    return frames


@given(
    st.sampled_from(PIXEL_FORMATS),
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(0, 3),
    st.data(),
)
def test_a_stream_may_be_cut_anywhere(form, width, height, count, draw):
    sizes = planeSizes((width, height), form)
    planes = [
        tuple(bytes([10 * number + at]) * size for at, size in enumerate(sizes))
        for number in range(count)
    ]
    facts = {"size": (width, height), "pixformat": form, "frame_rate": 25.0, "interlaced": False}
    stream = streamHeader(facts) + b"".join(frameHeader() + b"".join(each) for each in planes)
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    frames = read(*pieces)
    assert [frame["yuv"] for frame in frames] == planes
    assert all(frame | facts == frame for frame in frames)


@pytest.mark.parametrize(
    ("fields", "facts"),
    [
        (
            " W352 H288",
            {"size": (352, 288), "pixformat": "YUV420_planar", "chroma_size": (176, 144)},
        ),
        (" W4 H2 C411", {"pixformat": "YUV411_planar", "chroma_size": (1, 2)}),
        (" W4 H2 C422", {"pixformat": "YUV422_planar", "chroma_size": (2, 2)}),
        (" W4 H2 C444", {"pixformat": "YUV444_planar", "chroma_size": (4, 2)}),
        (" W4 H2 C444alpha", {"pixformat": "YUV4444_planar", "chroma_size": (4, 2)}),
        (" W4 H2 Cmono", {"pixformat": "Y_planar", "chroma_size": (0, 0)}),
        (" W3 H3", {"chroma_size": (2, 2)}),
        (" W4 H2 F25:1 A1:2", {"frame_rate": 25.0, "pixel_aspect": 0.5}),
        (" W4 H2 It", {"interlaced": True, "topfieldfirst": True}),
        (" W4 H2 Ib", {"interlaced": True, "topfieldfirst": False}),
        (" W4 H2 Ip", {"interlaced": False}),
        (" W4 H2 XYSCSS=420JPEG", {"sequence_meta": "YSCSS=420JPEG"}),
    ],
)
def test_tags_of_a_stream(fields, facts):
    found = parse_seq_tags(fields)
    assert found | facts == found


@pytest.mark.parametrize("fields", [" W4 H2 F0:0 I? A0:0", " W4 H2 Im F25 A:"])
def test_unknown_values_say_nothing(fields):
    assert set(parse_seq_tags(fields)) == {"size", "pixformat", "chroma_size"}


@pytest.mark.parametrize(
    ("fields", "facts"),
    [
        ("", {}),
        (" Itpp", {"topfieldfirst": True, "interlaced": False}),
        (" IBip", {"topfieldfirst": False, "interlaced": True}),
        (" I1pp Xmeta", {"interlaced": False, "meta": "meta"}),
        (" I", {}),
    ],
)
def test_tags_of_a_frame(fields, facts):
    assert parse_frame_tags(fields) == facts


def test_the_header_of_a_stream():
    frame = {
        "size": (720, 576),
        "pixformat": "YUV420_planar",
        "interlaced": True,
        "topfieldfirst": True,
        "frame_rate": 30000 / 1001,
        "pixel_aspect": 0.75,
        "sequence_meta": "note",
    }
    expected = b"YUV4MPEG2 W720 H576 C420mpeg2 It F30000:1001 A3:4 Xnote\n"
    assert streamHeader(frame) == expected


@pytest.mark.parametrize(
    "frame",
    [
        {},
        {"size": (1, 1)},
        {"size": (1, 1), "pixformat": "RGB"},
        {"size": (1, 1), "pixformat": "Y_planar", "sequence_meta": "two words"},
        {"size": (1, 1), "pixformat": "Y_planar", "sequence_meta": "x\nFRAME"},
    ],
)
def test_a_frame_that_no_stream_can_have_is_an_error(frame):
    with pytest.raises(ValueError, match=r"no YUV4MPEG stream|one word"):
        streamHeader(frame)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"RIFF\n", "is not the header"),
        (b"YUV4MPEG2 W2\n", "width and height"),
        (b"YUV4MPEG2 Wx H2\n", "width and height"),
        (b"YUV4MPEG2 W0 H2\n", "has no data"),
        (b"YUV4MPEG2 W99999 H99999\n", "too large"),
        (b"YUV4MPEG2 W2 H2 Cxyz\n", "'xyz' is not supported"),
        (b"YUV4MPEG2 W2 H2\nframe\n", "is not the header"),
        (b"YUV4MPEG2 " + b"x" * 9999, "longer than"),
        (b"YUV4MPEG2 W2 H2\nFRAME\nYYYY", "ends within"),
        (b"YUV4MPEG2 W2", "ends within"),
    ],
)
def test_invalid_streams_are_errors(data, text):
    with pytest.raises(InvalidYUV4MPEG, match=text):
        read(data)


@given(st.binary())
def test_any_data_is_a_stream_or_an_error(data):
    for start in (b"", b"YUV4MPEG2 ", b"YUV4MPEG2 W2 H2\n"):
        with suppress(InvalidYUV4MPEG):
            read(start + data)


def test_an_unknown_pixel_format_is_an_error():
    with pytest.raises(ValueError, match="'RGB' is not a pixel format"):
        chromaSize((1, 1), "RGB")


@given(st.binary(), st.integers(1, 20))
def test_frames_do_not_depend_on_how_the_data_is_cut(data, size):
    cutter = PlaneCutter([4, 1, 1])
    frames = [
        each for at in range(0, len(data), size) for each in cutter.feed(data[at : at + size])
    ]
    assert frames == PlaneCutter([4, 1, 1]).feed(data)
    assert b"".join(plane for frame in frames for plane in frame) == data[: len(data) // 6 * 6]
