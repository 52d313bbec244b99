"""The socket that answers with the state of a running program, and `kamaelia ps` and `tree`."""

import json
import os
import resource
import select
import signal
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from Axon.Component import component
from Kamaelia.Apps.Command.Main import main
from Kamaelia.Apps.Command.Running import NotRunning, shown, table, tree
from Kamaelia.Visualisation.InspectSocket import MOST, InspectSocket

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 30

#: A system in which a producer is held by a consumer that does not read.
PROGRAM = """
from Axon.Component import component
from Kamaelia.Chassis.Graphline import Graphline

class Producer(component):
    def main(self):
        while True:
            self.send("x")
            yield 1

class Consumer(component):
    def main(self):
        while not self.anyReady() or self.dataReady("inbox") < 3:
            yield 1
        print("full", flush=True)
        while True:
            yield self.pause(3600)

Graphline(
    SOURCE=Producer(),
    SLOW=Consumer(),
    linkages={("SOURCE", "outbox"): ("SLOW", "inbox")},
    capacity=3,
).run()
"""


@pytest.fixture
def start(tmp_path):
    """Return start(path, ...), which runs PROGRAM with KAMAELIA_INSPECT=path."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    started = []

    def start(path, **environment):
        process = subprocess.Popen(
            [sys.executable, str(program)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT), "KAMAELIA_INSPECT": str(path)} | environment,
        )
        started.append(process)
        assert process.stdout.readline() == "full\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=PATIENCE)


def end(process):
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=PATIENCE)[1]


def test_ps_shows_the_deepest_queue_first_and_what_holds_what(start, tmp_path, capsys):
    process = start(tmp_path / "socket")
    assert main(["ps", str(tmp_path / "socket")]) == 0
    heading, columns, first, *rest = capsys.readouterr().out.splitlines()
    assert heading == (
        f"{tmp_path / 'program.py'} (process {process.pid}): 3 components, 1 held, 3 messages wait"
    )
    assert columns.split() == ["DEPTH", "STATE", "COMPONENT"]
    assert first.split()[:3] == ["3", "paused", "SLOW"]
    assert ", ".join(first.split("  ")[-1].split(", ")[:1]) == "inbox 3 of 3"
    [held] = [line for line in rest if " held " in line]
    assert held.split()[:3] == ["0", "held", "SOURCE"]
    assert held.split("  ")[-1].startswith("held by SLOW (Consumer_")
    assert held.endswith(" inbox")


def test_tree_shows_each_component_below_its_parent(start, tmp_path, capsys):
    start(tmp_path / "socket")
    assert main(["tree", str(tmp_path / "socket")]) == 0
    _, *lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0].partition("_")[0] for line in lines] == ["Graphline", "SOURCE", "SLOW"]
    assert [line.startswith("  ") for line in lines] == [False, True, True]


@pytest.mark.parametrize("command", ["ps", "tree"])
def test_both_print_the_snapshot_as_json(start, tmp_path, capsys, command):
    process = start(tmp_path / "socket")
    assert main([command, str(tmp_path / "socket"), "--json"]) == 0
    state = json.loads(capsys.readouterr().out)
    assert state["pid"] == process.pid
    assert sorted(state["labels"].values()) == ["SLOW", "SOURCE"]
    assert {each["state"] for each in state["components"]} == {"held", "paused", "waiting"}


def test_only_the_user_can_connect(start, tmp_path):
    start(tmp_path / "socket")
    assert stat.S_IMODE((tmp_path / "socket").stat().st_mode) == 0o600


def test_the_socket_is_removed_at_the_end(start, tmp_path):
    process = start(tmp_path / "socket")
    end(process)
    assert not (tmp_path / "socket").exists()


def test_the_socket_of_a_program_that_was_killed_is_replaced(start, tmp_path, capsys):
    killed = start(tmp_path / "socket")
    killed.kill()
    killed.communicate(timeout=PATIENCE)
    assert main(["ps", str(tmp_path / "socket")]) == 1
    assert "no program can be inspected at" in capsys.readouterr().err
    start(tmp_path / "socket")
    assert main(["ps", str(tmp_path / "socket")]) == 0


def test_a_foreign_file_is_never_removed(start, tmp_path):
    (tmp_path / "file").write_text("precious")
    process = start(tmp_path / "file")
    assert "KAMAELIA_INSPECT has no effect: cannot listen on" in end(process)
    assert (tmp_path / "file").read_text() == "precious"


def test_the_socket_of_another_program_is_left_to_it(start, tmp_path, capsys):
    first, second = start(tmp_path / "socket"), start(tmp_path / "socket")
    assert "another process listens there" in end(second)
    main(["ps", str(tmp_path / "socket"), "--json"])
    assert json.loads(capsys.readouterr().out)["pid"] == first.pid


def test_the_path_may_contain_the_process_id(start, tmp_path):
    process = start(tmp_path / "socket-%p")
    assert main(["ps", str(tmp_path / f"socket-{process.pid}")]) == 0


def test_nothing_is_opened_where_observation_is_forbidden(start, tmp_path):
    start(tmp_path / "socket", KAMAELIA_OBSERVE="off")
    assert not (tmp_path / "socket").exists()


@pytest.mark.parametrize("name", ["none", "x" * 200, "a\0b"], ids=["none", "long", "NUL"])
def test_a_path_without_a_program_is_a_sentence(tmp_path, capsys, name):
    assert main(["ps", f"{tmp_path}/{name}"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("kamaelia: ")
    assert len(said.splitlines()) == 1


def test_a_socket_of_another_kind_is_a_sentence(tmp_path, capsys):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "other"))
        listening.listen()
        accepted = []

        def answer():
            peer, _ = listening.accept()
            peer.sendall(b"220 hello\r\n")
            peer.close()
            accepted.append(peer)

        thread = threading.Thread(target=answer)
        thread.start()
        assert main(["tree", str(tmp_path / "other")]) == 1
        thread.join()
    assert "is no program with KAMAELIA_INSPECT" in capsys.readouterr().err


def connected(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(str(path))
    sock.settimeout(PATIENCE)
    return sock


ESCAPE = "\x1b]0;title\x07"
FORGED = {
    "pid": ESCAPE,
    "program": ESCAPE,
    "labels": {"1": ESCAPE},
    "components": [
        {
            "id": 1,
            "name": ESCAPE,
            "state": ESCAPE,
            "parent": None,
            "inboxes": [{"name": ESCAPE, "depth": 1, "capacity": ESCAPE, "size": None}],
            "heldBy": [{"component": 1, "box": ESCAPE}],
            "timeLeft": None,
        }
    ],
}


@pytest.mark.parametrize("command", ["ps", "tree"])
@pytest.mark.parametrize("parents", [(None, None), (2, 1), (1, 1)])
def test_an_answer_of_a_foreign_program_does_not_reach_the_terminal_as_it_is(
    tmp_path, capsys, command, parents
):
    path = tmp_path / "forged.sock"
    (forged,) = FORGED["components"]
    both = [forged | {"id": 1 + at, "parent": parent} for at, parent in enumerate(parents)]
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def respond():
            client, _ = listener.accept()
            with client:
                client.sendall(json.dumps(FORGED | {"components": both}).encode())

        thread = threading.Thread(target=respond)
        thread.start()
        assert main([command, str(path)]) == 0
        thread.join(PATIENCE)
    said = capsys.readouterr().out
    assert said.isascii()
    assert "\x1b" not in said
    assert len(said.splitlines()) == (4 if command == "ps" else 3)


@pytest.mark.parametrize("lines", [table, tree])
def test_a_state_without_sense_is_a_sentence(lines):
    for wrong in ([{"id": []}], [None], 5, [{"id": 1, "parent": None, "name": 1, "state": 1}]):
        with pytest.raises(NotRunning, match="is no program with KAMAELIA_INSPECT"):
            shown(lines, FORGED | {"components": wrong})


def test_clients_that_do_not_read_are_disconnected_when_others_come(tmp_path):
    class Host(component):
        """Make the answer larger than the buffers of a socket, and connect many clients."""

        Inboxes = {f"box {number} {'x' * 1000}": "" for number in range(2000)}

        def main(self):
            opened = InspectSocket(self.scheduler, str(tmp_path / "socket"))
            self.clients = []
            for _ in range(MOST + 4):
                self.clients.append(connected(tmp_path / "socket"))
                yield self.pause(0.01)
            self.open = len(opened._answers)
            opened.close()

    host = Host()
    host.run()
    assert host.open == MOST
    for each in host.clients:
        each.close()


class Counted(InspectSocket):
    """A socket that counts how often it watches for clients, and its attempts to accept one."""

    watches = attempts = 0

    def _watch(self):
        self.watches += 1
        super()._watch()

    def _accept(self):
        self.attempts += 1
        super()._accept()


def test_a_client_without_a_free_descriptor_waits_and_is_not_looked_at_meanwhile(tmp_path):
    class Host(component):
        def main(self):
            opened = Counted(self.scheduler, str(tmp_path / "socket"))
            client = connected(tmp_path / "socket")
            before = resource.getrlimit(resource.RLIMIT_NOFILE)
            lowestFree = os.dup(client.fileno())
            os.close(lowestFree)
            resource.setrlimit(resource.RLIMIT_NOFILE, (lowestFree, before[1]))
            try:
                while not opened.attempts:
                    yield self.pause(0.01)
                yield self.pause(0.1)
                self.counts = opened.attempts, opened.watches
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, before)
            while not select.select([client], [], [], 0)[0]:
                yield self.pause(0.02)
            self.answer = client.recv(100)
            client.close()
            opened.close()

    host = Host()
    host.run()
    assert host.answer.startswith(b"{")
    attempts, watches = host.counts
    assert 0 < attempts <= watches


def test_a_name_without_permissions_is_refused():
    class Host(component):
        def main(self):
            with pytest.raises(ValueError, match="an abstract name has no permissions"):
                InspectSocket(self.scheduler, "\0name")
            yield 1

    Host().run()
