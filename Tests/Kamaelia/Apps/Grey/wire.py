"""Both ends of a mail proxy, scripted: a client, and a real server that fails on demand."""

import socket
import socketserver
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar, NamedTuple

from Tests.Kamaelia.sockets import PATIENCE, dial, readAll
from Tests.ports import heldPort

HANG_UP = "hang up"
SILENCE = "silence"
TOOK_AND_HUNG_UP = f"250 {HANG_UP}"  # after the dot: the mail is kept, and no answer is sent
TOOK_IN_SILENCE = f"250 {SILENCE}"

SHORT = 0.3  # seconds for an answer that does not come

GOOD = {
    "greeting": "220 far.example.org ready",
    "EHLO": "250-far.example.org\r\n250-SIZE 100000000\r\n250 8BITMIME",
    "LHLO": "250-far.example.org\r\n250-SIZE 100000000\r\n250 8BITMIME",
    "HELO": "250 far.example.org",
    "XCLIENT": "220 far.example.org anew",
    "XFORWARD": "250 2.0.0 far knows",
    "MAIL": "250 2.1.0 far sender ok",
    "RCPT": "250 2.1.5 far recipient ok",
    "DATA": "354 far go on",
    ".": "250 2.0.0 far took it",
    "RSET": "250 2.0.0 far reset",
    "QUIT": "221 2.0.0 far bye",
}


class Mail(NamedTuple):
    """What a far end took: the lines of its envelope, and the octets between 354 and the dot."""

    sender: str
    recipients: list[str]
    text: bytes


