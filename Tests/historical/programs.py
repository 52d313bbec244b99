"""The historical examples that need no display and no device, and what each of them does.

Each function plays the user and the peers of one example, and raises an error if the example does
not do what it did. The examples themselves are in the distribution.
"""

import urllib.request
from collections.abc import Callable
from pathlib import Path

from Tests.historical.session import PATIENCE, Session

Play = Callable[[Session], None]
PROGRAMS: dict[str, Play] = {}

TUTORIAL = "Introspection/IntrospectionTutorial"


def plays(*programs: str) -> Callable[[Play], Play]:
    """Note that a function plays these programs."""

    def note(play: Play) -> Play:
        PROGRAMS.update(dict.fromkeys(programs, play))
        return play

    return note


def readUntil(sock, text: bytes) -> bytes:
    data = b""
    while text not in data:
        more = sock.recv(65536)
        assert more, f"no {text!r} in {data!r}"
        data += more
    return data


def readSome(sock, size: int) -> bytes:
    """Return `size` bytes or more."""
    data = b""
    while len(data) < size:
        more = sock.recv(65536)
        assert more, f"the connection ended after {len(data)} bytes"
        data += more
    return data


# Console, chassis, files


@plays("Backplane/Forwarding.py")
def forwarding(session):
    session.start()
    session.expect("1", "1")  # a message every second
    session.type("hello")
    session.expect("hello\n", "1")


@plays(f"{TUTORIAL}/CommandLineEchoExample.py")
def commandLineEcho(session):
    session.start()
    session.type("hello", "world")
    session.expect("hello\n", "world\n")
    session.endOfInput()
    session.waitForEnd()


@plays("Contrib/Kamaelia.Apps.SA/DataSink.py")
def dataSink(session):
    session.start()
    session.expect(*[f"Appending {each}\n" for each in (1, 2, 3, 4)], "[1, 2, 3, 4]\n")
    session.waitForEnd()


@plays("Contrib/Kamaelia.Apps.SA/PeriodicTick.1.py")
def periodicTick(session):
    session.start()
    session.expect("True", "True", "True")


@plays("Contrib/Kamaelia.Apps.SA/PeriodicTick.2.py", "Contrib/Kamaelia.Apps.SA/PeriodicTick.3.py")
def periodicText(session):
    session.start()
    session.expect("Hello\n", "Hello\n", "Hello\n")


@plays("Contrib/Kamaelia.Apps.SA/SingleTick.py")
def singleTick(session):
    session.start()
    session.expect("True")
    session.waitForEnd()
    assert session.output.count(b"True") == 1


@plays("Contrib/Kamaelia.Apps.SA/TTL.py")
def timeToLive(session):
    session.start()
    session.expect(*[f"WellBehaved{each}" for each in (1, 2, 3, 4)], "BadlyBehaved1")
    session.waitForEnd()


@plays("Files/DemoAppend.py")
def append(session):
    session.start()
    session.type("one", "two")
    session.endOfInput()
    session.waitForEnd()
    assert (session.path.parent / "demo.txt").read_text() == "onetwo"


@plays("Files/SimpleReading.py")
def simpleReading(session):
    session.start()
    session.expect("LAST", "LAST", "LAST")


@plays("UsingChassis/Graphline/DemoShutdown.py", "UsingChassis/Graphline/LinkedShutdown.py")
def shutdown(session):
    session.start()
    session.expect("shutting down", "shutting down", "shutting down", "WHINGER: shutdown")
    session.waitForEnd()


@plays("UsingChassis/Graphline/FailShutdown.py")
def noShutdown(session):
    session.start()
    session.expect("PINGER: sent")
    session.expect("shutting down", *["WHINGER: waiting for shutdown"] * 2)
    assert session.process.poll() is None
    assert session.output.count(b"shutting down having") == 1


@plays("UsingChassis/PAR/par_shutdown_simple.py")
def parallelShutdown(session):
    session.start()
    session.expect("PAR shutdown")
    session.waitForEnd()
    assert session.output.count(b"Shutting down slowly") == 27


@plays("UsingChassis/Pipeline/Feedback.py")
def feedback(session):
    session.start()
    session.expect("\nB\n", "\nBTL\n", "\nBTLTB\n", "\nBTLTBTBTL\n")


@plays(
    "PythonInterpreter/BasicPythonInterpreter.py", "PythonInterpreter/ConsolePythonInterpreter.py"
)
def interpreter(session):
    session.start()
    session.type("x = 20", "x * 3 + 1")
    session.expect("61")
    session.type("undefined_name")
    session.expect("NameError")


