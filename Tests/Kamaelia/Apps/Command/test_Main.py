"""The command `kamaelia`, in this process and as a program."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from Axon.Scheduler import scheduler
from Kamaelia.Apps.Command.Main import main

ROOT = Path(__file__).resolve().parents[4]
EXAMPLES = sorted(ROOT.glob("Examples/*/*.py"))

HEAD = """
from Axon.Component import component
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.PAR import PAR
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Net.RemoteIn import RemoteIn

class Source(component):
    Outboxes = {"outbox": "numbers", "extra": "more numbers", "signal": "the end"}
    def main(self):
        self.send(1)
        yield 1

class Sink(component):
    Inboxes = {"inbox": "numbers", "side": "more numbers", "spare": "not used", "control": "end"}
    def main(self):
        yield from self.waitForMessage()

class Plain(component):
    def main(self):
        yield from self.waitForMessage()
"""

#: A mistake, and a part of the sentence that names it. Those with "warning" are warnings.
MISTAKES = {
    "a misspelt outbox": (
        'Graphline(A=Source(), B=Plain(), linkages={("A", "outbx"): ("B", "inbox")}).run()',
        (
            "error: Graphline.A has no outbox 'outbx'; its outboxes are 'outbox', 'extra',"
            " 'signal'. Did you mean 'outbox'?"
        ),
    ),
    "a main without yield": (
        (
            "class Forgets(Plain):\n    def main(self):\n        self.send(1)\n"
            "Pipeline(Forgets(), Plain()).run()"
        ),
        "error: the main method of Pipeline.Forgets 1 has no yield",
    ),
    "a component alone without yield": (
        "class Forgets(Plain):\n    def main(self):\n        return\nForgets().run()",
        "error: the main method of Forgets has no yield",
    ),
    "an async main with yield": (
        "class Mixes(Plain):\n    async def main(self):\n        yield 1\nMixes().run()",
        "error: the async main of Mixes contains a yield: write await",
    ),
    "a link whose later components lose messages": (
        'Pipeline(RemoteIn("tcp://127.0.0.1:1", "l"), Plain(), Plain()).run()',
        "warning: Pipeline.RemoteIn 1 feeds Pipeline.Plain 2, which passes messages on",
    ),
    "a misspelt inbox": (
        'Graphline(A=Plain(), B=Sink(), linkages={("A", "outbox"): ("B", "inbocks")}).run()',
        "error: Graphline.B has no inbox 'inbocks'",
    ),
    "an inbox as the source": (
        'Graphline(A=Sink(), B=Plain(), linkages={("A", "side"): ("B", "inbox")}).run()',
        "error: Graphline.A has no outbox 'side', which is an inbox",
    ),
    "an outbox as the target": (
        'Graphline(A=Plain(), B=Source(), linkages={("A", "outbox"): ("B", "extra")}).run()',
        "error: Graphline.B has no inbox 'extra', which is an outbox",
    ),
    "a misspelt inbox within a chassis": (
        'Pipeline(Graphline(A=Source(), B=Plain(), linkages={("A", "x"): ("B", "inbox")})).run()',
        "error: Pipeline.Graphline 1.A has no outbox 'x'",
    ),
    "a misspelt box to the outside": (
        'Graphline(A=Plain(), linkages={("A", "outbos"): ("self", "outbox")}).run()',
        "error: Graphline.A has no outbox 'outbos'",
    ),
    "a near miss of a name": (
        'Graphline(READER=Plain(), B=Plain(), linkages={("REDER", "outbox"): ("B", "inbox")})',
        "Did you mean 'READER'?",
    ),
    "linkages as a list": (
        "Graphline(A=Plain(), linkages=[1])",
        "the linkages of a Graphline are a dict, not a list",
    ),
    "a class in place of a component": (
        "Pipeline(Plain)",
        "use an instance of it, such as Plain()",
    ),
    "the same key twice": (
        (
            "Graphline(A=Source(), B=Plain(), C=Plain(), linkages={\n"
            '("A", "outbox"): ("B", "inbox"),\n'
            '("A", "outbox"): ("C", "inbox"), ("B", "outbox"): ("self", "outbox")}).run()'
        ),
        "the linkage from ('A', 'outbox') replaces the one in line 23",
    ),
    "a part without linkages": (
        (
            'Graphline(A=Plain(), B=Plain(), C=Plain(), linkages={("A", "outbox"): ("B", "inbox")})'
            ".run()"
        ),
        "error: no linkage leads from or to Graphline.C",
    ),
    "one box that feeds two": (
        (
            "from Kamaelia.Util.Parent import parent\n"
            "class Own(parent):\n"
            "    def __init__(self):\n        super().__init__()\n"
            "        self.parts = {'A': Plain(), 'B': Plain(), 'C': Plain()}\n"
            "    def plannedParts(self):\n        return self.parts\n"
            "    def plannedLinkages(self):\n"
            "        for name in 'BC':\n"
            "            yield (self.parts['A'], 'outbox'), (self.parts[name], 'inbox'), {}\n"
            "Own().run()"
        ),
        "error: Own.A's 'outbox' leads to Own.B's 'inbox' and Own.C's 'inbox'; a box feeds one",
    ),
    "a capacity of no message": (
        "Pipeline(Plain(), Plain(), capacity=0).run()",
        "error: the capacity of a linkage of Pipeline is 0: it is a number of messages, at least 1",
    ),
    "a misspelt box of the chassis itself": (
        'Graphline(A=Plain(), linkages={("A", "signal"): ("self", "signl")}).run()',
        "warning: Graphline has an outbox 'signl', not 'signal'",
    ),
    "a box of the chassis itself in the other direction": (
        'Graphline(A=Plain(), linkages={("self", "outbox"): ("A", "inbox")}).run()',
        "warning: Graphline has an inbox 'outbox', which has the other direction",
    ),
    "a misspelt box in the handler of a server": (
        (
            "from Kamaelia.Chassis.ConnectedServer import ServerCore\n"
            "def protocol(**_):\n"
            '    return Graphline(A=Plain(), linkages={("A", "outbx"): ("self", "outbox")})\n'
            "ServerCore(protocol=protocol, port=0).run()"
        ),
        "error: ServerCore.its handler.A has no outbox 'outbx'",
    ),
    "an unfed inbox in the handler of a server": (
        (
            "from Kamaelia.Chassis.ConnectedServer import ServerCore\n"
            "ServerCore(protocol=lambda **_: Pipeline(Plain(), Sink()), port=0).run()"
        ),
        "warning: nothing feeds the inbox 'side' of ServerCore.its handler.Sink 2",
    ),
    "the name of another component": (
        'Graphline(A=Plain(), B=Plain(), linkages={("A", "outbox"): ("BB", "inbox")}).run()',
        "name 'BB', which is none of its components (A, B). Did you mean 'B'?",
    ),
    "an end that is no pair": (
        'Graphline(A=Plain(), B=Plain(), linkages={("A", "outbox"): "B"}).run()',
        "each end of a linkage of a Graphline is one pair (name, box), not 'B'",
    ),
    "the same component twice": (
        "p = Plain()\nPipeline(p, p).run()",
        "leads to Pipeline.Plain 1's 'inbox' and Pipeline's 'outbox'",
    ),
    "an inbox that nothing feeds": (
        "Pipeline(Plain(), Sink()).run()",
        "warning: nothing feeds the inbox 'side' of Pipeline.Sink 2",
    ),
    "an outbox that leads nowhere": (
        "Pipeline(Source(), Plain()).run()",
        "warning: the outbox 'extra' of Pipeline.Source 1 leads nowhere",
    ),
    "a cycle of capacities": (
        "Pipeline(Plain(), Plain(), circular=True, capacity=3).run()",
        "warning: Pipeline.Plain 1, Pipeline.Plain 2 feed each other, and every linkage has a",
    ),
    "a cycle of capacities through a chassis": (
        (
            'Graphline(A=Pipeline(Plain()), B=Plain(), linkages={("A", "outbox"): ("B", "inbox"),'
            ' ("B", "outbox"): ("A", "inbox")}, capacity=3).run()'
        ),
        "feed each other",
    ),
}


@pytest.fixture
def program(tmp_path):
    def write(text):
        path = tmp_path / "program.py"
        path.write_text(HEAD + text + "\n")
        return str(path)

    return write


@pytest.mark.parametrize("mistake", MISTAKES)
def test_check_finds_each_mistake(mistake, program, capsys):
    text, sentence = MISTAKES[mistake]
    status = main(["check", program(text)])
    out, err = capsys.readouterr()
    assert sentence in out + err
    assert status == (0 if out.startswith("warning") else 1)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_check_finds_nothing_in_the_examples(path, capsys):
    text = path.read_text()
    if ".run()" not in text or ("add_argument(" in text and "required" in text):
        pytest.skip("it needs arguments, or runs no system of its own")
    status = main(["check", "--strict", str(path)])
    out, err = capsys.readouterr()
    if status == 2:
        assert "ran no system" in err or "its options come after --" in err
    else:
        assert (status, [line for line in out.splitlines() if line[:5] in ("error", "warni")]) == (
            0,
            [],
        )


def test_a_correct_program_has_no_findings(program, capsys):
    assert main(["check", program("Pipeline(Plain(), Plain()).run()")]) == 0
    assert capsys.readouterr() == ("", "no mistakes found\n")


CORRECT = "Pipeline(Plain(), Plain()).run()"


@pytest.mark.parametrize(
    "around",
    [
        f"try:\n    {CORRECT}\nexcept:\n    print('it failed')",
        f"try:\n    {CORRECT}\nexcept:\n    raise SystemExit(1)",
        f"try:\n    {CORRECT}\nexcept:\n    raise ValueError('it failed')",
        f"while True:\n    try:\n        {CORRECT}\n    except:\n        pass",
        (
            f"def keepOn():\n    while True:\n        try:\n            {CORRECT}\n"
            "        except BaseException as error:\n            print(error)\nkeepOn()"
        ),
    ],
    ids=["goes on", "exits", "raises", "begins again", "function begins again"],
)
def test_a_program_may_catch_every_exception_of_run(around, program, capsys):
    tracer = sys.gettrace()
    assert main(["check", program(around)]) == 0
    assert capsys.readouterr().err == "no mistakes found\n"
    assert sys.gettrace() is tracer


@pytest.mark.parametrize(
    "kind",
    [
        "class Own(Plain):\n    def main(self):\n        return Plain.main(self)",
        "class Own(Plain):\n    async def main(self):\n        await self.anyMessage()",
        (
            "from Axon.ThreadedComponent import threadedcomponent\n"
            "class Own(threadedcomponent):\n    def main(self):\n        self.send(1)"
        ),
    ],
    ids=["another generator", "async", "a thread"],
)
def test_a_main_that_needs_no_yield_is_no_mistake(kind, program, capsys):
    assert main(["check", program(f"{kind}\nPipeline(Own(), Plain()).run()")]) == 0
    assert capsys.readouterr().out == ""


def test_a_missing_system_is_the_only_argument_that_an_error_names(capsys):
    with pytest.raises(SystemExit):
        main(["check"])
    assert capsys.readouterr().err.endswith("arguments are required: SYSTEM\n")


def test_strict_makes_warnings_count(program):
    path = program("Pipeline(Plain(), Sink()).run()")
    assert (main(["check", path]), main(["check", "--strict", path])) == (0, 1)


def test_findings_can_be_json(program, capsys):
    main(["check", "--json", program("Pipeline(Plain(), Sink()).run()")])
    (finding,) = json.loads(capsys.readouterr().out)
    assert finding == {
        "severity": "warning",
        "text": "nothing feeds the inbox 'side' of Pipeline.Sink 2",
    }


def test_nothing_is_started_and_nothing_stays_activated(program):
    main(["check", program("Plain().activate()\nPipeline(Plain()).run()")])
    assert not list(scheduler.run.listAllThreads())


@pytest.mark.parametrize(
    ("form", "beginning"),
    [("svg", "<svg"), ("mermaid", "flowchart"), ("dot", "digraph"), ("json", "{")],
)
def test_a_program_is_drawn_in_each_format(form, beginning, program, capsys):
    path = program('Graphline(A=Plain(), linkages={("A", "outbox"): ("self", "outbox")}).run()')
    assert main(["graph", "--format", form, path]) == 0
    assert capsys.readouterr().out.startswith(beginning)


def test_what_a_program_activates_before_is_drawn_as_well(program, capsys):
    main(["graph", "--format", "mermaid", program("Sink().activate()\nPipeline(Plain()).run()")])
    out = capsys.readouterr().out
    assert "Sink" in out
    assert "Pipeline" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["check", "nowhere.py"], "there is no file 'nowhere.py'"),
        (["check", "no.such.module:X"], "there is no module 'no'"),
        (["check", "Kamaelia.Chassis.Pipeline:Pipelin"], "has no 'Pipelin'; it has Pipeline"),
        (["check", "just_a_word"], "is neither a file nor module:attribute"),
        (["check", "json:dumps"], "json:dumps"),
        (["check", ".:x"], "is not the name of a module"),
        (["show", "Pipelin"], "Kamaelia.Chassis.Pipeline.Pipeline, "),
        (["components", "zzzz"], "no component has 'zzzz'"),
    ],
)
def test_a_wrong_word_is_explained(words, sentence, capsys):
    assert main(words) in (1, 2)
    out, err = capsys.readouterr()
    assert sentence in err
    assert "Traceback" not in out + err


def test_a_setting_reaches_a_class(capsys):
    word = "Kamaelia.Chassis.ConnectedServer:ServerCore"
    assert main(["check", word, "--set", "protocol=x", "--set", "port=99999"]) == 1
    assert "99999" in capsys.readouterr().err


def test_check_reads_a_program_in_its_own_encoding(tmp_path, capsys):
    path = tmp_path / "program.py"
    text = "from Kamaelia.Util.Console import ConsoleEchoer\nConsoleEchoer().run()  # \u00e9\n"
    path.write_bytes(f"# -*- coding: latin-1 -*-\n{text}".encode("latin-1"))
    assert main(["check", str(path)]) == 0
    assert "no mistakes found" in capsys.readouterr().err


def test_show_describes_a_class_of_a_program(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = (
        "from Axon.Component import component\n\n"
        "class Tea(component):\n"
        '    """A pot of tea."""\n\n'
        '    Inboxes = {"inbox": "water", "control": "the end"}\n\n'
        "class Cup(component):\n    pass\n"
    )
    (tmp_path / "shownTea.py").write_text(text)
    assert main(["show", "shownTea:Tea"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("shownTea.Tea\n\nA pot of tea.\n")
    assert "  inbox    water\n" in shown
    assert main(["show", "shownTea:Cup"]) == 0
    assert "It has no description." in capsys.readouterr().out
    assert main(["show", "shownTea:Coffee"]) == 2
    assert "shownTea has no 'Coffee'; it has Cup, Tea" in capsys.readouterr().err


def test_components_lists_by_word_and_show_describes_boxes(capsys):
    assert main(["components", "SimpleReader"]) == 0
    assert "Kamaelia.File.Reading.SimpleReader" in capsys.readouterr().out
    assert main(["show", "SimpleReader"]) == 0
    out = capsys.readouterr().out
    assert "Inboxes" in out
    assert "Kamaelia.File.Reading.SimpleReader" in out


def test_run_runs_a_program_and_a_function(program, tmp_path):
    path = program("def system():\n    return Pipeline(Source(), Echo())\n" + ECHO + MAIN)
    for words in ([path], ["program:system"]):
        done = subprocess.run(
            [sys.executable, "-m", "Kamaelia.Apps.Command", "run", *words],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=50,
            check=True,
        )
        assert done.stdout == "got 1\n"


ECHO = """
class Echo(component):
    def main(self):
        yield from self.waitForMessage()
        print("got", self.recv())
