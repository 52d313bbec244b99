"""The sessions on a page: files that a reader saves, and commands with the output they print.

A page marks its files (`:class: file` with a `:caption:`, which is the name) and its sessions
(`:class: session`). The output of a command is compared without its spaces; `...` stands for any
text, and numbers in the names of components, and of seconds, do not count. A command that ends with
`&` runs in the background until the page is done. Lines after `(Pdb)` are typed into the debugger.
A program that does not end (`:class: endless`) is stopped when it has printed what is shown.
Ports of 127.0.0.1 are replaced by free ones.
"""

import os
import re
import subprocess
import sys
import textwrap
import time
from contextlib import contextmanager
from pathlib import Path

from Tests.Docs.test_snippets import ROOT, pythonToRun
from Tests.ports import freePort

BLOCK = re.compile(
    r"^\.\. code-block:: \w+\n[ ]+:class: (file|session|endless)\n(?:[ ]+:caption: (\S+)\n)?\n"
    r"((?:[ ]+.*\n|\n)+)",
    re.MULTILINE,
)
PATIENCE = 30


def filesOf(text):
    """Return the files on a page as a dict from name to content."""
    return {
        name: textwrap.dedent(body).rstrip("\n") + "\n"
        for mark, name, body in BLOCK.findall(text)
        if mark == "file" and name
    }


def commandsOf(text, wanted="session"):
    """Return (command, what is typed into it, its output) for each command on a page."""
    found = []
    for mark, _, body in BLOCK.findall(text):
        if mark != wanted:
            continue
        for part in re.split(r"^\$ ", textwrap.dedent(body), flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            typed = "".join(f"{line}\n" for line in re.findall(r"^\(Pdb\) (.*)$", output, re.M))
            found.append((command, typed, re.sub(r"^\(Pdb\) .*$", "", output, flags=re.M)))
    return found


def isLike(printed, shown):
    """Return whether an output is the one that the page shows."""
    parts = [re.escape(_words(part)) for part in shown.split("...")]
    return re.fullmatch(".*?".join(parts), _words(printed)) is not None


def _words(text):
    text = re.sub(r"_\d+", "_N", text.replace("(Pdb) ", ""))
    text = re.sub(r"\d+\.\d+(?= seconds)", "N", text)  # a busy machine takes longer
    return "".join(text.split())


class Folder:
    """The folder of a reader, in which the files of a page are saved and its commands run."""

    def __init__(self, path, files):
        self.ports = {}
        for name, content in files.items():
            (path / name).write_text(self._withFreePorts(content), encoding="utf-8")
        python, environment = pythonToRun()
        commands = [Path(python).parent, Path(sys.executable).parent]
        search = os.pathsep.join([*map(str, commands), environment["PATH"]])
        self.path = path
        self.environment = environment | {"PATH": search, "NO_COLOR": "1"}

    @contextmanager
    def background(self, command):
        """Run a command until the `with` block ends; give its process."""
        with subprocess.Popen(
            f"exec env {self._withFreePorts(command).rstrip('& ')}",
            shell=True,
            text=True,
            **self._settings(),
        ) as running:
            try:
                yield running
            finally:
                running.kill()

    def run(self, command, typed=""):
        """Run a command, and return what it prints."""
        command, settings = self._withFreePorts(command), self._settings()
        if command.startswith("mypy "):  # it does not find an editable installation
            settings["env"] = self.environment | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, shell=True, input=typed, text=True, timeout=200, **settings)
        return done.stdout

    def runUntil(self, command, shown):
        """Run a command until it prints what is shown; return what it printed last."""
        end = time.monotonic() + PATIENCE
        while not isLike(printed := self.run(command), shown) and time.monotonic() < end:
            pass  # the program that it asks is starting
        return printed

    def _withFreePorts(self, text):
        """Replace each port of the loopback address; the same port by the same free one."""

        def freeAddress(match):
            if match[1] not in self.ports:
                self.ports[match[1]] = freePort()
            return f"127.0.0.1:{self.ports[match[1]]}"

        return re.sub(r"127\.0\.0\.1:(\d+)", freeAddress, text)

    def _settings(self):
        return {
            "cwd": self.path,
            "env": self.environment,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.STDOUT,
        }
