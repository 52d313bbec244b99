"""Links over sockets: who is refused, and what a hostile peer can do."""

import asyncio
import socket
import ssl
import sys
import threading
import tracemalloc

import pytest

from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Net.RemoteIn import RemoteIn
from Kamaelia.Net.RemoteOut import RemoteOut
from Kamaelia.Net.SameMachine import placeOf
from Kamaelia.Support.Links.Errors import linkError
from Kamaelia.Support.Links.Frames import CONFIRM, DATA, HELLO, PROOF, WELCOME, Frame, greeting
from Tests.Kamaelia.Net.test_Transports import Sink, Source
from Tests.Kamaelia.Net.transports import Identity
from Tests.Kamaelia.Net.watch import Enough, Watch

LINKAGES = {
    ("SOURCE", "outbox"): ("OUT", "inbox"),
    ("SOURCE", "signal"): ("OUT", "control"),
    ("IN", "outbox"): ("SINK", "inbox"),
    ("IN", "signal"): ("SINK", "control"),
}


def carry(out, into):
    """Send three messages from `out` to `into`; return what arrives."""
    sink = Sink()
    parts = {"SOURCE": Source(messages=[1, 2, 3]), "OUT": out, "IN": into, "SINK": sink}
    Graphline(**parts, linkages=LINKAGES).run()
    return sink.got


# Who may be at the other end


def test_both_ends_prove_that_they_know_the_key(freePorts):
    url = f"tcp://127.0.0.1:{freePorts()}"
    assert carry(RemoteOut(url, "link", key="k"), RemoteIn(url, "link", key="k")) == [1, 2, 3]


@pytest.mark.parametrize(
    ("ours", "theirs"), [("k", "other"), ("k", None), (None, "k")], ids=["other", "none", "extra"]
)
def test_a_writer_ends_if_the_key_is_not_that_of_the_reader(freePorts, ours, theirs):
    url = f"tcp://127.0.0.1:{freePorts()}"
    with pytest.raises(linkError, match=r"key|PROOF|in place of"):
        carry(RemoteOut(url, "link", key=ours), RemoteIn(url, "link", key=theirs))


def test_a_reader_with_tls_accepts_only_certificates_that_it_trusts(freePorts, identity, tmp_path):
    url = f"tls://127.0.0.1:{freePorts()}"
    stranger = Identity(tmp_path)
    writer, _ = stranger.contexts(trusted=identity)
    _, reader = identity.contexts()
    with pytest.raises(linkError, match=r"has not worked for|no trust"):
        carry(RemoteOut(url, "link", tls=writer, patience=0.1), RemoteIn(url, "link", tls=reader))


def test_a_writer_with_tls_accepts_only_a_reader_that_it_trusts(freePorts, identity, tmp_path):
    url = f"tls://127.0.0.1:{freePorts()}"
    writer, _ = Identity(tmp_path).contexts()
    _, reader = identity.contexts()
    with pytest.raises(linkError, match=r"no trust .* certificate verify failed"):
        carry(RemoteOut(url, "link", tls=writer, patience=0.1), RemoteIn(url, "link", tls=reader))


def test_tls_with_a_key_needs_no_certificate_of_the_writer(freePorts, identity):
    url = f"tls://127.0.0.1:{freePorts()}"
    _, reader = identity.contexts()
    reader.verify_mode = ssl.CERT_NONE
    writer = ssl.create_default_context(cafile=identity.certificate)
    out = RemoteOut(url, "link", tls=writer, key="k")
    assert carry(out, RemoteIn(url, "link", tls=reader, key="k")) == [1, 2, 3]


def test_a_reader_with_tls_and_one_context_says_that_it_cannot_take_over(freePorts, identity):
    port = freePorts()
    _, reader = identity.contexts()
    with socket.create_server(("127.0.0.1", port)), pytest.raises(linkError, match="is in use; to"):
        feed(RemoteIn(f"tls://127.0.0.1:{port}", "link", tls=reader), control=[])


def test_an_address_that_something_else_uses_is_an_error(freePorts, monkeypatch):
    monkeypatch.setattr("Kamaelia.Net.SocketTransport.HANDSHAKE", 0.01)
    port = freePorts()
    with socket.create_server(("127.0.0.1", port)):
        monkeypatch.setattr("Kamaelia.Net.SocketTransport.ATTEMPTS", 2)
        with pytest.raises(linkError, match="is in use, and not by a reader of 'link'"):
            feed(RemoteIn(f"tcp://127.0.0.1:{port}", "link"), control=[])


# Hostile peers. A writer connects, so its peer is a server; a reader has peers that connect.


def hello(**fields):
    known = {"version": 1, "link": "link", "role": "writer", "confirmed": None, "token": "t"}
    return greeting(HELLO, **{**known, "from": "peer", "nonce": "0", **fields})


