"""Recordings of the messages in a running system, and `kamaelia trace`."""

import pytest

from Axon.Component import component
from Axon.Scheduler import scheduler
from Axon.Sinks import told
from Kamaelia.Apps.Command.Main import main
from Kamaelia.Apps.Grey.MailHandler import MailHandler
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Util.DataSource import DataSource
from Kamaelia.Util.PureTransformer import PureTransformer
from Kamaelia.Visualisation.Recording import Recording

PROGRAM = """
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Util.DataSource import DataSource
from Kamaelia.Util.NullSink import nullSinkComponent
from Kamaelia.Util.PureTransformer import PureTransformer

def system(words=("a", "b")):
    return Graphline(
        SOURCE=DataSource(list(words)), UPPER=PureTransformer(str.upper), END=nullSinkComponent(),
        linkages={
            ("SOURCE", "outbox"): ("UPPER", "inbox"),
            ("SOURCE", "signal"): ("UPPER", "control"),
            ("UPPER", "outbox"): ("END", "inbox"),
            ("UPPER", "signal"): ("END", "control"),
        },
    )

if __name__ == "__main__":
    system().run()
"""


class Sink(component):
    """Take everything until the end."""

    def main(self):
        while not self.dataReady("control"):
            yield from self.waitForMessage()
            for _ in self.Inbox():
                pass


def system(words=("a", "b")):
    return Graphline(
        SOURCE=DataSource(list(words)),
        UPPER=PureTransformer(str.upper),
        END=Sink(),
        linkages={
            ("SOURCE", "outbox"): ("UPPER", "inbox"),
            ("SOURCE", "signal"): ("UPPER", "control"),
            ("UPPER", "outbox"): ("END", "inbox"),
            ("UPPER", "signal"): ("END", "control"),
        },
    )


def dataOf(recording):
    return [
        (f"{each.sender}.{each.outbox}", f"{each.receiver}.{each.inbox}", each.text)
        for each in recording.messages
        if not each.isControl
    ]


@pytest.fixture
def record():
    made = []

    def record(**options):
        made.append(Recording(scheduler.run, **options))
        return made[-1]

    yield record
    for each in made:
        each.close()


def test_messages_are_recorded_in_their_order_with_both_ends(record):
    recording = record()
    system().run()
    assert sorted(dataOf(recording)) == [
        ("SOURCE.outbox", "UPPER.inbox", "'a'"),
        ("SOURCE.outbox", "UPPER.inbox", "'b'"),
        ("UPPER.outbox", "END.inbox", "'A'"),
        ("UPPER.outbox", "END.inbox", "'B'"),
    ]
    ends = [(each.sender, each.receiver) for each in recording.messages if each.isControl]
    assert ends == [("SOURCE", "UPPER"), ("UPPER", "END")]


def test_messages_of_components_that_are_linked_later_are_recorded(record):
    class Late(component):
        def main(self):
            yield 1
            sink = Sink()
            self.link((self, "outbox"), (sink, "inbox"))
            self.link((self, "signal"), (sink, "control"))
            self.addChildren(sink)
            sink.activate()
            self.send("late")
            self.send("end", "signal")
            yield 1

    recording = record()
    Late().run()
    assert dataOf(recording) == [("Late.outbox", "Sink.inbox", "'late'")]


def test_components_that_were_linked_before_the_recording_are_recorded(record):
    linked = system()
    linked.activate()
    for _ in zip(range(5), scheduler.run.main(), strict=False):
        pass
    recording = record()
    scheduler.run.runThreads()
    assert recording.messages
    assert {each.receiver for each in recording.messages} <= {"UPPER", "END"}


def test_only_the_messages_of_named_components_are_recorded(record):
    byName, byClass = record(only=["END"]), record(only=["DataSource"])
    system().run()
    assert {(each.sender, each.receiver) for each in byName.messages} == {("UPPER", "END")}
    assert {(each.sender, each.receiver) for each in byClass.messages} == {("SOURCE", "UPPER")}


def test_after_the_last_message_nothing_is_tapped(record):
    full = []
    recording = record(count=3, onFull=lambda: full.append(1))
    before = len(told)
    system("abcdef").run()
    assert (len(recording.messages), full) == (3, [1])
    assert before == len(told) == 0


def test_components_of_the_same_class_are_numbered(record):
    recording = record()
    Pipeline(DataSource(["x"]), PureTransformer(str), PureTransformer(str), Sink()).run()
    assert dataOf(recording) == [
        ("DataSource.outbox", "PureTransformer.inbox", "'x'"),
        ("PureTransformer.outbox", "PureTransformer 2.inbox", "'x'"),
        ("PureTransformer 2.outbox", "Sink.inbox", "'x'"),
    ]


def test_a_mail_handler_shows_no_mail():
    handler = MailHandler()
    assert handler.shown(b"QUIT\r\n") == "QUIT\r\n"
    assert handler.shown(b"Dear Bob,\r\n") == "<11 bytes left out>"
    assert handler.shown("a word") == "a word"


# The command


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "traced.py"
    path.write_text(PROGRAM)
    return str(path)


def test_trace_prints_the_messages_of_a_program(program, capsys):
    assert main(["trace", program]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "1  SOURCE.outbox -> UPPER.inbox: 'a'"
    assert len(lines) == 6


def test_trace_prints_a_diagram_for_mermaid(program, capsys):
    assert main(["trace", program, "--format", "mermaid"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["sequenceDiagram", "    participant p1 as SOURCE"]
    assert len(lines) == 1 + 3 + 6


def test_trace_takes_a_module_with_settings(program, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["trace", "traced:system", "--set", "words=['x']"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_trace_ends_the_run_after_so_many_messages(program, capsys):
    assert main(["trace", program, "--count", "2"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert not scheduler.run.listAllThreads()


def test_trace_writes_to_a_file(program, capsys, tmp_path):
    assert main(["trace", program, "--output", str(tmp_path / "trace.txt")]) == 0
    assert capsys.readouterr().out == ""
    assert len((tmp_path / "trace.txt").read_text().splitlines()) == 6


def test_trace_says_which_components_there_were(program, capsys):
    assert main(["trace", program, "--component", "UPER"]) == 1
    assert capsys.readouterr().err == (
        "kamaelia: no message has passed from or to UPER; there were SOURCE, UPPER, END\n"
    )


def test_trace_is_refused_where_observation_is_forbidden(program, capsys, monkeypatch):
    monkeypatch.setenv("KAMAELIA_OBSERVE", "off")
    assert main(["trace", program]) == 2
    assert "KAMAELIA_OBSERVE=off" in capsys.readouterr().err


def test_trace_needs_at_least_one_message(program, capsys):
    assert main(["trace", program, "--count", "0"]) == 2
    assert "at least 1" in capsys.readouterr().err
