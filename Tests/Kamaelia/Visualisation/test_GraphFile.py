"""Pictures of running programs in files, for programs that must not be edited."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from Axon.Component import component
from Axon.Scheduler import scheduler
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Visualisation import GraphFile, ProcessPath

ROOT = Path(__file__).resolve().parents[3]


class Source(component):
    def main(self):
        self.send(1)
        yield 1


class Sink(component):
    def main(self):
        yield from self.waitForMessage("inbox")


def titlesIn(path):
    def titles(nodes):
        for node in nodes:
            yield node["title"]
            yield from titles(node.get("parts", node.get("nodes", ())))

    return list(titles(json.loads(path.read_text())["nodes"]))


def runProgram(program, tmp_path, name, **environment):
    path = tmp_path / "program.py"
    path.write_text(program)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(path)],
        capture_output=True,
        text=True,
        timeout=30,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "KAMAELIA_GRAPH": name} | environment,
    )
    assert done.returncode == 0, done.stderr
    return done


PROGRAM = """
from Axon.Component import component
from Kamaelia.Chassis.Pipeline import Pipeline

class Source(component):
    def main(self):
        yield 1

class Sink(component):
    def main(self):
        yield 1

Pipeline(Source(), Sink()).run()
"""


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("system.svg", "<svg"),
        ("system.mmd", "flowchart"),
        ("system.mermaid", "flowchart"),
        ("system.dot", "digraph"),
        ("system.GV", "digraph"),
        ("system.json", "{"),
    ],
)
def test_the_suffix_says_the_format(tmp_path, name, start):
    runProgram(PROGRAM, tmp_path, name)
    text = (tmp_path / name).read_text()
    assert text.lstrip().startswith(start)
    assert "Source" in text
    assert "Sink" in text


def test_a_program_that_ends_at_once_is_drawn_as_it_worked(tmp_path):
    runProgram(PROGRAM, tmp_path, "system.json")
    assert sorted(titlesIn(tmp_path / "system.json")) == ["Pipeline", "Sink", "Source"]
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_the_name_may_contain_the_process_id(tmp_path):
    runProgram(PROGRAM, tmp_path, "system-%p.svg")
    [found] = tmp_path.glob("system-*.svg")
    assert found.stem.removeprefix("system-").isdigit()


def test_nothing_is_written_where_observation_is_forbidden(tmp_path):
    runProgram(PROGRAM, tmp_path, "system.svg", KAMAELIA_OBSERVE="off")
    assert not (tmp_path / "system.svg").exists()


@pytest.mark.parametrize(
    ("name", "complaint"),
    [("system.png", "must end with one of .svg, "), ("none/system.svg", "cannot be written to")],
)
def test_a_name_that_cannot_be_used_is_a_warning(tmp_path, name, complaint):
    done = runProgram(PROGRAM, tmp_path, name)
    assert done.stderr.startswith("KAMAELIA_GRAPH has no effect: ")
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_workers_of_a_server_write_no_picture(monkeypatch):
    monkeypatch.setattr(ProcessPath, "_PROCESS", os.getpid() + 1)
    assert GraphFile.start(scheduler.run, "system.svg") is None
    assert ProcessPath.processPath("system-%p.svg") == f"system-{os.getpid()}.svg"


def test_a_picture_with_fewer_components_does_not_replace_it(tmp_path):
    path = tmp_path / "system.json"
    end = GraphFile.start(scheduler.run, str(path))
    Pipeline(Source(), Sink()).run()
    Source(name="Late").run()
    end()
    assert sorted(titlesIn(path)) == ["Pipeline", "Sink", "Source"]


def test_a_picture_is_taken_while_the_program_runs(tmp_path, monkeypatch):
    path = tmp_path / "system.json"

    class Watch(component):
        """Run until the picture is there."""

        def main(self):
            while not path.exists():
                yield self.pause(0.01)
            self.seen = titlesIn(path)

    monkeypatch.setenv("KAMAELIA_GRAPH", str(path))
    watch = Watch()
    watch.run()
    assert watch.seen == ["Watch"]


def test_a_file_that_can_no_longer_be_written_is_one_warning(tmp_path, caplog):
    folder = tmp_path / "folder"
    folder.mkdir()
    end = GraphFile.start(scheduler.run, str(folder / "system.svg"))
    folder.rmdir()
    Pipeline(Source(), Sink()).run()
    end()
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        f"no more pictures are written to {folder / 'system.svg'}"
    ]
