"""Peers of the page that break the rules of WebSocket, or do not read what they are sent."""

import json
import random
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from Axon.Component import component
from Axon.Introspection import snapshot
from Axon.Scheduler import scheduler
from Kamaelia.Visualisation.Live.Watch import MOST_BYTES
from Tests.Kamaelia.sockets import PATIENCE, readExactly
from Tests.Kamaelia.Visualisation.Live.conftest import Browser, Forever

PROTOCOL_ERROR, INVALID_TEXT, TOO_BIG = 1002, 1007, 1009  # RFC 6455, section 7.4.1
MEGABYTE = 1 << 20
SMALL = 4096  # bytes in the buffers of sockets
CHANGES = 25


class Raw:
    """Raw(address): the connection of a browser after the handshake, as bytes."""

    def __init__(self, address: str, buffer: int | None = None) -> None:
        parts = urlsplit(address)
        self.socket = socket.socket()
        self.socket.settimeout(PATIENCE)
        if buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.connect((parts.hostname, parts.port))
        lines = [
            f"GET /system?{parts.query} HTTP/1.1",
            f"Host: {parts.netloc}",
            f"Origin: http://{parts.netloc}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
        self.socket.sendall("\r\n".join([*lines, "\r\n"]).encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += readExactly(self.socket, 1)
        assert answer.startswith(b"HTTP/1.1 101 ")

    def __enter__(self) -> "Raw":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """Yield the opcode and the payload of each frame until the end of the connection."""
        while head := readExactly(self.socket, 2):
            size = head[1]
            if size == 126:
                (size,) = struct.unpack(">H", readExactly(self.socket, 2))
            elif size == 127:
                (size,) = struct.unpack(">Q", readExactly(self.socket, 8))
            yield head[0] & 15, readExactly(self.socket, size)

    def codeOfClose(self) -> int | None:
        """Return the code with which the server closes the connection."""
        codes: list[int] = []
        with suppress(ConnectionResetError):
            codes += [struct.unpack(">H", each[:2])[0] for kind, each in self.frames() if kind == 8]
        return codes[0] if codes else None


def frame(opcode: int, payload: bytes, size: int | None = None, isLast: bool = True) -> bytes:
    """Return a frame of a client, whose mask is zero. size: what it claims to be."""
    size = len(payload) if size is None else size
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 1 << 16:
        length = struct.pack(">BH", 0x80 | 126, size)
    else:
        length = struct.pack(">BQ", 0x80 | 127, size)
    return bytes([opcode | (0x80 if isLast else 0)]) + length + bytes(4) + payload


BROKEN = {
    "random bytes": (random.Random(1).randbytes(5000), PROTOCOL_ERROR),
    "http": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 50, PROTOCOL_ERROR),
    "no mask": (b"\x81\x02{}", PROTOCOL_ERROR),
    "no mask, 100 MB": (b"\x82\x7f" + struct.pack(">Q", 100 * MEGABYTE), PROTOCOL_ERROR),
    "unknown opcode": (frame(3, b""), PROTOCOL_ERROR),
    "continuation of nothing": (frame(0, b"x"), PROTOCOL_ERROR),
    "long ping": (frame(9, bytes(126)), PROTOCOL_ERROR),
    "no text": (frame(1, b"\xff\xfe"), INVALID_TEXT),
    "100 MB": (frame(1, bytes(MOST_BYTES + 1), 100 * MEGABYTE), TOO_BIG),
    "2 ** 63 bytes": (frame(1, bytes(MOST_BYTES + 1), (1 << 63) - 1), TOO_BIG),
    "fragments without end": (
        frame(1, b"x" * 1000, isLast=False) + frame(0, b"x" * 1000, isLast=False) * 100,
        TOO_BIG,
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_peer_that_breaks_the_rules_is_told_so_and_only_its_connection_ends(watched, kind):
    data, code = BROKEN[kind]

    def client(address):
        with Browser(address) as other, Raw(address) as raw:
            with suppress(ConnectionResetError, BrokenPipeError):
                raw.socket.sendall(data)
            given = raw.codeOfClose()
            other.send(type="details", id=None)
            other.receiveUntil(lambda each: each["type"] == "details")
        return given

    assert watched(client) == code


def peakMemory() -> int:
    """Return the most bytes of memory that this process has used since resetPeak()."""
    (line,) = (
        each for each in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in each
    )
    return int(line.split()[1]) * 1024


def resetPeak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


FLOODS = {
    "one frame of 100 MB": (frame(1, b"", 100 * MEGABYTE), bytes(MEGABYTE), 100),
    "pings": (b"", frame(9, bytes(100)) * 9000, 20),
    "requests": (b"", frame(1, b'{"type":"details","id":null}') * 20_000, 20),
}


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux measures it")
@pytest.mark.parametrize("kind", FLOODS)
def test_what_a_peer_sends_without_reading_the_answers_is_not_stored(watched, kind):
    head, block, count = FLOODS[kind]

    def client(address):
        with Raw(address, SMALL) as raw:
            raw.socket.settimeout(1.0)  # the server need not take everything
            resetPeak()
            before = peakMemory()
            with suppress(OSError):
                raw.socket.sendall(head)
                for _ in range(count):
                    raw.socket.sendall(block)
            return peakMemory() - before

    assert watched(client) < 20 * MEGABYTE


class Turnover(component):
    """Replaces a component with a long name in each millisecond."""

    isOver = False

    def main(self):
        living = []
        while not self.isOver:
            living.append(Forever(name=f"{len(living)} {'n' * 190}").activate())
            if len(living) > 50:
                living.pop(0).terminate()
            yield from self.waitForChange(0.001)
        yield from self.waitForMessage()


def afterChanges(messages):
    """Return the ids of the components after all `messages`."""
    components = set()
    for each in messages:
        if each["type"] == "system":
            components.clear()
        components -= set(each.get("ended", ()))
        components |= {one["id"] for one in each.get("components", ())}
    return components


def test_a_browser_that_stops_reading_gets_fewer_changes_and_then_the_last_state(watched):
    turnover = Turnover()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)  # of its connections, too
        watched.settings = {"sockets": [server.dup()], "port": server.getsockname()[1]}

    def heldNow():
        components = snapshot(scheduler.run).components
        return [each.className for each in components if each.state.startswith("held")]

    def stop():
        turnover.isOver = True
        isAttendant = scheduler.run.attendants.has
        processes = scheduler.run.listAllThreads()
        return {each.id for each in processes if not isAttendant(each.getTask())}

    def client(address):
        received, size = [], 0
        with Raw(address, SMALL) as stopped:
            with Browser(address) as other:
                while not watched.inSystem(heldNow):
                    other.receive()
                for _ in range(CHANGES):
                    other.receiveUntil(lambda each: "components" in each)
                held, ids = watched.inSystem(heldNow), watched.inSystem(stop)
            while afterChanges(received) != ids:
                _, payload = next(stopped.frames())
                size += len(payload)
                received.append(json.loads(payload))
        return held, received, size

    held, received, size = watched(client, turnover)
    assert [each.rpartition(".")[2] for each in held] == ["Session"]
    assert len(received) < CHANGES
    assert size < MEGABYTE // 4
