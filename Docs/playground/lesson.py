"""A step of the course: a task, and the rules by which an answer is judged.

Example usage
-------------
    verdict = LESSON.check(program, run)
    verdict.isRight, verdict.text       # the text is a hint if the answer is wrong

How does it work?
-----------------
A lesson is a table of rules: the first one that applies tells what is wrong with the answer. An
answer to which none applies is right. The lesson also contains wrong answers, one for each hint
that learners need most: they are edits of the right answer, and the tests check each of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from Docs.playground.attempt import Asleep, Attempt, Interrupted, describe

RIGHT = "Right."
NOTHING = "There is no program yet."


class Rule(NamedTuple):
    """applies(attempt): whether the answer has this fault. hint: a sentence for the learner."""

    applies: Callable[[Attempt], object]
    hint: str


class Wrong(NamedTuple):
    """A wrong answer: what is replaced in the right one, and how the hint for it begins."""

    edits: dict[str, str]
    hint: str


class Verdict(NamedTuple):
    """Whether an answer is right, and a text about it."""

    isRight: bool
    text: str


@dataclass(frozen=True)
class Lesson:
    """A step of the course.

    key: its name in addresses and in the browser's storage. page: its chapter, below Docs.
    section: the heading of the step in a chapter of several steps. starter: the program with which
    the learner begins. rules: see above. wrong: see above. answer: the right one, if that of the
    chapter does not run in a browser. note: what is different in a browser. given, after: what stands
    around the answer of the chapter. isOwnCore: whether the program brings its own core.
    """

    key: str
    page: str
    starter: str
    rules: tuple[Rule, ...]
    wrong: tuple[Wrong, ...]
    section: str = ""
    answer: str = ""
    given: str = ""
    after: str = ""
    note: str = ""
    isOwnCore: bool = False

    def check(self, source: str, run: Callable[[str], Attempt]) -> Verdict:
        """Judge an answer. run(source) runs it."""
        if not source.strip():
            return Verdict(False, NOTHING)
        attempt = run(source)
        if isinstance(attempt.error, SyntaxError):
            return Verdict(False, describe(attempt.error))
        try:
            with attempt.captured():
                for rule in self.rules:
                    if rule.applies(attempt):
                        return Verdict(False, rule.hint)
        except (Exception, Interrupted) as error:  # noqa: BLE001 - parts of the answer may raise anything
            return Verdict(False, f"{describe(attempt.error or error)}")
        if attempt.error is not None:
            return Verdict(False, describe(attempt.error))
        return Verdict(True, RIGHT)


def edited(program: str, edits: dict[str, str]) -> str:
    """Return a program with replacements; raises ValueError if there is nothing to replace."""
    for old, new in edits.items():
        if old not in program:
            raise ValueError(f"the program does not contain {old!r}")
        program = program.replace(old, new)
    return program


def hasNone(*names: str) -> Rule:
    """Return the rule that the program must define these names, which applies if it does not."""
    quoted = " and ".join(f"`{name}`" for name in names)
    return Rule(
        lambda attempt: attempt.error is None and not attempt.has(*names),
        f"The program does not define {quoted}.",
    )


ASLEEP = Rule(
    lambda attempt: isinstance(attempt.error, Asleep),
    "The program waits forever: all components sleep, and none of them has been told that the end has come.",
)
