import pytest

from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import feed
from Kamaelia.Protocol.AudioCookieProtocol import AudioCookieProtocol
from Kamaelia.Protocol.FileStream import FileStream
from Kamaelia.Protocol.SimpleVideoCookieServer import HelloServer
from Tests.Kamaelia.consumers import runInto
from Tests.Kamaelia.sockets import dial, readAll

DATA = bytes(range(256)) * 100
FAST = {"bitrate": 8e7, "chunkrate": 1000}


class FastHello(HelloServer):
    bitrate, chunkrate = 8e7, 1000


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "sample"
    path.write_bytes(DATA)
    return str(path)


def made(kind, file):
    return FastHello(file) if kind is FastHello else kind(filename=file, **FAST)


KINDS = pytest.mark.parametrize("kind", [FileStream, AudioCookieProtocol, FastHello])


@KINDS
def test_the_file_is_sent_and_the_stream_ends(kind, file):
    outcome = feed(made(kind, file), control=())
    assert b"".join(outcome["outbox"]) == DATA
    (end,) = outcome["signal"]
    assert isinstance(end, producerFinished)
    assert end.message is None


@KINDS
def test_a_missing_file_is_the_message_of_the_end(kind, tmp_path):
    outcome = feed(made(kind, str(tmp_path / "none")), control=())
    assert outcome["outbox"] == []
    assert isinstance(outcome["signal"][0].message, FileNotFoundError)


def test_the_output_of_a_command_is_sent():
    outcome = feed(AudioCookieProtocol(command="printf sound", **FAST), control=())
    assert b"".join(outcome["outbox"]) == b"sound"
    outcome = feed(AudioCookieProtocol(command="exit 3", **FAST), control=())
    assert "exit status 3" in str(outcome["signal"][0].message)


@KINDS
@pytest.mark.parametrize("end", [producerFinished(), shutdownMicroprocess()])
def test_a_message_on_control_ends_it_and_is_passed_on(kind, file, end):
    assert feed(made(kind, file), control=[end])["signal"] == [end]


def test_a_command_that_never_ends_is_ended():
    end = producerFinished()
    stream = FileStream(command="exec yes", **FAST)
    assert feed(stream, control=[end])["signal"] == [end]


@KINDS
@pytest.mark.parametrize("limit", [{"size": 1}, {"capacity": 1}])
def test_a_slow_receiver_gets_everything_and_its_inbox_stays_short(kind, file, limit):
    slow = runInto(made(kind, file), **limit)
    assert b"".join(slow.got) == DATA
    assert slow.longest <= 1


def test_a_video_server_sends_back_what_it_receives(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    outcome = feed(HelloServer(str(tmp_path / "empty")), inbox=[b"hello"], control=())
    assert outcome["outbox"] == [b"hello"]


def test_a_client_receives_the_file(file, serving):
    def client(server):
        with dial(server.port) as sock:
            return readAll(sock)

    assert serving(client, protocol=lambda **_: made(AudioCookieProtocol, file)) == DATA
