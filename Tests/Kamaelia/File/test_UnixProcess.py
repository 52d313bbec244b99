"""UnixProcess and UnixProcess2 with real commands."""

import os
import resource
import select
import signal
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Scheduler import scheduler
from Axon.testing import FINISHED, feed
from Axon.Timers import VirtualClock
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.File.ChildProcess import ChildProcess
from Kamaelia.File.FileHandles import FromFileHandle, ToFileHandle
from Kamaelia.File.UnixPipe import Pipethrough as deprecatedClass
from Kamaelia.File.UnixProcess import (
    Chargen,
    ChargenComponent,
    Pipethrough,
    UnixProcess,
    run_command,
)
from Kamaelia.File.UnixProcess2 import UnixProcess2
from Tests.Kamaelia.File.sinks import SlowConsumer, errorOf
from Tests.Kamaelia.File.test_Writing import Source

BOTH = pytest.mark.parametrize("process", [UnixProcess, UnixProcess2])
ENDLESS = "while :; do echo a line; done"


def isAlive(pid: int) -> bool:
    """Return whether a process exists and is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


# Input and output


@BOTH
def test_wc_counts_what_arrives_before_producerFinished(process: Any) -> None:
    outcome = feed(process("wc"), inbox=["hello world\n", b"and more\n"])
    assert [part.split() for part in outcome["outbox"]] == [[b"2", b"4", b"21"]]
    assert outcome["signal"] == [FINISHED] or outcome["signal"][0].message is None


@BOTH
def test_cat_returns_all_bytes(process: Any) -> None:
    messages = [bytes(range(256)) * 1000, "\N{EURO SIGN}", b"", b"x" * 300_000]
    outcome = feed(process("cat"), inbox=messages)
    sent = b"".join(each.encode() if isinstance(each, str) else each for each in messages)
    assert b"".join(outcome["outbox"]) == sent


@BOTH
def test_a_sequence_is_run_without_a_shell(process: Any) -> None:
    outcome = feed(process(["printf", "%s", "$HOME *"]))
    assert outcome["outbox"] == [b"$HOME *"]


def test_buffersize_is_the_most_bytes_in_a_message() -> None:
    outcome = feed(UnixProcess2("printf 1234567", buffersize=3))
    assert outcome["outbox"] == [b"123", b"456", b"7"]


def test_standard_error_has_an_outbox() -> None:
    outcome = feed(UnixProcess2("echo out; echo err >&2"))
    assert (outcome["outbox"], outcome["error"]) == ([b"out\n"], [b"err\n"])


def test_a_UnixProcess_discards_the_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    assert feed(UnixProcess("echo out; echo err >&2"))["outbox"] == [b"out\n"]
    assert capfd.readouterr() == ("", "")


@BOTH
@pytest.mark.parametrize("message", [3, None, "\ud800"])
def test_a_message_that_is_no_text_is_left_out(
    process: Any, message: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert feed(process("cat"), inbox=["a", message, "b"])["outbox"] == [b"ab"]
    assert repr(message) in caplog.text


# The end


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("exit 3", "Command 'exit 3' returned non-zero exit status 3."),
        ("kill -9 $$", "Command 'kill -9 $$' died with <Signals.SIGKILL: 9>."),
        ("no-such-command", "Command 'no-such-command' returned non-zero exit status 127."),
        (["no-such-command"], "[Errno 2] No such file or directory: 'no-such-command'"),
        ("a\0b", "embedded null byte"),
    ],
)
@BOTH
def test_a_failure_is_the_message_of_the_producerFinished(
    process: Any, command: Any, reason: str
) -> None:
    outcome = feed(process(command))
    assert [errorOf(message) for message in outcome["signal"]] == [reason]


@BOTH
def test_a_process_that_ends_by_itself_ends_the_component(process: Any) -> None:
    outcome = feed(process("echo done"), control=[])
    assert outcome["outbox"] == [b"done\n"]
    assert outcome["signal"][0].message is None


@BOTH
def test_a_child_that_stops_reading_discards_the_rest_and_is_no_error(process: Any) -> None:
    outcome = feed(process("head -c 3"), inbox=[b"x" * 1_000_000] * 5)
    assert outcome["outbox"] == [b"xxx"]
    assert outcome["signal"] == [FINISHED] or outcome["signal"][0].message is None


@BOTH
def test_shutdownMicroprocess_ends_the_process_and_what_it_has_started(
    process: Any,
) -> None:
    order = shutdownMicroprocess()
    running = process("sleep 1000 & echo $! $$; wait")
    watched: list[int] = []

    def watchAndEnd(outcome: Any) -> bool:
        if outcome["outbox"] and not watched:
            watched.extend(os.pidfd_open(int(pid)) for pid in outcome["outbox"][0].split())
            running.deliver(order, "control")
        return False

    outcome = feed(running, control=[], until=watchAndEnd)
    assert outcome["signal"] == [order]
    for descriptor in watched:
        assert select.select([descriptor], [], [], 10)[0], "the process has not ended"
        os.close(descriptor)


@BOTH
def test_a_child_that_is_killed_ends_the_component_with_an_error(process: Any) -> None:
    def kill(outcome: Any) -> bool:
        if outcome["outbox"]:
            with suppress(ProcessLookupError):
                os.kill(int(outcome["outbox"][0]), signal.SIGKILL)
        return False

    outcome = feed(process("echo $$; exec sleep 1000"), control=[], until=kill)
    assert "died with <Signals.SIGKILL: 9>" in errorOf(outcome["signal"][0])


def test_many_processes_run_beside_each_other() -> None:
    consumers = [SlowConsumer() for _ in range(30)]
    for number, consumer in enumerate(consumers):
        Pipeline(Source([f"{number}\n"]), UnixProcess2("cat"), consumer).activate()
    scheduler.run.runThreads()
    taken = [b"".join(consumer.taken) for consumer in consumers]
    assert taken == [b"%d\n" % number for number in range(30)]


def test_virtual_time_stands_still_while_a_process_runs(virtualClock: VirtualClock) -> None:
    class Hurry(component):
        def main(self) -> Iterator[int]:
            yield from self.waitForMessage(timeout=3600)
            process.deliver(shutdownMicroprocess(), "control")

    process, consumer = UnixProcess2("sleep 0.05; echo done"), SlowConsumer()
    Hurry().activate()
    Pipeline(process, consumer).run()
    assert consumer.taken == [b"done\n"]
    assert virtualClock.now() == 3600


def test_a_process_that_ignores_SIGTERM_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChildProcess, "grace", 0.05)
    order = shutdownMicroprocess()
    outcome = _feedUntilOutput(
        UnixProcess2("trap '' TERM; echo $$; while :; do sleep 9; done"), order
    )
    assert outcome["signal"] == [order]
    assert not isAlive(int(outcome["outbox"][0]))


def test_a_run_that_ends_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = feed(
        UnixProcess2("echo $$; exec sleep 1000"), until=lambda outcome: outcome["outbox"]
    )
    assert not isAlive(int(outcome["outbox"][0]))


def test_a_run_that_ends_before_the_first_turn_leaves_nothing_open() -> None:
    class Stopper(component):
        def main(self) -> Iterator[int]:
            scheduler.run.stop()
            yield 1

    UnixProcess2("cat").activate()
    feed(Stopper())  # the fixture examines the descriptors


def _feedUntilOutput(running: Any, order: Any) -> dict[str, list[Any]]:
    """Feed a component with `order` when it has sent the first message."""

    def isFirst(outcome: Any) -> bool:
        if outcome["outbox"] and not outcome.get("told"):
            outcome["told"] = [True]
            running.deliver(order, "control")
        return False

    return feed(running, control=[], until=isFirst)


@pytest.mark.parametrize("room", range(6))  # with more, uvloop itself leaves pipes open
def test_a_lack_of_descriptors_is_an_error_and_nothing_remains_open(room: int) -> None:
    class Tight(component):
        def main(self) -> Iterator[int]:
            yield 1  # the event loop has opened what it needs
            used = max(map(int, os.listdir("/proc/self/fd")))
            resource.setrlimit(resource.RLIMIT_NOFILE, (used + 20, before[1]))
            with suppress(OSError):
                while True:
                    taken.append(os.open("/dev/null", os.O_RDONLY))
            for _ in range(room):
                os.close(taken.pop())
            process = UnixProcess2("cat")
            self.link((process, "signal"), (self, "control"))
            process.deliver(FINISHED, "control")
            self.addChildren(process)
            process.activate()
            while process.isActive():
                yield from self.waitForChange()
            self.end = self.recv("control")

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken: list[int] = []
    tight = Tight()
    try:
        tight.run()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        for descriptor in taken:
            os.close(descriptor)
    assert tight.end is FINISHED or "Too many open files" in errorOf(tight.end)


# Back-pressure


def test_a_child_that_floods_waits_for_the_consumer() -> None:
    process, consumer = UnixProcess2(ENDLESS, buffersize=1000), SlowConsumer()
    consumer.setInboxSize("inbox", 2)

    class Limited(component):
        def main(self) -> Iterator[int]:
            while len(consumer.taken) < 20:
                yield 1
            process.deliver(shutdownMicroprocess(), "control")

    Limited().activate()
    Pipeline(process, consumer).run()
    assert consumer.mostWaiting == 2


def test_a_child_that_floods_its_standard_error_does_not_wait_if_that_is_not_read() -> None:
    outcome = feed(Pipeline(UnixProcess2("head -c 1000000 /dev/zero >&2; echo done")))
    assert outcome["outbox"] == [b"done\n"]


def test_a_child_that_never_reads_holds_the_source() -> None:
    process = UnixProcess2("sleep 1000")
    source = Source([b"x" * 10_000] * 1000)

    class Watch(component):
        def main(self) -> Iterator[int]:
            while not source.isHeld():
                yield 1
            waiting.append(source.mostWaiting)
            process.deliver(shutdownMicroprocess(), "control")

    waiting: list[int] = []
    Watch().activate()
    Pipeline(source, process, capacity=5).run()
    assert waiting == [5]


def test_boxsizes_limit_the_inboxes() -> None:
    process = UnixProcess2("cat", boxsizes={"inbox": 3})
    pipeline = Pipeline(_Polite([b"%d\n" % number for number in range(50)]), process)
    assert b"".join(feed(pipeline, control=[])["outbox"]).split() == [
        b"%d" % number for number in range(50)
    ]


class _Polite(Source):
    """A source that waits while the inbox of its consumer has its size."""

    def main(self) -> Iterator[int]:
        from Kamaelia.Util.SendWithRoom import sendWithRoom

        for message in self.messages:
            yield from sendWithRoom(self, message)
        self.send(producerFinished(self), "signal")


# Named pipes


def test_named_pipes_have_boxes_and_exist_as_long_as_they_are_used(tmp_path: Path) -> None:
    sound, frames = str(tmp_path / "sound"), str(tmp_path / "frames")
    process = UnixProcess2(
        f"cat {sound}; cat; echo out > {frames}; echo more > {frames}",
        inpipes={sound: "audio"},
        outpipes={frames: "video"},
        boxsizes={"audio": 5},
    )
    outcome = feed(process, audio=[b"sound\n"], inbox=["text\n"])
    assert b"".join(outcome["outbox"]) == b"sound\ntext\n"
    assert b"".join(outcome["video"]) == b"out\nmore\n"
    assert os.listdir(tmp_path) == []


def test_boxes_of_named_pipes_belong_to_one_component(tmp_path: Path) -> None:
    UnixProcess2("true", inpipes={"a": "audio"}, outpipes={"v": "video"})
    assert "audio" not in UnixProcess2("true").inboxes
    assert "video" not in UnixProcess2("true").outboxes


def test_several_named_pipes_may_lead_to_one_outbox(tmp_path: Path) -> None:
    one, two = str(tmp_path / "1"), str(tmp_path / "2")
    process = UnixProcess2(
        f"echo 1 > {one}; echo 2 > {two}", outpipes={one: "outbox", two: "outbox"}
    )
    assert sorted(b"".join(feed(process)["outbox"]).split()) == [b"1", b"2"]


def test_a_named_pipe_that_the_process_never_opens_does_not_keep_it(tmp_path: Path) -> None:
    pipe = str(tmp_path / "pipe")
    outcome = feed(UnixProcess2("true", inpipes={pipe: "in"}), **{"in": [b"x" * 100_000]})
    assert outcome["signal"][0].message is None


def test_a_named_pipe_that_exists_is_used_and_left(fifo: Path) -> None:
    outcome = feed(UnixProcess2(f"echo x > {fifo}", outpipes={str(fifo): "out"}))
    assert outcome["out"] == [b"x\n"]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_a_file_in_place_of_a_named_pipe_is_an_error(file: Path) -> None:
    before = file.read_bytes()
    outcome = feed(UnixProcess2("true", inpipes={str(file): "in"}))
    assert "not a named pipe" in errorOf(outcome["signal"][0])
    assert str(file) in errorOf(outcome["signal"][0])
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "settings",
    [
        {"inpipes": {"a": "inbox"}},
        {"inpipes": {"a": "control"}},
        {"inpipes": {"a": "x", "b": "x"}},
        {"boxsizes": {"audio": 3}},
    ],
)
def test_boxes_that_cannot_be_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"inbox"):
        UnixProcess2("true", **settings)


# The parts


def test_handles_pass_bytes_through_a_pipe() -> None:
    reading, writing = os.pipe()
    ToFileHandle(os.fdopen(writing, "wb")).activate()
    writer = ToFileHandle(os.dup(1))
    writer.deliver(shutdownMicroprocess(), "control")
    writer.activate()
    order = shutdownMicroprocess()
    outcome = feed(FromFileHandle(os.fdopen(reading, "rb"), -1), control=[order])
    assert outcome["signal"] == [order]


def test_a_reader_of_a_handle_takes_what_is_left_before_a_producerFinished_ends_it() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"left")
    try:
        assert feed(FromFileHandle(reading))["outbox"] == [b"left"]
    finally:
        os.close(writing)


def test_the_exit_status_is_sent() -> None:
    assert feed(ChildProcess("exit 7"), control=[])["outbox"] == [7]
    assert feed(ChildProcess("kill -15 $$"), control=[])["outbox"] == [-signal.SIGTERM]


def test_commands_run_on_uvloop_and_on_asyncio(eachLoop: str) -> None:
    consumer = SlowConsumer()
    Pipeline(Source(["a\n", "b\n"]), UnixProcess2("wc -l"), consumer).run()
    assert [int(text) for text in consumer.taken] == [2]


# Historical names


def test_Chargen_generates_lines() -> None:
    assert next(Chargen()) == "hello\n"


def test_ChargenComponent_sends_lines_and_ends() -> None:
    outcome = feed(ChargenComponent(), control=[])
    assert set(outcome["outbox"]) == {"hello\n"}
    assert len(outcome["signal"]) == 1
    order = shutdownMicroprocess()
    assert feed(ChargenComponent(), control=[order])["signal"] == [order]


def test_run_command_prints_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    run_command("cat", ["a", b"b"])
    assert capsys.readouterr().out == "ab\n"


@pytest.mark.parametrize("create", [Pipethrough, deprecatedClass])
def test_Pipethrough_is_a_UnixProcess_and_warns(create: Callable[[str], Any]) -> None:
    with pytest.warns(DeprecationWarning, match="UnixProcess"):
        process = create("cat")
    assert isinstance(process, UnixProcess)
    assert feed(process, inbox=["x"])["outbox"] == [b"x"]


@BOTH
def test_another_message_on_control(process: Any) -> None:
    outcome = feed(process("cat"), inbox=["x"], control=["enough", FINISHED])
    assert outcome["outbox"] == [b"x"]