# TCP and UDP


@plays(f"{TUTORIAL}/EchoServer.py")
def echo(session):
    session.start()
    with session.dial(1500) as sock:
        sock.sendall(b"hello")
        assert readUntil(sock, b"hello") == b"hello"
    session.expect("SEND")


@plays(f"{TUTORIAL}/ChatServer.py")
def chat(session):
    session.start()
    with session.dial(1500) as one, session.dial(1500) as other:
        other.sendall(b"ready")
        readUntil(other, b"says ready")
        one.sendall(b"hello")
        for sock in (one, other):
            readUntil(sock, b"says hello")


@plays("PythonInterpreter/ServerBasedPythonInterpreter.py")
def interpreterServer(session):
    session.start()
    with session.dial(1236) as sock:
        sock.sendall(b"6 * 7\r\n")
        readUntil(sock, b"42")


@plays("TCP_Systems/FortuneCookieServer.py")
def fortuneServer(session):
    session.start()
    session.expect("PORT", "\n")
    port = int(session.output.split()[1])
    with session.dial(port) as sock:
        assert sock.recv(65536)


@plays("TCP_Systems/FortuneCookie_ServerClient.py")
def fortune(session):
    session.start()
    session.expect(" ")


@plays("TCP_Systems/SingleServerExample.py")
def singleServer(session):
    session.start()
    session.expect("Hello World", "Hello World", "Hello World")


@plays("TCP_Systems/_SimpleStreamingPieces/_SimpleStreamer.py")
def streamer(session):
    expected = (session.examples / "SupportingMediaFiles/KDE_Startup_2.ogg").read_bytes()
    session.start()
    with session.dial(1500) as sock:
        assert expected.startswith(readSome(sock, 40_000))


@plays("UsingChassis/_WhatIsTheCarouselFor/_SimpleMultiFileStreamer.py")
def manyFiles(session):
    expected = bytes(range(256)) * 40
    file = Path("/opt/kde3/share/sounds/KDE_Startup_2.ogg")
    file.parent.mkdir(parents=True)
    file.write_bytes(expected)
    session.start()
    with session.dial(1500) as sock:
        assert readSome(sock, 3 * len(expected)) == expected * 3


@plays("UsingChassis/_WhatIsTheCarouselFor/_ClientStreamToFile.py")
def streamToFile(session):
    expected = bytes(range(256)) * 400
    session.listen(1500, lambda sock: sock.sendall(expected))
    received = session.folder / "received.raw"
    text = session.path.read_text()
    session.path.write_text(text.replace("/tmp/received.raw", str(received)))
    session.start()
    session.waitForEnd()
    assert received.read_bytes() == expected


@plays("UDP_Systems/SimplePeer_Example.py")
def datagrams(session):
    session.start()
    session.expect("Hello World", "Hello World")


@plays("_Handles/mediumtcpclient.py")
def handle(session):
    session.start()
    session.type("hello")
    session.expect("hello")
    session.type("again")
    session.expect("again")


@plays("_Handles/_simpletcpclient.py")
def handleOfClient(session):
    received = []

    def talk(sock):
        received.append(readUntil(sock, b"JOIN #channel\n"))
        sock.sendall(b":server 001 likefile :Welcome\r\n")
        sock.recv(1)

    session.listen(6667, talk)
    session.start()
    session.type("#channel")
    session.expect("Welcome")
    assert received[0].startswith(b"user likefile")


# TLS


def answerOnce(sock):
    request = readUntil(sock, b"\n")
    sock.sendall(b"answer to " + request)


@plays("TCP_Systems/_SSL/https.py")
def https(session):
    session.listen(443, answerOnce, context=session.certificate("kamaelia.org"))
    session.start()
    session.type("GET /Home.html HTTP/1.0")
    session.expect("answer to GET /Home.html")


@plays("TCP_Systems/_SSL/tcpssl.py")
def tls(session):
    session.listen(4443, answerOnce, context=session.certificate("localhost"))
    session.start("localhost", 4443)
    session.type("hello")
    session.expect("answer to hello")


# Introspection: the changes go to a visualiser at port 1600


def introspecting(play: Play) -> Play:
    def playBesideVisualiser(session):
        drawn: list[bytes] = []
        session.listen(1600, lambda sock: drawn.append(readUntil(sock, b"ADD LINK")))
        play(session)
        for thread in session.threads:
            if drawn:
                break
            thread.join(PATIENCE / 10)
        assert drawn
        assert drawn[0].startswith(b"DEL ALL\n")

    return playBesideVisualiser


