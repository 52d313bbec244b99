"""Programs that were written for Kamaelia 1.14 find in the components the behaviour they rely on.

Each test is one measured statement about the historical release. The tests of the modules examine
each subject in depth; this file shows that the statement, as a program uses it, holds.
"""

import importlib
import pkgutil
import socket
import threading
from types import FunctionType

import pytest

import Kamaelia
from Axon.Component import component
from Axon.Introspector import Introspector
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import feed
from Kamaelia.Chassis.Carousel import Carousel
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.Seq import Seq
from Kamaelia.Internet.TCPClient import TCPClient
from Kamaelia.Util.OneShot import OneShot
from Kamaelia.Util.PassThrough import PassThrough
from Tests.Kamaelia.sockets import PATIENCE, Echo, dial, readAll, readExactly

# Carousel


class Slow(component):
    """Needs 20 turns to end, once it is told to."""

    running, most, told = 0, 0, []

    def main(self):
        Slow.running += 1
        Slow.most = max(Slow.most, Slow.running)
        yield from self.waitForMessage("control")
        Slow.told.append(self.recv("control"))
        for _ in range(20):
            yield 1
        Slow.running -= 1


@pytest.fixture
def slow(monkeypatch):
    monkeypatch.setattr(Slow, "running", 0)
    monkeypatch.setattr(Slow, "most", 0)
    monkeypatch.setattr(Slow, "told", [])
    return Slow


def test_a_carousel_never_has_two_children_at_a_time(slow):
    outcome = feed(Carousel(lambda _: slow()), next=[1, 2, 3])
    assert slow.most == 1
    assert [type(message) for message in slow.told] == [
        shutdownMicroprocess,
        shutdownMicroprocess,
        producerFinished,
    ]
    assert [type(message) for message in outcome["signal"]] == [producerFinished]


def test_a_carousel_passes_producerFinished_to_the_child_and_ends_with_it():
    finished = producerFinished()
    carousel = Carousel(lambda _: PassThrough())
    assert feed(carousel, next=[1], control=[finished])["signal"] == [finished]
    assert carousel._isStopped()


def test_shutdownMicroprocess_discards_what_waits_for_a_carousel(slow):
    end = shutdownMicroprocess()
    outcome = feed(Carousel(lambda _: slow()), next=[1, 2, 3], control=[end])
    assert len(slow.told) <= 1
    assert outcome["signal"] == [end]


# TLS


class Receive(component):
    """Keeps the first message, or the end of the connection."""

    received = None

    def main(self):
        yield from self.waitForMessage()
        self.received = self.recv(self.anyReady())
        self.send(shutdownMicroprocess(), "signal")


@pytest.fixture
def encryptedEcho(certificate):
    """The port of a server that answers once, in TLS."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with listener, listener.accept()[0] as plain:
            plain.settimeout(PATIENCE)
            with certificate.server.wrap_socket(plain, server_side=True) as sock:
                sock.sendall(sock.recv(100))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    thread.join(PATIENCE)


def test_a_message_of_any_kind_starts_tls(certificate, encryptedEcho):
    client = TCPClient("localhost", encryptedEcho)
    client.sslContext = certificate.client
    receive = Receive()
    Graphline(
        START=OneShot(" make ssl "),
        DATA=OneShot(b"hello"),
        CLIENT=client,
        RECEIVE=receive,
        linkages={
            ("START", "outbox"): ("CLIENT", "makessl"),
            ("DATA", "outbox"): ("CLIENT", "inbox"),
            ("CLIENT", "outbox"): ("RECEIVE", "inbox"),
            ("CLIENT", "signal"): ("RECEIVE", "control"),
            ("RECEIVE", "signal"): ("CLIENT", "control"),
        },
    ).run()
    assert receive.received == b"hello"


# Modules


def modules():
    for found in pkgutil.walk_packages(Kamaelia.__path__, "Kamaelia."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def definedIn(module, kind):
    return {
        thing
        for name, thing in vars(module).items()
        if isinstance(thing, kind)
        and thing.__module__ == module.__name__
        and not name.startswith("_")
    }


def test_every_module_lists_the_components_that_it_defines():
    missing = {}
    for module in modules():
        defined = {each for each in definedIn(module, type) if issubclass(each, component)}
        listed = set(getattr(module, "__kamaelia_components__", ()))
        if defined - listed:
            missing[module.__name__] = sorted(each.__name__ for each in defined - listed)
    assert missing == {}


def test_what_a_module_lists_as_components_and_prefabs_is_that():
    for module in modules():
        for each in getattr(module, "__kamaelia_components__", ()):
            assert issubclass(each, component), module
        for each in getattr(module, "__kamaelia_prefabs__", ()):
            assert isinstance(each, FunctionType), module


def test_the_module_of_a_chassis_lists_it():
    import Kamaelia.Chassis.Pipeline as m

    assert m.Pipeline in m.__kamaelia_components__


# Seq


def test_Seq_prints_a_text_when_its_turn_comes(capsys):
    Seq("first", OneShot("a")).run()
    assert capsys.readouterr().out == "first\n"


# The Introspector


class Lines(component):
    """Keeps the lines that it receives."""

    def main(self):
        self.lines = []
        while not self.isShuttingDown():
            yield from self.waitForMessage()
            self.lines += "".join(self.Inbox()).splitlines()


def test_an_introspector_reports_each_handler_of_a_server(serving):
    made = []

    class Handler(Echo):
        def __init__(self, **options):
            super().__init__(**options)
            made.append(self)

    looker, keeper = Introspector().activate(), Lines().activate()
    looker.link((looker, "outbox"), (keeper, "inbox"))
    looker.link((looker, "signal"), (keeper, "control"))

    def talk(server):
        for _ in range(3):
            with dial(server.port) as sock:
                sock.sendall(b"x")
                assert readExactly(sock, 1) == b"x"
                sock.shutdown(socket.SHUT_WR)
                assert readAll(sock) == b""
        end = shutdownMicroprocess()
        looker.scheduler.callFromThread(lambda: looker._deliver(end, "control"))

    serving(talk, protocol=Handler)
    assert len(made) == 3
    for each in made:
        added = [line for line in keeper.lines if line.startswith(f'ADD NODE "{each.id}"')]
        assert len(added) == 1
