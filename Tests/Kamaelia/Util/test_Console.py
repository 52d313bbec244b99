"""ConsoleReader and ConsoleEchoer, on pipes and files."""

import os
import signal
import subprocess
import sys
from textwrap import dedent

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Util.Console import ConsoleEchoer, ConsoleReader


@pytest.fixture
def stdin(monkeypatch):
    """Replace standard input with a pipe; return a function that writes to it or closes it."""
    reading, writing = os.pipe()
    file = os.fdopen(reading, encoding="utf-8")
    monkeypatch.setattr("sys.stdin", file)

    def write(text):
        if text is None:
            os.close(writing)
        else:
            os.write(writing, text)

    yield write
    file.close()


class Outbox(component):
    """Run a reader to its end and return the messages that it sent."""

    def __init__(self, reader):
        super().__init__()
        self.reader, self.lines, self.ends = reader, [], []
        self.link((reader, "outbox"), (self, "inbox"))
        self.link((reader, "signal"), (self, "control"))

    def main(self):
        self.reader.activate()
        while not self.ends:
            yield from self.waitForMessage()
            self.lines += self.Inbox()
            self.ends += self.Inbox("control")


@pytest.mark.parametrize("pieces", [[b"one\ntwo\n"], [b"on", b"e\ntw", b"o"], [b"one\r\ntwo\r\n"]])
def test_lines_are_sent_as_text_and_the_end_of_input_as_producerFinished(stdin, pieces, capsys):
    for piece in [*pieces, None]:
        stdin(piece)
    outbox = Outbox(ConsoleReader(prompt="", eol="!"))
    outbox.run()
    assert outbox.lines == ["one!", "two!"]
    assert [type(each) for each in outbox.ends] == [producerFinished]


def test_the_prompt_is_written_before_the_reader_waits(stdin, capsys):
    stdin(None)
    Outbox(ConsoleReader(prompt="? ")).run()
    assert capsys.readouterr().out == "? "


@pytest.mark.parametrize("text", ["one\n", "one"])
def test_standard_input_may_be_a_file(monkeypatch, tmp_path, text, capsys):
    path = tmp_path / "input"
    path.write_text(text)
    with path.open() as file:
        monkeypatch.setattr("sys.stdin", file)
        outbox = Outbox(ConsoleReader(""))
        outbox.run()
    assert outbox.lines == ["one\n"]


def test_standard_input_may_be_dev_null(monkeypatch, capsys):
    with open(os.devnull) as file:
        monkeypatch.setattr("sys.stdin", file)
        outbox = Outbox(ConsoleReader(""))
        outbox.run()
    assert outbox.lines == []


def test_a_shutdown_message_ends_a_reader_that_waits(stdin, capsys):
    reader = ConsoleReader("")
    message = shutdownMicroprocess()

    class Later(component):
        def main(self):
            for _ in range(10):
                yield 1
            reader.deliver(message, "control")

    Later().activate()
    outbox = Outbox(reader)
    outbox.run()
    assert outbox.ends == [message]
    stdin(None)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "a1\n"),
        ({"use_repr": True}, "'a''1\\n'"),
        ({"tag": "> "}, "> a> 1\n"),
    ],
)
def test_an_echoer_writes_each_message(settings, expected, capsys):
    assert feed(ConsoleEchoer(**settings), inbox=["a", "1\n"]) == {
        "outbox": [],
        "signal": [FINISHED],
    }
    assert capsys.readouterr().out == expected


def test_a_forwarder_also_sends_what_it_writes(capsys):
    assert feed(ConsoleEchoer(forwarder=True), inbox=[1, 2])["outbox"] == [1, 2]


def test_bytes_are_decoded_as_UTF_8_before_they_are_written(capsys):
    euro = "€".encode()
    feed(ConsoleEchoer(tag="> "), inbox=[b"one\n", bytearray(b"two\n"), euro[:1], euro[1:]])
    assert capsys.readouterr().out == "> one\n> two\n> > €"


def test_invalid_bytes_do_not_delay_later_text(capsys):
    feed(ConsoleEchoer(), inbox=[b"\xff!", b"\xe2", "text", 1])
    assert capsys.readouterr().out == "\N{REPLACEMENT CHARACTER}!\N{REPLACEMENT CHARACTER}text1"


def test_use_repr_writes_bytes_as_a_literal(capsys):
    feed(ConsoleEchoer(use_repr=True), inbox=[b"one"])
    assert capsys.readouterr().out == "b'one'"


# Programs whose standard streams are missing or end

PROGRAM = """
    import itertools
    from Axon.Component import component
    from Kamaelia.Chassis.Pipeline import Pipeline
    from Kamaelia.Util.Console import ConsoleEchoer, ConsoleReader

    class Counter(component):
        def main(self):
            try:
                for number in itertools.count():
                    self.send(f"{number}\\n")
                    yield 1
            finally:
                print("closed", file=sys.stderr)

    import sys
"""


def textOf(program):
    return dedent(PROGRAM) + dedent(program)


def inShell(command, program):
    """Run a shell command, in which $PROGRAM runs the program; return the outcome."""
    command = command.replace("$PROGRAM", '"$0" -c "$1"')
    arguments = ["sh", "-c", command, sys.executable, textOf(program)]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60)


CUT = 128 + signal.SIGPIPE


def test_a_run_ends_in_order_when_nothing_reads_its_output_any_more():
    program = "Pipeline(Counter(), ConsoleEchoer()).run()"
    done = inShell("($PROGRAM; echo $? >&2) | head -1", program)
    assert (done.stdout, done.stderr) == ("0\n", f"closed\n{CUT}\n")


def test_a_prompt_that_nothing_reads_ends_the_run_in_order():
    reading, writing = os.pipe()
    os.close(reading)
    arguments = [sys.executable, "-c", textOf("ConsoleReader().run()")]
    with os.fdopen(writing, "w") as unread:
        done = subprocess.run(
            arguments, stdin=subprocess.DEVNULL, stdout=unread, stderr=subprocess.PIPE, timeout=60
        )
    assert (done.stderr, done.returncode) == (b"", CUT)


@pytest.mark.parametrize(
    ("redirection", "shown"), [("<&-", ""), (">&-", ""), ("2>&-", ">>> >>> a\n")]
)
def test_a_program_without_a_standard_stream_runs(redirection, shown):
    program = "Pipeline(ConsoleReader(), ConsoleEchoer()).run()"
    done = inShell(f"echo a | ($PROGRAM {redirection})", program)
    assert (done.stdout, done.stderr, done.returncode) == (shown, "", 0)