class FarEnd(socketserver.ThreadingTCPServer):
    """FarEnd(MAIL="451 no", RCPT=["250 ok", HANG_UP]) -> a real server, behind the proxy.

    Each stage answers as GOOD says, or with what is given: always that, or one of
    a list after the other and then as GOOD says.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 100

    def __init__(self, **answers: Any) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.answers = {stage.replace("dot", "."): given for stage, given in answers.items()}
        self.mails: list[Mail] = []
        self.unheard: list[Mail] = []  # those of them whose answer the proxy has not heard
        self.heard: list[str] = []
        self.sockets: list[socket.socket] = []  # of all connections, in their order
        self.dots = 0
        self.beforeDot: Callable[[], object] = bool  # called when a dot has come
        self.partial = b""  # text whose dot never came
        self.ended = threading.Semaphore(0)  # a connection has ended

    @property
    def port(self) -> int:
        return self.server_address[1]

    def count(self, verb: str) -> int:
        """How many commands with this verb it has heard."""
        return sum(line.partition(" ")[0] == verb for line in self.heard)

    def silentStages(self) -> list[str]:
        """Return the stages at which it gives no answer, now or later."""
        return [
            stage.replace(".", "dot")
            for stage, given in self.answers.items()
            for each in ([given] if isinstance(given, str) else given)
            if each.endswith(SILENCE)
        ]

    def answerTo(self, stage: str) -> str:
        given = self.answers.get(stage, [])
        if isinstance(given, list):
            given = given.pop(0) if given else GOOD.get(stage, "500 what")
        return given

    def __enter__(self) -> "FarEnd":
        threading.Thread(target=lambda: self.serve_forever(0.01), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


def shortLimits(*ends: object) -> dict[str, float]:
    """Return the time limits of a proxy: short ones for the stages at which a FarEnd is silent.

    Other stages have none, so that a busy machine ends no session.
    """
    ours = [each for each in ends if isinstance(each, FarEnd)]
    return {stage: SHORT for each in ours for stage in each.silentStages()}


class _Conversation(socketserver.StreamRequestHandler):
    server: FarEnd
    answered: Mail | None = None  # the mail since whose answer the proxy has sent nothing

    def handle(self) -> None:
        self.server.sockets.append(self.request)
        with suppress(OSError, EOFError):
            self.say("greeting")
            while line := self.rfile.readline():
                self.heed(line.decode("utf-8", "surrogateescape").rstrip("\r\n"))

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()
        if self.answered is not None:  # a proxy that hears an answer sends another command
            self.server.unheard.append(self.answered)
        self.server.ended.release()

    def say(self, stage: str) -> str:
        return self.write(self.server.answerTo(stage))

    def write(self, answer: str) -> str:
        if answer.endswith(HANG_UP):
            raise EOFError
        if answer.endswith(SILENCE):
            self.rfile.read()
            raise EOFError
        self.wfile.write(answer.encode() + b"\r\n")
        return answer

    def heed(self, line: str) -> None:
        self.server.heard.append(line)
        self.answered = None
        verb = line.partition(" ")[0].upper()
        isTaken = self.say(verb)[0] in "23"
        if verb == "MAIL":
            self.sender, self.recipients = line, []
        elif verb == "RCPT" and isTaken:
            self.recipients.append(line)
        elif verb == "DATA" and isTaken:
            self.takeText()
        elif verb == "QUIT":
            raise EOFError

    def takeText(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
            if not line:
                self.server.partial = b"".join(lines)
                raise EOFError
        self.server.dots += 1
        self.server.beforeDot()
        answer = self.server.answerTo(".")
        if answer[0] == "2":
            mail = Mail(self.sender, self.recipients, b"".join(lines))
            self.server.mails.append(mail)
            if answer in (TOOK_AND_HUNG_UP, TOOK_IN_SILENCE):
                self.server.unheard.append(mail)
            else:
                self.answered = mail
        self.write(answer)


def inTLS(base: Any, context: ssl.SSLContext) -> Any:
    """Return a request handler like `base` that begins TLS after its answer to STARTTLS."""

    class InTLS(base):  # type: ignore[misc]
        def say(self, stage: str) -> str:
            answer: str = super().say(stage)
            if stage == "STARTTLS":
                self.request = context.wrap_socket(self.request, server_side=True)
                self.setup()
            return answer

        def finish(self) -> None:
            super().finish()
            self.request.close()

    return InTLS


def nowhere() -> int:
    """Return another port at each call on which no process listens before the test is over."""
    reserved = heldPort()
    Nowhere.reserved.append(reserved)
    port: int = reserved.getsockname()[1]
    return port


class Nowhere:
    """The sockets of nowhere(), closed when the test is over."""

    reserved: ClassVar[list[socket.socket]] = []


class Caller:
    """Caller(port) -> a client that has heard the greeting; say(line) gives the reply.

    before: what it sends before that, such as the header of a load balancer.
    """

    opened: ClassVar[list["Caller"]] = []  # closed when the test is over

    def __init__(self, port: int, before: bytes = b"") -> None:
        self.opened.append(self)
        self.socket = dial(port)
        self.socket.sendall(before)
        self.file = self.socket.makefile("rb")
        self.greeting = self.hear()

    def hear(self) -> str:
        """One reply; "" when the connection has ended."""
        lines = []
        while line := self.file.readline():
            lines.append(line.decode("utf-8", "surrogateescape").rstrip("\r\n"))
            if line[3:4] != b"-":
                break
        return "\n".join(lines)

    def say(self, line: str) -> str:
        self.socket.sendall(line.encode() + b"\r\n")
        return self.hear()

    def sayAll(self, *lines: str) -> list[str]:
        return [self.say(line) for line in lines]

    def begin(self, *recipients: str, sender: str = "<a@b.example>") -> list[str]:
        """EHLO, MAIL, and RCPT for each; the replies to MAIL and RCPT."""
        self.say("EHLO client")
        rcpts = [f"RCPT TO:{path}" for path in recipients or ("<c@d.example>",)]
        return self.sayAll(f"MAIL FROM:{sender}", *rcpts)

    def send(self, text: bytes = b"Subject: x\r\n\r\nHello\r\n", end: bytes = b".\r\n") -> str:
        """DATA, the text, the dot: the last reply."""
        reply = self.say("DATA")
        if reply[:3] != "354":
            return reply
        self.socket.sendall(text + end)
        return self.hear()

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def end(self) -> bytes:
        """QUIT, and what still comes."""
        self.socket.sendall(b"QUIT\r\n")
        return self.file.read()


def oneMail(*recipients: str, **given: Any) -> Callable[[Any], str]:
    """A client that sends one mail: the last reply, of the first thing that is refused."""

    def client(server: Any) -> str:
        caller = Caller(server.ports[0])
        for reply in caller.begin(*recipients):
            if reply[0] not in "2":
                return reply
        reply = caller.send(**given)
        caller.end()
        return reply

    return client


__all__ = [
    "HANG_UP",
    "PATIENCE",
    "SHORT",
    "SILENCE",
    "TOOK_AND_HUNG_UP",
    "TOOK_IN_SILENCE",
    "Caller",
    "FarEnd",
    "Mail",
    "nowhere",
    "oneMail",
    "readAll",
    "shortLimits",
]