HEAD = b"\xff\xff\xff\xff"
ATTACKS = {
    "random": bytes(range(256)) * 20,
    "4 GiB": HEAD + b"H" + bytes(12),
    "4 GiB of data": hello() + HEAD + b"D" + (1).to_bytes(8, "big") + (1).to_bytes(4, "big"),
    "no JSON": Frame(HELLO, 0, 0, b"{").encoded(),
    "deep JSON": Frame(HELLO, 0, 0, b"[" * 4000).encoded(),
    "another version": hello(version=99),
    "another link": hello(link="other"),
    "a negative position": hello(confirmed=-1),
    "a wrong end": hello(confirmed=3, ended=["x"]) + Frame(DATA, 9, 1, b"json    [1]").encoded(),
    "a gap": hello() + Frame(DATA, 9, 1, b"json    [1]").encoded(),
    "an unknown codec": hello() + Frame(DATA, 1, 1, b"pickle  x").encoded(),
    "a damaged payload": hello() + Frame(DATA, 1, 1, b"json    {").encoded(),
    "another count": hello() + Frame(DATA, 2, 2, b"json    [1]").encoded(),
    "a wrong direction": hello() + Frame(WELCOME, 0, 0, b"{}").encoded(),
    "half a frame": hello()[:20],
    "nothing": b"",
}
#: These break a rule after the greetings: then the peer is the writer, and the reader ends.
KNOWN = {
    each for each, data in ATTACKS.items() if data.startswith(hello()) and len(data) > len(hello())
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_a_hostile_writer_sends_is_refused_or_an_error_that_names_it(freePorts, attack):
    port = freePorts()
    url = f"tcp://127.0.0.1:{port}"
    into = RemoteIn(url, "link")
    out = RemoteOut(url, "link")
    sink = Sink()
    attacked = threading.Event()

    class Attack(Source):
        """Lets a peer attack the reader before the writer connects."""

        def main(self):
            loop = asyncio.get_running_loop()
            done = loop.run_in_executor(None, attackReader, port, ATTACKS[attack])
            done.add_done_callback(lambda _: self.unpause())
            while not done.done():
                yield self.pause()
            attacked.set()
            out.activate()
            yield from super().main()

    system = attackedSystem(Attack(messages=[1, 2, 3]), out, into, sink)
    if attack in KNOWN or attack == "a wrong end":
        with pytest.raises(linkError, match=r"127\.0\.0\.1|message|codec|JSON"):
            system.run()
    else:
        system.run()
        assert attacked.is_set()
        assert sink.got == [1, 2, 3]


def attackedSystem(source, out, into, sink):
    """Return a system whose writer `out` is not active: the source activates it."""
    source.link((source, "outbox"), (out, "inbox"))
    source.link((source, "signal"), (out, "control"))
    linkages = {each: to for each, to in LINKAGES.items() if each[0] == "IN"}
    return Graphline(SOURCE=source, IN=into, SINK=sink, linkages=linkages)


@pytest.mark.parametrize(
    "fields", [{"confirmed": 2}, {"confirmed": 9, "ended": "producerFinished"}], ids=["2", "ended"]
)
def test_a_peer_without_the_key_does_not_say_where_a_new_reader_begins(freePorts, fields):
    port = freePorts()
    url = f"tcp://127.0.0.1:{port}"
    into, out, sink = RemoteIn(url, "link", key="k"), RemoteOut(url, "link", key="k"), Sink()

    class Attack(Source):
        """Lets a peer without the key connect before the writer does."""

        def main(self):
            loop = asyncio.get_running_loop()
            forged = hello(**fields), greeting(PROOF, proof="0" * 64)
            done = loop.run_in_executor(None, attackReader, port, *forged)
            done.add_done_callback(lambda _: self.unpause())
            while not done.done():
                yield self.pause()
            out.activate()
            yield from super().main()

    attackedSystem(Attack(messages=[1, 2, 3]), out, into, sink).run()
    assert sink.got == [1, 2, 3]


@pytest.mark.parametrize("attack", ["half a frame", "nothing", "another link"])
def test_a_stranger_that_leaves_does_not_interrupt_the_link(freePorts, caplog, attack):
    port = freePorts()
    url = f"tcp://127.0.0.1:{port}"
    caplog.set_level("INFO", "Kamaelia.Net")
    into, out, sink = RemoteIn(url, "link"), RemoteOut(url, "link"), Sink()

    class Attack(Source):
        """Lets a stranger connect after the writer, and lets the writer end after that."""

        def main(self):
            out.activate()
            self.send("first")
            while not getattr(sink, "got", None):
                yield 1
            loop = asyncio.get_running_loop()
            done = loop.run_in_executor(None, attackReader, port, ATTACKS[attack])
            done.add_done_callback(lambda _: self.unpause())
            while not done.done():
                yield self.pause()
            yield from super().main()

    attackedSystem(Attack(messages=[]), out, into, sink).run()
    assert sink.got == ["first"]
    assert not [each for each in caplog.messages if each.startswith(f"{into.name}: waits")]


def test_strangers_that_say_nothing_make_room_for_others(freePorts, monkeypatch):
    monkeypatch.setattr("Kamaelia.Net.SocketTransport.MOST_STRANGERS", 3)
    port = freePorts()
    url = f"tcp://127.0.0.1:{port}"
    into, out, sink = RemoteIn(url, "link"), RemoteOut(url, "link"), Sink()
    strangers = []

    class Attack(Source):
        """Lets strangers connect while the writer is connected, and waits for the first to end."""

        def main(self):
            out.activate()
            self.send("first")
            while not getattr(sink, "got", None):
                yield 1
            done = asyncio.get_running_loop().run_in_executor(None, self.attack)
            done.add_done_callback(lambda _: self.unpause())
            while not done.done():
                yield self.pause()
            assert done.result() == [b""] * 5
            yield from super().main()

        def attack(self):
            here = "127.0.0.1", port
            strangers.extend(socket.create_connection(here, 30) for _ in range(8))
            return [each.recv(1) for each in strangers[:5]]

    attackedSystem(Attack(messages=["last"]), out, into, sink).run()
    for each in strangers:
        each.close()
    assert sink.got == ["first", "last"]


def connectionTo(port):
    """Return a connection to the reader, which may not listen yet."""
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 5)
        except ConnectionRefusedError:
            continue


