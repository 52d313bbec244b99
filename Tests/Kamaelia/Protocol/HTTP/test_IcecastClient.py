"""Internet radio: the client, the separation of sound and metadata, and the writer."""

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Protocol.HTTP.IcecastClient import (
    IcecastClient,
    IcecastDemux,
    IcecastStreamRemoveMetadata,
    IcecastStreamWriter,
    IceIPCDataChunk,
    IceIPCDisconnected,
    IceIPCHeader,
    IceIPCMetadata,
    intval,
)
from Kamaelia.Support.Protocol.HTTP.Messages import (
    ParsedHTTPBodyChunk,
    ParsedHTTPEnd,
    ParsedHTTPHeader,
)
from Tests.Kamaelia.consumers import SlowConsumer

SOUND = bytes(range(200))
TITLE = b"\x02" + b"StreamTitle='a, it's b';".ljust(32, b"\0")
STREAM = (
    b"ICY 200 OK\r\nicy-metaint: 100\r\nContent-Type: audio/mpeg\r\n\r\n"
    + SOUND[:100]
    + TITLE
    + SOUND[100:]
    + b"\0"
)


def header(**headers):
    return ParsedHTTPHeader({"headers": {n.replace("_", "-"): v for n, v in headers.items()}})


def soundOf(parts):
    return b"".join(part.data for part in parts if isinstance(part, IceIPCDataChunk))


def test_the_client_asks_for_metadata_and_understands_an_old_server(web):
    web.answers["/"] = STREAM
    client = IcecastClient(web.url("/"))
    outcome = feed(Pipeline(client, IcecastDemux()), control=[], until=isDisconnected)
    assert "icy-metadata: 1" in web.heads()[0]
    parts = outcome["outbox"]
    assert soundOf(parts) == SOUND
    assert (type(parts[0]), parts[0].contenttype) == (IceIPCHeader, "audio/mpeg")
    titles = [part.metadata for part in parts if isinstance(part, IceIPCMetadata)]
    assert titles == [{"StreamTitle": "a, it's b"}]


def isDisconnected(outcome):
    return any(isinstance(each, IceIPCDisconnected) for each in outcome["outbox"])


def test_the_client_connects_again_when_the_stream_ends(web):
    web.answers["/"] = STREAM
    client = IcecastClient(web.url("/"), reconnectDelay=0.001)
    ends = []

    def isEnough(outcome):
        ends[:] = [each for each in outcome["outbox"] if isinstance(each, ParsedHTTPEnd)]
        return len(ends) == 3

    feed(client, control=[], until=isEnough)
    assert len(ends) == 3


def test_a_client_that_waits_to_connect_again_can_be_stopped(refusingPort):
    client = IcecastClient(f"http://127.0.0.1:{refusingPort}/", reconnectDelay=1000)

    class Stopper(component):
        """Stops the client at its first failure."""

        def main(self):
            yield from self.waitForMessage("inbox")
            client.deliver(shutdownMicroprocess(), "control")

    stopper = Stopper().activate()
    stopper.link((client, "error"), (stopper, "inbox"))
    outcome = feed(client, control=[])
    assert [type(each) for each in outcome["signal"]] == [shutdownMicroprocess]


def test_producerFinished_lets_the_current_stream_end(web):
    web.answers["/"] = STREAM
    outcome = feed(IcecastClient(web.url("/")), control=[FINISHED])
    assert isinstance(outcome["outbox"][-1], ParsedHTTPEnd)
    assert [type(each) for each in outcome["signal"]] == [producerFinished]


@pytest.mark.parametrize("interval", ["0", "x", "-5", ""])
def test_without_an_interval_everything_is_sound(interval):
    chunks = [ParsedHTTPBodyChunk(b"\x01ab"), ParsedHTTPBodyChunk(b"c")]
    outcome = feed(IcecastDemux(), inbox=[header(icy_metaint=interval), *chunks])
    assert soundOf(outcome["outbox"]) == b"\x01abc"
    assert outcome["signal"] == [FINISHED]


def test_a_demux_passes_shutdownMicroprocess_on():
    message = shutdownMicroprocess()
    assert feed(IcecastDemux(), control=[message])["signal"] == [message]


@pytest.mark.parametrize("settings", [{"capacity": 2}, {}], ids=["capacity", "size"])
def test_a_demux_waits_for_its_consumer(settings):
    consumer = SlowConsumer()
    if not settings:
        consumer.setInboxSize("inbox", 1)
    body = STREAM.partition(b"\r\n\r\n")[2]
    pieces = [ParsedHTTPBodyChunk(body[at : at + 7]) for at in range(0, len(body), 7)]
    chain = Pipeline(IcecastDemux(), consumer, **settings)
    feed(chain, inbox=[header(icy_metaint="100"), *pieces])
    assert soundOf(consumer.taken) == SOUND


def test_the_sound_alone_can_be_passed_on():
    parts = [IceIPCMetadata(metadata={}), IceIPCDataChunk(data=b"a"), IceIPCDisconnected()]
    assert feed(IcecastStreamRemoveMetadata(), inbox=parts)["outbox"] == [b"a"]


def test_a_stream_is_written_to_a_file(web, tmp_path):
    web.answers["/"] = STREAM
    chain = Pipeline(
        IcecastClient(web.url("/")), IcecastDemux(), IcecastStreamWriter(tmp_path / "stream.mp3")
    )
    outcome = feed(chain, control=[FINISHED])
    assert (tmp_path / "stream.mp3").read_bytes() == SOUND
    assert [type(each) for each in outcome["signal"]] == [producerFinished]


def test_a_file_that_cannot_be_written_is_reported(tmp_path):
    writer = IcecastStreamWriter(tmp_path / "missing" / "stream.mp3")
    outcome = feed(writer, inbox=[IceIPCDataChunk(data=b"a")])
    assert isinstance(outcome["signal"][0].message, FileNotFoundError)


def test_a_writer_stops_at_shutdownMicroprocess(tmp_path):
    message = shutdownMicroprocess()
    outcome = feed(IcecastStreamWriter(tmp_path / "x"), control=[message])
    assert outcome["signal"] == [message]


def test_the_messages_describe_themselves():
    assert str(IceIPCHeader(contenttype="a/b")) == "Icecast header - content type: a/b"
    assert (intval("5"), intval(None), intval("x")) == (5, None, None)
