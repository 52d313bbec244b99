"""Several processes on one port: real processes, which are signalled and killed."""

import gc
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Scheduler import scheduler
from Kamaelia.Chassis import Workers
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Tests.Kamaelia.sockets import PATIENCE, Echo, dial, readAll, readExactly

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.usefixtures("eachLoop")


class ProcessReporter(component):
    """Send the id of its process, then carry out commands."""

    def main(self) -> Generator[int, None, None]:
        self.send(f"{os.getpid():8}")
        while not self.dataReady("control"):
            yield from self.waitForMessage()
            for told in self.Inbox():
                if told == b"fail":
                    raise RuntimeError("a handler's own mistake")
                self.send(told)
        if isinstance(self.recv("control"), shutdownMicroprocess):
            self.send("bye")


def ask(sock: socket.socket) -> int:
    return int(readExactly(sock, 8))


def isThere(pid: int) -> bool:
    return os.path.exists(f"/proc/{pid}")


def isRunning(pid: int) -> bool:
    """Return whether a process runs; one that has ended and was not reaped yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ")[-1][0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def isListening(port: int) -> bool:
    """Return whether a socket listens on this port; no connection is made for that."""
    sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(here.endswith(f":{port:04X}") and state == "0A" for _, here, _, state, *_ in sockets)


def waitUntil(isSo: Callable[[], object]) -> None:
    """Poll until `condition()` is true: another process offers no event to wait for."""
    while not isSo():
        time.sleep(0.005)


def isRefused(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) != 0


def pidsOf(server: Any) -> set[int]:
    return set(server.server.pids)


def forkServerOf(server: Any) -> int:
    return int(server.server.forkServerPid)


@contextmanager
def dials(port: int, count: int) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        yield [stack.enter_context(dial(port)) for _ in range(count)]


def test_each_of_several_processes_serves_connections(serving):
    def client(server: Any) -> Any:
        with ExitStack() as stack:
            served: set[int] = set()
            while len(served) < 2:
                served.add(ask(stack.enter_context(dial(server.port))))
            return served == pidsOf(server), os.getpid() in served

    assert serving(client, protocol=ProcessReporter, workers=2) == (True, False)


def test_no_client_waits_for_a_busy_worker_while_another_one_is_idle(serving):
    def client(server: Any) -> Any:
        busy, idle = pidsOf(server)
        os.kill(busy, signal.SIGSTOP)
        try:
            with dials(server.port, 10) as socks:
                return {ask(sock) for sock in socks} == {idle}
        finally:
            os.kill(busy, signal.SIGCONT)

    assert serving(client, protocol=ProcessReporter, workers=2)


@pytest.mark.parametrize("workers", [None, 1])
def test_with_one_worker_the_program_itself_serves(serving, workers):
    def client(server: Any) -> int:
        with dial(server.port) as sock:
            return ask(sock)

    assert serving(client, protocol=ProcessReporter, workers=workers) == os.getpid()


@pytest.mark.parametrize("workers", [0, -1])
def test_fewer_than_one_worker_is_an_error(workers):
    with pytest.raises(ValueError, match="number of processes that serve"):
        ServerCore(protocol=Echo, workers=workers)


def test_no_process_and_no_descriptor_is_left_at_the_end(serving):
    def client(server: Any) -> set[int]:
        return pidsOf(server) | {forkServerOf(server)}

    serving(client, protocol=ProcessReporter, workers=2)
    gc.collect()  # earlier tests may have left descriptors to it
    before = len(os.listdir("/proc/self/fd"))
    pids = serving(client, protocol=ProcessReporter, workers=2)
    assert len(pids) == 3
    assert not any(map(isThere, pids))  # not even as zombies
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_worker_has_no_connection_of_the_program_that_started_it(serving):
    mine, theirs = socket.socketpair()

    def client(server: Any) -> Any:
        theirs.close()
        mine.settimeout(PATIENCE)
        return mine.recv(1)

    with mine:
        assert serving(client, protocol=ProcessReporter, workers=2) == b""


def test_a_killed_worker_loses_its_own_connections_only_and_is_replaced(serving, caplog):
    def client(server: Any) -> Any:
        with dials(server.port, 8) as socks:
            servedBy = {sock: ask(sock) for sock in socks}
            before = pidsOf(server)
            victim = next(iter(servedBy.values()))
            os.kill(victim, signal.SIGKILL)
            waitUntil(lambda: victim not in pidsOf(server) and len(pidsOf(server)) == 2)
            for sock, pid in servedBy.items():
                if pid == victim:
                    assert readAll(sock) == b""
                else:
                    sock.sendall(b"still here")
                    assert readExactly(sock, 10) == b"still here"
            return len(before & pidsOf(server)), f"worker {victim} ended with SIGKILL"

    left, said = serving(client, protocol=ProcessReporter, workers=2)
    assert left == 1
    assert said in caplog.text


def test_clients_that_wait_to_be_accepted_survive_the_workers(serving):
    def client(server: Any) -> Any:
        with dials(server.port, 2) as (first, second):
            full = {ask(first), ask(second)}
            with dials(server.port, 4) as waiting:
                for pid in full:
                    os.kill(pid, signal.SIGKILL)
                served = set()
                for sock in waiting:
                    served.add(ask(sock))
                    sock.close()
                return len(full), full & served

    assert serving(client, protocol=ProcessReporter, workers=2, max_connections=1) == (2, set())


def test_an_error_in_a_handler_closes_its_own_connection_only(serving):
    def client(server: Any) -> Any:
        before = pidsOf(server)
        with dials(server.port, 6) as (bad, *good):
            for sock in (bad, *good):
                ask(sock)
            bad.sendall(b"fail")
            ended = readAll(bad)
            for sock in good:
                sock.sendall(b"x")
            return ended, {sock.recv(1) for sock in good}, pidsOf(server) == before

    assert serving(client, protocol=ProcessReporter, workers=2) == (b"", {b"x"}, True)


def test_a_shutdown_ends_all_workers_in_order_and_reaches_the_handlers():
    said: list[bytes] = []
    server = ServerCore(protocol=ProcessReporter, port=0, host="127.0.0.1", workers=2)

    def talk() -> None:
        with dials(server.port, 6) as socks:
            for sock in socks:
                ask(sock)
            server.scheduler.callFromThread(lambda: server._deliver(producerFinished(), "control"))
            said.extend(readAll(sock) for sock in socks)
            waitUntil(lambda: isRefused(server.port))

    thread = threading.Thread(target=talk)
    server.onListening = lambda _: thread.start()
    server.run()
    thread.join()
    assert said == [b"bye"] * 6
    assert not scheduler.run.listAllThreads()


def test_all_workers_share_one_port_of_several_hosts_which_the_parent_knows(serving):
    def client(server: Any) -> Any:
        answers = []
        for host in ("127.0.0.1", "::1"):
            with dial(server.port, host) as sock:
                answers.append(ask(sock) in pidsOf(server))
        return answers, len(set(server.ports)), len(server.ports)

    settings: dict[str, Any] = {"host": ["127.0.0.1", "::1"], "workers": 2}
    assert serving(client, protocol=ProcessReporter, **settings) == ([True, True], 1, 2)


def test_a_unix_socket(serving, tmp_path):
    path = str(tmp_path / "socket")

    def call() -> int:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(PATIENCE)
            sock.connect(path)
            return ask(sock)

    def client(server: Any) -> Any:
        victim = call()
        os.kill(victim, signal.SIGTERM)
        waitUntil(lambda: victim not in pidsOf(server) and len(pidsOf(server)) == 2)
        return os.path.exists(path), call() in pidsOf(server)

    assert serving(client, protocol=ProcessReporter, path=path, workers=2) == (True, True)
    assert not os.path.exists(path)


def test_tls_in_workers(serving, certificate):
    def client(server: Any) -> bool:
        with certificate.client.wrap_socket(dial(server.port), server_hostname="localhost") as sock:
            return int(sock.recv(8)) in pidsOf(server)

    assert serving(client, protocol=ProcessReporter, ssl=certificate.server, workers=2)


def test_a_port_in_use_is_an_error_at_start_that_names_the_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"port {port} of 127.0.0.1"):
            ServerCore(protocol=Echo, port=port, host="127.0.0.1", workers=2).run()


def test_workers_are_not_forked_while_other_threads_run():
    isOver = threading.Event()
    thread = threading.Thread(target=isOver.wait)
    thread.start()
    try:
        with pytest.raises(RuntimeError, match="while other threads run"):
            ServerCore(protocol=Echo, port=0, workers=2).run()
    finally:
        isOver.set()
        thread.join()


def test_a_server_can_be_started_in_a_running_system():
    pids: list[int] = []
    server = ServerCore(protocol=ProcessReporter, port=0, host="127.0.0.1", workers=2)

    def talk() -> None:
        with dial(server.port) as sock:
            pids.append(ask(sock))
        server.scheduler.callFromThread(lambda: server._deliver(producerFinished(), "control"))

    class Program(component):
        def main(self) -> Generator[int, None, None]:
            yield 1
            self.addChildren(server.activate())
            while server._task.isAlive():
                yield from self.waitForChange()

    server.onListening = lambda _: threading.Thread(target=talk).start()
    Program().run()
    assert pids != [os.getpid()]
    assert len(pids) == 1


def test_workers_that_cannot_start_raise_an_error_with_the_reason(monkeypatch, caplog):
    monkeypatch.setattr(Workers, "FIRST_DELAY", 0.001)

    def onWorker(_: Any) -> None:
        raise LookupError("no settings")

    server = ServerCore(protocol=Echo, port=0, workers=2, onWorker=onWorker)
    with pytest.raises(Workers.workersCannotStart, match=r"5 workers in a row .* exit code 1"):
        server.run()
    assert caplog.text.count("ended with exit code 1 before it listened") == 5


def test_a_failure_to_fork_counts_as_a_failed_start(monkeypatch, caplog):
    monkeypatch.setattr(Workers, "FIRST_DELAY", 0.001)
    fork, parent = os.fork, os.getpid()

    def failing() -> int:
        if os.getpid() == parent:
            return fork()
        raise BlockingIOError("too many processes")

    monkeypatch.setattr(os, "fork", failing)
    with pytest.raises(Workers.workersCannotStart):
        ServerCore(protocol=Echo, port=0, workers=2).run()


def test_a_component_that_is_activated_in_a_worker_runs_there_until_it_ends(serving, tmp_path):
    class Note(component):
        def main(self) -> Generator[int, None, None]:
            note = tmp_path / str(os.getpid())
            note.touch()
            try:
                yield from self.passOnShutdown()
            finally:
                note.unlink()

    def client(server: Any) -> Any:
        return {int(note.name) for note in tmp_path.iterdir()} == pidsOf(server)

    settings = {"onWorker": lambda _: Note().activate(), "workers": 2}
    assert serving(client, protocol=ProcessReporter, **settings)
    assert not list(tmp_path.iterdir())


def test_a_hangup_without_onHangup_ends_no_worker(serving):
    def client(server: Any) -> Any:
        before = pidsOf(server)
        server.hangUp()
        with dial(server.port) as sock:
            return ask(sock) in before, pidsOf(server) == before

    assert serving(client, protocol=ProcessReporter, workers=2) == (True, True)


def test_a_worker_has_only_its_own_event_queue(serving):
    def client(server: Any) -> int:
        folder, queues = Path(f"/proc/{pidsOf(server).pop()}/fd"), 0
        for each in folder.iterdir():
            with suppress(FileNotFoundError):  # a file that the worker has closed meanwhile
                queues += os.readlink(each) == "anon_inode:[eventpoll]"
        return queues

    assert serving(client, protocol=ProcessReporter, workers=2) == 1


def test_the_delay_before_a_worker_is_replaced_grows_with_repeated_deaths(
    serving, monkeypatch, caplog
):
    monkeypatch.setattr(Workers, "FIRST_DELAY", 0.05)
    monkeypatch.setattr(Workers, "PERIOD", 3600.0)
    delayAfter, pauses = Workers.Workers._delayAfter, []

    def notedPause(self: Any, code: int) -> float:
        pauses.append(delayAfter(self, code))
        return pauses[-1]

    monkeypatch.setattr(Workers.Workers, "_delayAfter", notedPause)

    def client(server: Any) -> None:
        for _ in range(5):
            with dial(server.port) as sock:
                pid = ask(sock)
                os.kill(pid, signal.SIGKILL)
                waitUntil(lambda pid=pid: pid not in pidsOf(server) and len(pidsOf(server)) == 2)

    serving(client, protocol=ProcessReporter, workers=2)
    assert pauses[:5] == [0, 0.05, 0.1, 0.2, 0.4]


def test_when_the_fork_server_is_killed_all_processes_end_with_an_error(caplog):
    pids: set[int] = set()

    def onListening(server: Any) -> None:
        pids.update(pidsOf(server))
        os.kill(forkServerOf(server), signal.SIGKILL)

    server = ServerCore(protocol=ProcessReporter, port=0, workers=2, onListening=onListening)
    with pytest.raises(RuntimeError, match="lost the process that forks"):
        server.run()
    assert len(pids) == 2
    waitUntil(lambda: not any(map(isRunning, pids)))


# Separate programs, which can be signalled

PROGRAM = """
import asyncio, logging, os, pathlib, signal, sys
from Axon import EventLoop, Signals
logging.basicConfig(format="%(message)s")  # warnings only
if "ignored" in sys.argv:  # as in a shell's background job
    signal.signal(signal.SIGQUIT, signal.SIG_IGN)
