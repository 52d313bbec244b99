"""One run of a learner's program: what it printed, the error that ended it, and its names.

How does it work?
-----------------
The program runs as `__main__` in the calling thread, and prints into the attempt. Somebody else
interrupts a program that does not end (see Interrupted): the page, or a timer in tests. With a
JudgedScheduler, a system in which nothing can happen any more is ended.
"""

from __future__ import annotations

import ast
import io
import linecache
import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from types import CodeType, ModuleType
from typing import Any

from Axon import Browser
from Axon.Scheduler import scheduler

FILE = "<your program>"
MOST_OUTPUT = 100_000  # characters

NO_SOCKETS = "needs sockets, which it does not have: `feedConnection` plays a client, and a `DataSource` sends data."
NOT_IN_BROWSERS = {
    "ssl": f"runs no program that {NO_SOCKETS}",
    "uvloop": "has an event loop of its own.",
    "tkinter": "runs no program that needs windows: print instead.",
    "pygame": "runs no program that needs windows: print instead.",
}


class Interrupted(BaseException):
    """The program has not given up its turn for too long."""


class Asleep(Exception):
    """All components sleep, and nothing can wake them."""


class JudgedScheduler(scheduler):
    """A scheduler that ends a system which would wait forever, with Asleep as its error."""

    def reportAsleep(self, sentence: str) -> None:
        self.endWith(Asleep(sentence))


class TooMuchOutput(Exception):
    """The program prints without end."""


class Attempt:
    """Attempt(source[, tell, watch]): a run of `source`, which run() begins.

    tell(text): called with each text that is printed. watch(code): called with the program's code
    before it runs.
    """

    def __init__(
        self,
        source: str,
        tell: Callable[[str], object] = lambda text: None,
        watch: Callable[[CodeType], object] = lambda code: None,
    ) -> None:
        self.source = source
        self._watch = watch
        self.module = ModuleType("__main__")
        self.names: dict[str, Any] = self.module.__dict__
        self.error: BaseException | None = None
        self.printed = _Printed(tell)

    @property
    def output(self) -> str:
        """What the program has printed, without its error messages."""
        return self.printed.getvalue()

    @property
    def lines(self) -> list[str]:
        return self.output.splitlines()

    def run(self, transform: Callable[[ast.Module], ast.Module] | None = None) -> Attempt:
        """Run the program to its end, and keep the error that ended it. Return the attempt."""
        linecache.cache[FILE] = (len(self.source), None, self.source.splitlines(True), FILE)
        before = sys.modules.get("__main__")
        sys.modules["__main__"] = self.module
        try:
            with self.captured():
                tree = ast.parse(self.source, FILE)
                code = compile(tree if transform is None else transform(tree), FILE, "exec")
                self._watch(code)
                exec(code, self.names)  # noqa: S102 - it is the learner's own browser
        except SystemExit:
            pass
        except BaseException as error:  # noqa: BLE001 - a program may raise anything
            self.error = error
        finally:
            if before is not None:
                sys.modules["__main__"] = before
        return self

    @contextmanager
    def captured(self) -> Iterator[None]:
        """Let everything print into this attempt in this context."""
        errors = _Printed(self.printed.onText)
        level = logging.root.manager.disable
        try:
            with redirect_stdout(self.printed), redirect_stderr(errors):
                yield
        finally:
            logging.disable(level)  # a program may have disabled it

    # What rules ask

    def has(self, *names: str) -> bool:
        """Return whether the program has defined all these names."""
        return all(name in self.names for name in names)

    def uses(self, name: str) -> bool:
        """Return whether the program contains this name, or an attribute or a keyword of it."""
        return any(
            name in (getattr(node, "id", ""), getattr(node, "attr", ""), getattr(node, "arg", ""))
            for node in ast.walk(ast.parse(self.source))
        )

    def raised(self, kind: type[BaseException], words: str = "") -> bool:
        """Return whether the program was ended by such an error, with these words in it."""
        return isinstance(self.error, kind) and words in str(self.error)

    def isAsleep(self) -> bool:
        """Return whether the program would have waited forever."""
        return isinstance(self.error, Asleep)

    def isEndless(self) -> bool:
        """Return whether the program had to be interrupted."""
        return isinstance(self.error, Interrupted)


def lineOf(error: BaseException) -> int | None:
    """Return the line of the program in which an error was raised, or None."""
    if isinstance(error, SyntaxError):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame.lineno for frame in frames if frame.filename == FILE]
    return own[-1] if own else None


def describe(error: BaseException) -> str:
    """Return an error in one or two sentences, with the line of the program."""
    line = lineOf(error)
    where = "" if line is None else f"Line {line}: "
    if isinstance(error, Interrupted):
        return f"{where}this turn did not end. Is there a loop without `yield`?"
    if isinstance(error, Asleep):
        return str(error)
    if isinstance(error, SyntaxError):
        return f"{where}Python does not understand this: {error.msg}."
    sentence = f"{where}{type(error).__name__}: {error}"
    return f"{sentence}{_missingIn(error)}" if Browser.IS_BROWSER else sentence


def _missingIn(error: BaseException) -> str:
    """Return what a browser does not have and what to use instead, or "" for other errors."""
    if isinstance(error, ModuleNotFoundError) and error.name in NOT_IN_BROWSERS:
        return f"\nA browser {NOT_IN_BROWSERS[error.name]}"
    if isinstance(error, FileNotFoundError):
        return "\nA browser does not have your files: write the data into the program, as in `DataSource([...])`."
    return ""


class _Printed(io.StringIO):
    """A file that also tells what is written into it."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        super().__init__()
        self.onText = tell

    def write(self, text: str) -> int:
        if self.tell() > MOST_OUTPUT:
            raise TooMuchOutput("the program prints without end")
        self.onText(text)
        return super().write(text)