"""
MAIN = """
if __name__ == "__main__":
    system().run()
"""


LINK = """
LINK = RemoteIn("tcp://127.0.0.1:1", "l")
"""
BACK = """
Graphline(IN=LINK, A=Plain(), B=Plain(), linkages={
    ("IN", "outbox"): ("A", "inbox"), ("A", "outbox"): ("B", "inbox"),
    ("B", "outbox"): ("IN", "inbox"),
}).run()
"""


@pytest.mark.parametrize("system", ["Pipeline(LINK, Plain()).run()", BACK])
def test_a_link_with_one_component_or_with_a_linkage_back_is_no_mistake(system, program, capsys):
    assert main(["check", program(LINK + system)]) == 0
    assert "RemoteIn" not in capsys.readouterr().out


DISTRIBUTED = """
from Kamaelia.Net.Distributed import Distributed, at
Distributed("tcp://127.0.0.1:1", A=Plain, B=at("b.example", Plain),
    linkages={("A", "outbox"): ("B", "inbox")}).run()
"""


@pytest.mark.parametrize(
    ("text", "name", "sentence"),
    [
        (DISTRIBUTED, "A", "there is no part 'A' that runs elsewhere; there are B"),
        ("Pipeline(Plain()).run()", "A", "is not a Distributed"),
    ],
)
def test_a_wrong_part_is_explained(text, name, sentence, program, capsys):
    assert main(["part", program(text), name]) == 2
    assert sentence in capsys.readouterr().err
