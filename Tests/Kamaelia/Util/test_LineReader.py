"""LineReader: lines of a stream, with a limit."""

from collections.abc import Iterator
from typing import Any

import pytest

from Axon.Component import component
from Axon.Ipc import shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.IPC import socketShutdown
from Kamaelia.Util.DataSource import DataSource
from Kamaelia.Util.LineReader import LineReader
from Kamaelia.Util.PureTransformer import PureTransformer
from Tests.Kamaelia.sockets import dial


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_lines_do_not_depend_on_how_the_network_cuts_them(size: int) -> None:
    stream = "one\r\n\ntw\N{EURO SIGN}\nno end".encode()
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    reader = LineReader(encoding="utf-8")
    assert feed(reader, inbox=pieces)["outbox"] == ["one", "", "tw\N{EURO SIGN}", "no end"]
    assert feed(LineReader(keepsEnds=True), inbox=pieces)["outbox"] == stream.splitlines(True)


def test_text_and_bytes_may_be_mixed() -> None:
    messages = ["a", b"b", bytearray(b"\nc"), memoryview(b"d\n")]
    assert feed(LineReader(), inbox=messages)["outbox"] == [b"ab", b"cd"]


def test_the_end_of_a_connection_is_passed_on_after_the_last_line() -> None:
    end = socketShutdown()
    outcome = feed(LineReader(), inbox=[b"rest"], control=[end])
    assert outcome == {"outbox": [b"rest"], "signal": [end], "error": []}


def test_shutdownMicroprocess_ends_it_at_once() -> None:
    order = shutdownMicroprocess()
    outcome = feed(LineReader(), inbox=[b"a\n"], control=[order])
    assert outcome == {"outbox": [], "signal": [order], "error": []}


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_the_limit_is_the_length_of_a_line_without_its_end(end: bytes) -> None:
    outcome = feed(
        LineReader(limit=3), inbox=[b"abc" + end, b"abcd" + end, b"abcdefg" + end, b"ok"]
    )
    assert outcome["outbox"] == [b"abc", b"ok"]
    assert [error.message for error in outcome["error"]] == [b"abc", b"abc"]
    assert "longer than 3 bytes" in str(outcome["error"][0].exception)


def test_a_last_line_may_be_too_long_as_well() -> None:
    outcome = feed(LineReader(limit=3), inbox=[b"abcdefg"])
    assert (outcome["outbox"], len(outcome["error"])) == ([], 1)


def test_a_peer_that_never_ends_a_line_uses_no_memory() -> None:
    reader = LineReader(limit=1000)
    outcome = feed(reader, inbox=[b"x" * 1000] * 1000)
    assert [len(error.message) for error in outcome["error"]] == [1000]


def test_bytes_that_are_no_text_are_an_error_and_the_next_line_follows() -> None:
    outcome = feed(LineReader(encoding="utf-8"), inbox=[b"\xff\nfine\n"])
    assert [error.message for error in outcome["error"]] == [b"\xff"]
    assert outcome["outbox"] == ["fine"]
    assert feed(LineReader(encoding="ascii", errors="replace"), inbox=[b"\xff\n"])["outbox"] == [
        "\N{REPLACEMENT CHARACTER}"
    ]


@pytest.mark.parametrize("message", [3, None, ["x"], "\ud800"])
def test_a_message_without_lines_is_an_error(message: Any) -> None:
    outcome = feed(LineReader(), inbox=[message, "a\n"])
    assert [error.message for error in outcome["error"]] == [message]
    assert outcome["outbox"] == [b"a"]


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"limit": 0}, ValueError),
        ({"encoding": "utf-16"}, ValueError),
        ({"encoding": "no-such"}, LookupError),
        ({"errors": "no-such"}, LookupError),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        LineReader(**settings)


@pytest.mark.parametrize(("size", "capacity", "most"), [(1, None, 1), (None, 1, 2)])
def test_it_waits_while_its_consumer_has_no_room(
    size: int | None, capacity: int | None, most: int
) -> None:
    # with a capacity, the producerFinished of the source wakes the reader once
    class Slow(component):
        def __init__(self) -> None:
            super().__init__()
            self.taken: list[Any] = []
            self.most = 0

        def main(self) -> Iterator[int]:
            while not (self.dataReady("control") and not self.dataReady()):
                yield from self.waitForMessage()
                for _ in range(10):
                    self.most = max(self.most, self.dataReady())
                    yield 1
                if self.dataReady():
                    self.taken.append(self.recv())

    slow = Slow()
    slow.setInboxSize("inbox", size)
    Pipeline(DataSource([b"1\n2\n3\n4\n"]), LineReader(), slow, capacity=capacity).run()
    assert slow.taken == [b"1", b"2", b"3", b"4"]
    assert slow.most <= most


def test_shutdownMicroprocess_reaches_it_while_it_waits_for_room() -> None:
    reader, order = LineReader(), shutdownMicroprocess()

    class Deaf(component):
        def main(self) -> Iterator[int]:
            yield from self.waitForMessage("inbox")
            reader.deliver(order, "control")
            yield from self.waitForMessage("control")
            ends.append(self.recv("control"))

    ends: list[Any] = []
    deaf = Deaf()
    deaf.setInboxSize("inbox", 1)
    Pipeline(DataSource([b"1\n2\n3\n"]), reader, deaf).run()
    assert ends == [order]
    assert FINISHED not in ends


def test_a_server_reads_the_lines_of_a_client_that_sends_them_in_pieces(serving: Any) -> None:
    def protocol(**peer: Any) -> Pipeline:
        return Pipeline(LineReader(limit=10), PureTransformer(lambda line: b"<" + line + b">"))

    def client(server: Any) -> bytes:
        with dial(server.port) as sock:
            for piece in (b"on", b"e\r", b"\ntwo\n", b"x" * 100_000, b"\nthree", b"\nrest\n"):
                sock.sendall(piece)
            answer = b""
            while not answer.endswith(b"<rest>"):
                answer += sock.recv(1000)
            return answer

    assert serving(client, protocol=protocol) == b"<one><two><three><rest>"
