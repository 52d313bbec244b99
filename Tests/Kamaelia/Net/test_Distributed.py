"""A graphline whose parts run in several places."""

import os
import select
import signal
import socket
import subprocess
import sys
import textwrap
from itertools import pairwise
from pathlib import Path

import pytest

from Axon.AxonExceptions import wiringError
from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Net.Distributed import Distributed, at, here
from Kamaelia.Util.NullSinkComponent import nullSinkComponent

ROOT = Path(__file__).parents[3]
COUNT = 2000


class Numbers(component):
    def main(self):
        for number in range(COUNT):
            self.send(number)
            if number % 10 == 9:
                yield 1
        self.send(producerFinished(self), "signal")


class Double(component):
    def main(self):
        while True:
            yield from self.waitForMessage()
            for number in self.Inbox():
                self.send(2 * number)
            if self.isShuttingDown():
                return


class Collect(component):
    def main(self):
        self.got = []
        while True:
            yield from self.waitForMessage()
            self.got += self.Inbox()
            if self.isShuttingDown():
                return


class Record(component):
    """Writes each number to standard output."""

    def main(self):
        while True:
            yield from self.waitForMessage()
            for number in self.Inbox():
                os.write(1, b"%d\n" % number)
            if self.isShuttingDown():
                return


def chain(*names):
    linkages = {}
    for source, sink in pairwise(names):
        linkages[source, "outbox"] = (sink, "inbox")
        linkages[source, "signal"] = (sink, "control")
    return linkages


def test_parts_run_here_and_in_processes_of_their_own():
    collect = Collect()
    Distributed(
        NUMBERS=Numbers,
        FIRST=here.process(Double),
        SECOND=here.process(Double),
        COLLECT=collect,
        linkages=chain("NUMBERS", "FIRST", "SECOND", "COLLECT"),
    ).run()
    assert collect.got == [4 * number for number in range(COUNT)]


def systemAt(url):
    return Distributed(
        url,
        NUMBERS=Numbers,
        DOUBLE=at("b.example", Double),
        RECORD=at("c.example", Record),
        linkages=chain("NUMBERS", "DOUBLE", "RECORD"),
    )


def startPart(url, name, *words):
    """Start a part, or the system if `name` is "", in another process."""
    code = f"""
        from Tests.Kamaelia.Net.test_Distributed import systemAt
        system = systemAt({url!r})
        (system.part({name!r}) if {name!r} else system).run()
    """
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )


def read(process, upTo=None):
    got = []
    for line in process.stdout:
        if line.endswith(b"\n"):
            got.append(int(line))
            if upTo is not None and got[-1] >= upTo:
                break
    return got


def test_parts_elsewhere_are_linked_through_the_server(redis):
    parts = [startPart(redis.url, name) for name in ("", "DOUBLE", "RECORD")]
    try:
        assert read(parts[2]) == [2 * number for number in range(COUNT)]
        assert [part.wait(60) for part in parts] == [0, 0, 0]
    finally:
        endAll(parts)


@pytest.mark.parametrize("killed", ["DOUBLE", "RECORD"])
def test_a_killed_part_elsewhere_loses_nothing(redis, killed):
    parts = {name: startPart(redis.url, name) for name in ("", "DOUBLE", "RECORD")}
    everything = list(parts.values())
    try:
        got = read(parts["RECORD"], 100)
        parts[killed].send_signal(signal.SIGKILL)
        if killed == "RECORD":
            got += read(parts["RECORD"])
        parts[killed].wait()
        parts[killed] = startPart(redis.url, killed)
        everything.append(parts[killed])
        got += read(parts["RECORD"])
        assert set(got) == {2 * number for number in range(COUNT)}
        assert len(got) - COUNT <= 64 * 2
        assert [part.wait(60) for part in parts.values()] == [0, 0, 0]
    finally:
        endAll(everything)


def endAll(parts):
    for part in parts:
        if part.poll() is None:
            part.kill()
        part.wait()
        part.stdout.close()


def test_parts_elsewhere_need_an_address():
    with pytest.raises(wiringError, match="needs an address"):
        systemAt(None)


def test_only_parts_that_run_elsewhere_can_be_started_there(redis):
    system = systemAt(redis.url)
    with pytest.raises(wiringError, match="there are DOUBLE, RECORD"):
        system.part("NUMBERS")


WHOLE = """
    import os, sys
    from Tests.Kamaelia.Net.test_Distributed import *
    from Kamaelia.Net.RemoteIn import RemoteIn

    class Tell(component):
        def main(self):
            while not all(part.process for part in parts):
                yield 1
            os.write(1, b"".join(b"%d\\n" % part.process.pid for part in parts))
            while True:
                self.pause()
                yield 1

    parts = [here.process(Double), here.process(Double)]
    if __name__ == "__main__":
        Distributed(
            A=parts[0], B=parts[1], TELL=Tell, IN=RemoteIn(sys.argv[1], "lines"),
            linkages=chain("TELL", "A", "B"),
        ).run()
"""


@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM", "SIGKILL"])
def test_when_the_whole_is_ended_no_process_and_no_socket_is_left(freePorts, how):
    port = freePorts()
    whole = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WHOLE), f"tcp://127.0.0.1:{port}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    with whole.stdout, whole.stderr:
        pids = [int(whole.stdout.readline()) for _ in range(2)]
        descriptors = [os.pidfd_open(pid) for pid in pids]
        if how == "Ctrl-C":  # the terminal sends it to all processes in the foreground
            os.killpg(whole.pid, signal.SIGINT)
        else:
            whole.send_signal(getattr(signal, how))
        errors = whole.stderr.read().decode()  # until all processes have ended
        assert whole.wait(60) == -(signal.SIGINT if how == "Ctrl-C" else getattr(signal, how))
        for descriptor in descriptors:
            assert select.select([descriptor], [], [], 60)[0]
            os.close(descriptor)
        socket.create_server(("127.0.0.1", port)).close()
        assert errors.count("Traceback") == (how == "Ctrl-C"), errors


def test_a_distributed_system_without_links_is_a_graphline():
    Distributed(NUMBERS=Numbers, SINK=nullSinkComponent, linkages=chain("NUMBERS", "SINK")).run()
