"""Few descriptors: a client that is accepted can be relayed to the real server."""

import socket
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from Tests.Kamaelia.Apps.Grey.programs import Program, python
from Tests.Kamaelia.Apps.Grey.wire import PATIENCE, Caller, FarEnd
from Tests.Kamaelia.sockets import dial

SERVER = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Chassis.ConnectedServer import ServerCore

class Proxy(ConcreteMailHandler):
    relay = "live"
    smtp_port = int(sys.argv[1])

    def shouldWeAcceptMail(self):
        return True

ServerCore(
    protocol=Proxy, host="127.0.0.1", port=0,
    onListening=lambda server: print("port", server.ports[0], flush=True),
).run()
"""


def test_with_64_descriptors_each_accepted_client_reaches_the_real_server(
    run: Callable[..., Program],
) -> None:
    with FarEnd() as far, ExitStack() as stack:
        program = run(*python("-c", SERVER, str(far.port)))
        port = int(program.readUntil("port ").split()[-1])
        waiting = [stack.enter_context(dial(port)) for _ in range(60)]
        served = 0
        while waiting:  # in the order in which they connected
            accepted = nextGreeted(waiting)
            served += len(accepted)
            for caller in accepted:
                assert [reply[:3] for reply in caller.begin()] == ["250", "250"]
            for caller in accepted:
                assert caller.send()[:3] == "250"
                caller.end()
                caller.close()
        assert served == 60
        assert len(far.mails) == 60


def nextGreeted(waiting: list[socket.socket]) -> list[Any]:
    """The clients that are greeted, taken from those that wait; at least one.

    Once one is greeted, those that are accepted with it are, within a moment.
    """
    accepted = [greeted(waiting.pop(0), PATIENCE)]
    while waiting:
        waiting[0].settimeout(0.5)
        try:
            waiting[0].recv(1, socket.MSG_PEEK)
        except TimeoutError:
            break
        accepted.append(greeted(waiting.pop(0), PATIENCE))
    return accepted


def greeted(sock: socket.socket, seconds: float) -> Any:
    sock.settimeout(seconds)
    caller = Caller.__new__(Caller)
    Caller.opened.append(caller)
    caller.socket, caller.file = sock, sock.makefile("rb")
    caller.greeting = caller.hear()
    return caller
