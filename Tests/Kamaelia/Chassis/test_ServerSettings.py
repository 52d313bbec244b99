"""Mistakes in the settings of servers and clients are errors of their constructors."""

import subprocess
import sys
from collections.abc import Generator
from typing import Any

import pytest

from Axon.AxonExceptions import wiringError
from Axon.Component import component
from Kamaelia.Chassis.ConnectedServer import ServerCore, SimpleServer
from Kamaelia.Internet.SingleServer import SingleServer
from Kamaelia.Internet.TCPClient import TCPClient
from Kamaelia.Internet.TCPServer import TCPServer
from Tests.Kamaelia.sockets import Echo, dial, readAll


async def aCoroutineFunction(**_: Any) -> None:
    """An async function, which cannot be a protocol."""


def aGeneratorFunction(**_: Any) -> Generator[int, None, None]:
    yield 1


@pytest.mark.parametrize(
    ("protocol", "sentence"),
    [
        (None, "has no protocol"),
        (Echo(), "is an instance of Echo.*protocol=Echo"),
        ("echo", "'echo', which cannot be called"),
        (7, "cannot be called"),
        (aCoroutineFunction, "must return a component"),
        (aGeneratorFunction, "must return a component"),
    ],
)
@pytest.mark.parametrize("kind", [ServerCore, SimpleServer])
def test_an_impossible_protocol_is_an_error_of_the_constructor(kind, protocol, sentence):
    with pytest.raises(TypeError, match=sentence) as caught:
        kind(protocol=protocol)
    assert isinstance(caught.value, wiringError)


def test_a_server_without_a_protocol_is_an_error():
    with pytest.raises(wiringError, match="ServerCore has no protocol"):
        ServerCore(port=0)


def test_a_server_that_creates_its_handlers_itself_needs_no_protocol(serving):
    class Server(ServerCore):
        def mkProtocolHandler(self, **_: Any) -> Any:
            return Echo()

    assert serving(lambda server: dial(server.port).close(), Server) is None


class Misspelt(ServerCore):
    class protcol(Echo):
        pass


class MisspeltPort(ServerCore):
    protocol = Echo
    prt = 25


@pytest.mark.parametrize(
    ("make", "wrong", "meant"),
    [
        (Misspelt, "protcol", "protocol"),
        (MisspeltPort, "prt", "port"),
        (lambda: ServerCore(protcol=Echo), "protcol", "protocol"),
        (lambda: ServerCore(protocol=Echo, prt=25), "prt", "port"),
        (lambda: ServerCore(protocol=Echo, prot=25), "prot", "port"),
        (lambda: ServerCore(protocol=Echo, hsot=""), "hsot", "host"),
        (lambda: ServerCore(protocol=Echo, max_conections=5), "max_conections", "max_connections"),
        (lambda: ServerCore(protocol=Echo, maxConnections=5), "maxConnections", "max_connections"),
        (lambda: SimpleServer(protocol=Echo, worker=5), "worker", "workers"),
        (lambda: TCPServer(0, maxConnection=5), "maxConnection", "maxConnections"),
        (lambda: TCPServer(listenprt=5), "listenprt", "listenport"),
        (lambda: TCPClient("h", 1, conect_timeout=5), "conect_timeout", "connect_timeout"),
        (lambda: TCPClient("h", prt=1), "prt", "port"),
        (lambda: SingleServer(prt=1), "prt", "port"),
    ],
)
def test_the_error_for_a_misspelt_setting_suggests_the_right_one(make, wrong, meant):
    with pytest.raises(TypeError, match=f"{wrong}.*Did you mean '{meant}'"):
        make()


@pytest.mark.parametrize(
    "name", ["colour", "part", "post", "sort", "cost", "most", "wrath", "p", "database"]
)
def test_any_other_keyword_becomes_an_attribute_of_the_server_of_a_program(name):
    class Server(ServerCore):
        protocol = Echo

    assert getattr(Server(**{name: "red"}), name) == "red"
    with pytest.raises(TypeError, match=f"ServerCore has no setting '{name}'"):
        ServerCore(protocol=Echo, **{name: "red"})


def test_an_attribute_of_the_class_or_of_a_base_is_not_misspelt():
    class WithPart(ServerCore):
        protocol = Echo
        max_conections = 3

        def __init__(self, **argd: Any) -> None:
            super().__init__(**argd)

    class Base(component):
        prt = 1

    class Server(ServerCore, Base):
        protocol = Echo

    assert Server(prt=2).prt == 2
    with pytest.raises(TypeError):
        WithPart()


def test_an_attribute_that_resembles_a_setting_is_accepted_beside_that_setting():
    class Server(ServerCore):
        protocol = Echo
        host = "127.0.0.1"
        hosts = ("a", "b")

    assert Server().hosts == ("a", "b")


# Hooks


async def anAsyncHook(_: Any) -> None:
    """An async function, which cannot be a hook."""


@pytest.mark.usefixtures("eachLoop")
def test_the_error_for_a_hook_that_is_a_coroutine_function_names_it():
    with pytest.raises(TypeError, match=r"onListening\(\) returned a coroutine"):
        ServerCore(protocol=Echo, port=0, host="127.0.0.1", onListening=anAsyncHook).run()


class AsyncHandlers(ServerCore):
    async def mkProtocolHandler(self, **_: Any) -> Any:
        return Echo()


@pytest.mark.parametrize(
    ("kind", "settings", "sentence"),
    [
        (AsyncHandlers, {}, "mkProtocolHandler.* returned a coroutine"),
        (ServerCore, {"protocol": lambda **_: None}, "None is no component"),
        (ServerCore, {"protocol": lambda **_: Echo}, "Echo is a class"),
        (ServerCore, {"protocol": lambda **_: aCoroutineFunction()}, "returned a coroutine"),
    ],
)
def test_a_handler_that_is_not_a_component_is_logged_and_closes_the_connection(
    serving, caplog, kind, settings, sentence
):
    import re

    def client(server: Any) -> bytes:
        with dial(server.port) as sock:
            return readAll(sock)

    assert serving(client, kind, **settings) == b""
    assert re.search(sentence, caplog.text)


# Systems without some modules

HIDDEN = """
import sys, signal
for name in {modules!r}:
    sys.modules[name] = None
for name in {signals!r}:
    delattr(signal, name)
{program}
"""

POSIX = ["resource", "fcntl", "pwd", "grp", "termios", "tty"]
SIGNALS = ["SIGHUP", "SIGQUIT", "SIGCHLD", "SIGKILL", "pthread_sigmask", "valid_signals"]


def runWithout(program: str) -> str:
    text = HIDDEN.format(modules=POSIX, signals=SIGNALS, program=program)
    ended = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60)
    return ended.stdout + ended.stderr


def test_a_server_runs_without_modules_that_exist_on_posix_only():
    program = """
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Internet import ForkServer as ForkServer
from Kamaelia.Internet import TCPClient, Selector, UDP
from Kamaelia.Internet.SingleServer import echo
from Kamaelia.Apps.Grey.Service import Application
from Axon.Ipc import producerFinished
def stop(server):
    server._deliver(producerFinished(), "control")
    print("listening")
ServerCore(protocol=echo, port=0, onListening=stop).run()
"""
    said, report = runWithout(program).splitlines()
    assert said == "listening"
    assert report.startswith("ServerCore(protocol=echo) listens on 0.0.0.0:")


def test_the_error_of_workers_names_what_the_system_lacks():
    program = """
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Internet.SingleServer import echo
ServerCore(protocol=echo, port=0, workers=2).run()
"""
    assert "worker processes need fork(), which this system does not have" in runWithout(program)