def attackReader(port, *pieces):
    """Connect, send `pieces`, and read until the reader closes the connection or nothing comes."""
    with connectionTo(port) as connection:
        try:
            for data in pieces:
                connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1 << 16):
                pass
        except OSError:
            pass


WELCOMED = greeting(WELCOME, version=1, codecs=["json"], have=0, nonce="0", **{"from": "the peer"})
ANSWERS = {
    "random": bytes(range(256)) * 20,
    "4 GiB": HEAD + b"W" + bytes(12),
    "a number of messages that is none": WELCOMED.replace(b'"have": 0', b'"have":-1'),
    "no codec in common": WELCOMED.replace(b"json", b"none"),
    "data": WELCOMED + Frame(DATA, 1, 1, b"json    [1]").encoded(),
    "a confirmation of what was never sent": WELCOMED + Frame(CONFIRM, 99, 0, b"").encoded(),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_a_hostile_reader_answers_is_an_error_that_names_it(answer):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        threading.Thread(target=answerOnce, args=(server, ANSWERS[answer]), daemon=True).start()
        out = RemoteOut(f"tcp://127.0.0.1:{port}", "link", codec="json")
        with pytest.raises(linkError) as caught:
            feed(out, inbox=[1], control=[FINISHED])
    assert out.name in "".join(caught.value.__notes__)


def answerOnce(server, data):
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        try:
            connection.sendall(data)
            while connection.recv(4096):
                pass
        except OSError:
            pass


def test_a_peer_that_sends_without_end_before_it_is_known_costs_no_memory(freePorts):
    port = freePorts()
    into = RemoteIn(f"tcp://127.0.0.1:{port}", "link")
    flood, piece = Frame(HELLO, 0, 0, b" " * 4096).encoded()[:17], b"{" * (1 << 16)

    class Flood(Source):
        def main(self):
            loop = asyncio.get_running_loop()
            tracemalloc.start()
            done = loop.run_in_executor(None, attackReader, port, flood, *[piece] * 256)
            done.add_done_callback(lambda _: self.unpause())
            while not done.done():
                yield self.pause()
            self.peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            into.deliver(FINISHED, "control")

    source = Flood()
    Graphline(SOURCE=source, IN=into, linkages={}).run()
    assert source.peak < 2 << 20


# A writer that is busy, so that it does not echo what is confirmed


def silentWriter(port, place, isOver):
    """Send 100 messages, and read; answer nothing. place: what it says where it is."""
    with connectionTo(port) as connection:
        at = placeOf(connection.getsockname()) if place == "true" else place
        data = b"".join(
            Frame(DATA, number, 1, b"json    [%d]" % number).encoded() for number in range(1, 101)
        )
        connection.sendall(hello(at=at) + data)
        while not isOver.is_set() and connection.recv(1 << 16):
            pass


@pytest.mark.skipif(sys.platform != "linux", reason="other systems are not known to keep it")
@pytest.mark.parametrize(
    ("place", "most"), [("true", 100), (None, 4), ("127.0.0.1 1", 4)], ids=["true", "none", "other"]
)
def test_only_a_direct_connection_within_a_machine_needs_no_echo(freePorts, place, most):
    """Confirmations that a kill of the reader cannot lose make room for more messages."""
    port = freePorts()
    sink = Sink()
    isOver = threading.Event()
    thread = threading.Thread(target=silentWriter, args=(port, place, isOver))
    thread.start()
    try:
        with pytest.raises(Enough):
            Graphline(
                IN=RemoteIn(f"tcp://127.0.0.1:{port}", "link", capacity=4),
                SINK=sink,
                WATCH=Watch(isReached=lambda: len(sink.got) >= most),
                linkages={("IN", "outbox"): ("SINK", "inbox")},
            ).run()
    finally:
        isOver.set()
        thread.join()
    assert sink.got == list(range(1, most + 1))