plays("Introspection/FortuneCookie_Introspecting.py")(introspecting(fortune))
plays(f"{TUTORIAL}/IntrospectingChatServer.py")(introspecting(chat))


@plays(f"{TUTORIAL}/IntrospectingEchoServer.py")
@introspecting
def introspectingEcho(session):
    session.start()
    with session.dial(1500) as sock:
        sock.sendall(b"hello")
        assert readUntil(sock, b"hello") == b"hello"


@plays(f"{TUTORIAL}/IntrospectingCommandLineEchoExample.py")
@introspecting
def introspectingCommandLine(session):
    session.start()
    session.type("hello", "world")
    session.expect("hello\n", "world\n")


# HTTP and IRC

PAGES = {
    "/": b"<html><body><a href='/one.html'>one</a> <a href='two.html'>two</a></body></html>",
    "/one.html": b"<html><body><a href='http://example.com/'>back</a></body></html>",
    "/two.html": b"<html><body>nothing</body></html>",
}


def answerRequests(sock):
    request = readUntil(sock, b"\r\n\r\n")
    page = PAGES.get(request.split()[1].decode(), b"")
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"
    sock.sendall(f"{head}Content-Length: {len(page)}\r\n\r\n".encode() + page)


def get(session, url):
    session.dial(8082).close()
    with urllib.request.urlopen(url, timeout=PATIENCE) as response:
        return response.read()


@plays("TCP_Systems/_HTTP/ConsoleDownloader.py")
def download(session):
    session.listen(80, answerRequests)
    session.start()
    session.type("http://example.com/one.html")
    session.endOfInput()
    session.waitForEnd()
    assert (session.path.parent / "downloadedfile.txt").read_bytes() == PAGES["/one.html"]


@plays("_Handles/_simplehttpclient.py")
def handleOfHTTPClient(session):
    session.listen(80, answerRequests)
    session.start()
    session.expect(f"example is {len(PAGES['/'])} bytes long")


@plays("TCP_Systems/_HTTP/KamaeliaWebServer.py")
def webServer(session):
    session.start()
    assert b"<h1>Hello World</h1>" in get(session, "http://127.0.0.1:8082/hello")
    assert b"My Own Hello World!" in get(session, "http://127.0.0.1:8082/wsgi/more?x=1")


@plays("TCP_Systems/_HTTP/cookbook_1.py")
def files(session):
    folder = Path("/var/www/html")
    folder.mkdir(parents=True)
    (folder / "index.html").write_bytes(PAGES["/"])
    (folder / "data.bin").write_bytes(bytes(range(256)) * 1000)
    session.start()
    assert get(session, "http://127.0.0.1:8082/") == PAGES["/"]
    assert get(session, "http://127.0.0.1:8082/data.bin") == bytes(range(256)) * 1000


@plays("TCP_Systems/_HTTP/cookbook_2.py")
def handlers(session):
    folder = Path("/srv/www/htdocs")
    folder.mkdir(parents=True)
    (folder / "index.html").write_bytes(PAGES["/"])
    session.start()
    assert b"Game Over!!" in get(session, "http://127.0.0.1:8082/hello")
    assert b"/echo/this" in get(session, "http://127.0.0.1:8082/echo/this")
    assert get(session, "http://127.0.0.1:8082/index.html") == PAGES["/"]


@plays("_HTTPSpider/HTTPSpider.py")
def spider(session):
    session.listen(80, answerRequests)
    # It is older than Python 3, in which the body of a response is not a text.
    text = session.path.read_text()
    session.path.write_text(text.replace("for c in msg:", "for c in msg.decode():"))
    session.start()
    session.type("http://example.com/")  # the prefix of the pages to visit
    session.expect(">>> ")
    session.type("http://example.com/")
    session.expect("http://example.com/one.html")
    session.expect("http://example.com/two.html")


@plays("TCP_Systems/_IRC/BasicDemo.py")
def irc(session):
    received = []

    def talk(sock):
        received.append(readUntil(sock, b"NICK somebody"))
        sock.sendall(b":server 001 somebody :Welcome to the test\r\n")
        sock.recv(1)

    session.listen(6667, talk)
    session.start()
    session.type("")
    session.expect(">>> ")
    session.type("/nick somebody")
    session.expect("Welcome to the test")