if sys.argv[1] == "asyncio":
    EventLoop.newLoop = lambda clock=None: asyncio.new_event_loop()
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Internet import ForkServer
from Tests.Kamaelia.Chassis.test_Workers import Stubborn, ProcessReporter

Signals.PATIENCE = ForkServer.KILL_DELAY = float(sys.argv[3])
settings = {"port": 0, "host": "127.0.0.1", "workers": 2, "reloads": 0}

class Server(ServerCore):
    def protocol(self, **_):
        return Stubborn() if self.stubborn else ProcessReporter()

    def onHangup(self, server):
        self.reloads += 1
        print(f"reload {self.reloads}\\n", end="", flush=True)

def tell(server):
    children = pathlib.Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()
    print(server.port, children, *server.server.pids, flush=True)

Server(onListening=tell, stubborn="s" in sys.argv, grace=float(sys.argv[2]), **settings).run()
print("over\\n", end="", flush=True)
"""


class Stubborn(component):
    """Read no message, and print a line when it is closed."""

    def main(self) -> Generator[int, None, None]:
        self.send(f"{os.getpid():8}")
        try:
            while True:
                list(self.Inbox("control"))
                yield from self.waitForMessage()
        finally:
            print("closed\n", end="", flush=True)  # noqa: T201 - this is its output


class Program:
    def __init__(self, process: Any) -> None:
        self.process = process
        self.port, self.nursery, *self.pids = map(int, process.stdout.readline().split())

    def ends(self) -> tuple[str, str]:
        """Return the output, when all processes that share it have ended."""
        output, errors = self.process.communicate(timeout=PATIENCE)
        waitUntil(lambda: not any(map(isRunning, [self.nursery, *self.pids])))
        return output, errors


@pytest.fixture
def program(eachLoop: str) -> Iterator[Callable[..., Program]]:
    with ExitStack() as stack:

        def start(grace: float = PATIENCE, *flags: str, patience: float = PATIENCE) -> Program:
            seconds = [str(grace), str(patience)]
            process = subprocess.Popen(
                [sys.executable, "-W", "error", "-c", PROGRAM, eachLoop, *seconds, *flags],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                cwd=ROOT,
                start_new_session=True,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return Program(process)

        yield start


@pytest.mark.parametrize("isForAll", [False, True], ids=["parent", "group"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_processes_in_order(program, number, isForAll):
    """Send it to the parent only, or to all, as terminals and service managers do."""
    running = program()
    with dials(running.port, 6) as socks:
        for sock in socks:
            ask(sock)
        (os.killpg if isForAll else os.kill)(running.process.pid, number)
        assert [readAll(sock) for sock in socks] == [b"bye"] * 6
        assert running.ends() == ("over\n", "")
    assert running.process.returncode == 0


@pytest.mark.parametrize("flags", [(), ("ignored",)], ids=["", "SIGQUIT ignored"])
def test_a_second_signal_ends_all_processes_at_once(program, flags):
    running = program(3600, "s", *flags)  # the grace period; the second signal ends it
    with dials(running.port, 4) as socks:
        for sock in socks:
            ask(sock)
        running.process.terminate()
        waitUntil(lambda: not isListening(running.port))  # the first signal is handled
        running.process.terminate()
        output, errors = running.ends()
    assert errors == ""
    assert sorted(output.split()) == ["closed"] * 4 + ["over"]


def test_when_the_parent_is_killed_the_workers_end_in_order(program):
    running = program()
    with dials(running.port, 6) as socks:
        for sock in socks:
            ask(sock)
        running.process.kill()
        assert [readAll(sock) for sock in socks] == [b"bye"] * 6
        assert running.ends() == ("", "")


def test_a_worker_that_hangs_is_killed(program):
    running = program(0.1, patience=0.1)
    os.kill(running.pids[0], signal.SIGSTOP)
    running.process.terminate()
    assert running.ends() == ("over\n", "")


def test_a_hangup_reaches_all_workers_and_their_replacements(program):
    running = program()
    for count in "12":
        running.process.send_signal(signal.SIGHUP)
        for _ in running.pids:
            assert running.process.stdout.readline() == f"reload {count}\n"
    os.kill(running.pids.pop(), signal.SIGKILL)
    assert running.process.stdout.readline() == "reload 1\n"
    running.process.terminate()
    output, errors = running.ends()
    assert output == "over\n"
    assert re.fullmatch(r"worker \d+ ended with SIGKILL, and is replaced\n", errors)


def test_a_hangup_reaches_a_server_without_workers_and_an_error_of_its_hook_is_logged(
    serving, caplog
):
    heard = threading.Event()

    def onHangup(_: Any) -> None:
        heard.set()
        raise LookupError("no settings")

    def client(server: Any) -> bool:
        os.kill(os.getpid(), signal.SIGHUP)
        assert heard.wait(PATIENCE)
        with dial(server.port) as sock:
            return ask(sock) == os.getpid()

    assert serving(client, protocol=ProcessReporter, onHangup=onHangup)
    assert "no settings" in caplog.text
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL
