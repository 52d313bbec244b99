import random
import socket

import pytest

from Axon.Ipc import errorInformation, producerFinished
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Protocol.EchoProtocol import EchoProtocol
from Kamaelia.Protocol.Framing import (
    CorruptFrame,
    DataChunker,
    DataDeChunker,
    DeFramer,
    Framer,
    IncompleteChunk,
    ShortFrame,
)
from Kamaelia.Protocol.Packetise import MaxSizePacketiser
from Kamaelia.Util.Chunkifier import Chunkifier
from Tests.Kamaelia.sockets import dial, readAll

MESSAGES = [(number, b"X" * number + b"%\n") for number in range(60)]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize("sync", ["X" * 24, "\n\r", b"\xff\xfe"])
def test_messages_survive_a_stream_that_is_cut_anywhere(sync, size):
    chain = Pipeline(
        Framer(), DataChunker(sync), Chunkifier(size), DataDeChunker(syncmessage=sync), DeFramer()
    )
    assert feed(chain, inbox=MESSAGES) == {"outbox": MESSAGES, "signal": [FINISHED]}


def test_text_stays_text():
    chain = Pipeline(Framer(), DataChunker(), DataDeChunker(), DeFramer())
    assert feed(chain, inbox=[("tag", "Käse"), (2, "")])["outbox"] == [("tag", "Käse"), (2, "")]


def test_the_parts_of_a_message_that_are_lost_cost_only_that_message():
    data = feed(Pipeline(Framer(), DataChunker(), MaxSizePacketiser(10)), inbox=MESSAGES)["outbox"]
    chance = random.Random(1)
    rest = [packet for packet in data if chance.random() > 0.05]
    found = feed(Pipeline(DataDeChunker(), DeFramer()), inbox=rest)["outbox"]
    assert len(found) > len(MESSAGES) // 4
    assert {tag for tag, _ in found} <= {tag for tag, _ in MESSAGES}
    assert len(rest) < len(data)


@pytest.mark.parametrize(
    ("frame", "kind"),
    [(b"1 5\nabc", ShortFrame), (b"garbage", CorruptFrame), (b"1 1\nab", CorruptFrame)],
)
def test_an_invalid_frame_is_reported_and_the_next_one_is_read(frame, kind):
    outcome = feed(DeFramer(), inbox=[frame, b"2 1\nx"])
    assert outcome["outbox"] == [(2, b"x")]
    (report,) = outcome["error"]
    assert isinstance(report, errorInformation)
    assert isinstance(report.exception, kind)
    assert report.message == frame


def test_data_without_a_sync_message_is_reported():
    outcome = feed(DataDeChunker("SYNC"), inbox=[b"lost", b"SYNCfound"])
    assert outcome["outbox"] == [b"found"]
    assert all(isinstance(each.exception, IncompleteChunk) for each in outcome["error"])
    assert outcome["error"]


def test_the_last_chunk_is_sent_when_the_buffer_is_flushed():
    outcome = feed(DataDeChunker("SYNC"), inbox=[b"SYNCone"], flush=["now"], control=())
    assert outcome["outbox"] == [b"one"]


def test_the_last_chunk_is_not_sent_if_an_error_has_ended_the_stream():
    broken = producerFinished(None, ConnectionResetError())
    outcome = feed(DataDeChunker("SYNC"), inbox=[b"SYNConeSYNCtw"], control=[broken])
    assert outcome["outbox"] == [b"one"]
    assert outcome["signal"] == [broken]


def test_a_chunk_over_the_limit_is_discarded():
    outcome = feed(DataDeChunker("SYNC", limit=50), inbox=[b"SYNC" + b"x" * 99, b"SYNCgood"])
    assert outcome["outbox"] == [b"good"]


@pytest.mark.parametrize("make", [DataChunker, DataDeChunker])
def test_a_sync_message_that_may_occur_in_data_is_an_error(make):
    with pytest.raises(ValueError, match="cannot be a sync message"):
        make("25")


def test_a_tag_that_is_not_a_word_ends_the_framer():
    (end,) = feed(Framer(), inbox=[("two words", b"")])["signal"]
    assert "must be one word" in str(end.message)


def test_messages_survive_a_real_connection(serving):
    stream = b"".join(feed(Pipeline(Framer(), DataChunker()), inbox=MESSAGES)["outbox"])

    def client(server):
        with dial(server.port) as sock:
            sock.sendall(stream)
            sock.shutdown(socket.SHUT_WR)
            return readAll(sock)

    echoed = serving(client, protocol=EchoProtocol)
    assert feed(Pipeline(DataDeChunker(), DeFramer()), inbox=[echoed])["outbox"] == MESSAGES


# Packets


@pytest.mark.parametrize(
    ("messages", "packets"),
    [
        ([b"1234567890", b"ab"], [b"1234", b"5678", b"90", b"ab"]),
        (["äää"], ["ää".encode(), "ä".encode()]),
        ([b""], []),
    ],
)
def test_messages_are_cut_into_packets(messages, packets):
    assert feed(MaxSizePacketiser(4), inbox=messages)["outbox"] == packets


def test_a_packet_needs_a_size():
    with pytest.raises(ValueError, match="at least 1"):
        MaxSizePacketiser(0)
