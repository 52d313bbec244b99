import logging

import pytest

from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import feed
from Kamaelia.Protocol import FortuneCookieProtocol as module
from Kamaelia.Protocol.FortuneCookieProtocol import FortuneCookieProtocol
from Kamaelia.Support.Fortunes import FORTUNES
from Tests.Kamaelia.consumers import runInto
from Tests.Kamaelia.sockets import dial, readAll


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Return a function that installs a program `fortune`."""
    monkeypatch.setattr(module, "GAMES", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(tmp_path))

    def install(script):
        file = tmp_path / "fortune"
        file.write_text("#!/bin/sh\n" + script)
        file.chmod(0o755)

    return install


def saying(outcome):
    return b"".join(outcome["outbox"])


def test_the_program_chooses_the_saying(program):
    program('echo "a saying, with $1"')
    protocol = FortuneCookieProtocol(bitrate=80_000)
    outcome = feed(protocol, control=())
    assert saying(outcome) == b"a saying, with -a\n"
    assert isinstance(outcome["signal"][0], producerFinished)


def test_without_the_program_the_saying_is_from_the_list(program):
    assert saying(feed(FortuneCookieProtocol(bitrate=1e6), control=())).decode() in FORTUNES


@pytest.mark.parametrize("script", ["exit 1", "exec sleep 100"])
def test_a_program_that_fails_is_logged_and_replaced_by_the_list(
    program, script, caplog, monkeypatch
):
    program(script)
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    with caplog.at_level(logging.ERROR, logger="Kamaelia.Protocol"):
        assert module.fortune().decode() in FORTUNES
    assert "fortune has failed" in caplog.text


def test_the_saying_arrives_at_40_characters_a_second(virtualClock, monkeypatch):
    monkeypatch.setattr(module, "inThread", lambda process, function: atOnce(b"x" * 9))
    times = []
    feed(
        FortuneCookieProtocol(),
        control=(),
        until=lambda outcome: times.append(virtualClock.now()),
    )
    assert times[:9] == pytest.approx([at / 40 for at in range(9)])


def atOnce(value):
    """Return `value` as a generator does, without a thread, which the virtual clock ignores."""
    yield from ()
    return value


def test_a_shutdown_ends_it(program):
    stop = shutdownMicroprocess()
    outcome = feed(FortuneCookieProtocol(), control=[stop])
    assert outcome["signal"] == [stop]
    assert outcome["outbox"] == []


def test_a_slow_receiver_gets_the_whole_saying(program):
    slow = runInto(FortuneCookieProtocol(bitrate=64_000, chunkrate=4000), size=1)
    assert b"".join(slow.got).decode() in FORTUNES


def test_a_client_receives_a_saying_and_the_end(program, serving):
    def client(server):
        with dial(server.port) as sock:
            return readAll(sock)

    made = serving(client, protocol=lambda **_: FortuneCookieProtocol(bitrate=80_000))
    assert made.decode() in FORTUNES


def test_each_fortune_ends_with_a_line_end():
    assert all(each.endswith("\n") and each.strip() for each in FORTUNES)
    assert len(set(FORTUNES)) == len(FORTUNES)
    assert "".join(FORTUNES).isascii()  # programs decode each byte on its own
