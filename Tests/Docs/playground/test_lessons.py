"""The lessons of the playground: right answers pass, wrong ones get their own hint."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from Docs.playground.browser import attempted, interrupt
from Docs.playground.lesson import Lesson, Verdict, Wrong, edited
from Docs.playground.lessons import LESSONS, textsOf

ALL = [pytest.param(each, id=each.key) for each in LESSONS.values()]
WRONG = [
    pytest.param(lesson, wrong, id=f"{lesson.key}-{number}")
    for lesson in LESSONS.values()
    for number, wrong in enumerate(lesson.wrong)
]


@pytest.fixture(autouse=True)
def _plainLoop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the loop of asyncio, as in a browser: the one of uvloop is not interrupted by a timer."""
    monkeypatch.setitem(sys.modules, "uvloop", None)


@contextmanager
def limited(seconds: float = 3) -> Iterator[None]:
    """Interrupt what does not end, as the page does."""
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def check(lesson: Lesson, program: str) -> Verdict:
    with limited():
        return lesson.check(program, lambda source: attempted(lesson, source))


@pytest.mark.parametrize("lesson", ALL)
def test_the_right_answer_passes(lesson):
    assert check(lesson, textsOf(lesson).answer) == (True, "Right.")


@pytest.mark.parametrize(("lesson", "wrong"), WRONG)
def test_a_wrong_answer_gets_its_own_hint(lesson: Lesson, wrong: Wrong):
    verdict = check(lesson, edited(textsOf(lesson).answer, wrong.edits))
    assert not verdict.isRight
    assert verdict.text.startswith(wrong.hint)


@pytest.mark.parametrize("lesson", ALL)
def test_the_starter_is_a_program_that_is_not_right_yet(lesson):
    verdict = check(lesson, lesson.starter)
    assert not verdict.isRight
    compile(lesson.starter, "starter", "exec")


@pytest.mark.parametrize("lesson", ALL)
def test_a_lesson_has_three_wrong_answers_with_different_hints(lesson):
    assert len({wrong.hint for wrong in lesson.wrong}) >= 3


@pytest.mark.parametrize("lesson", ALL)
def test_a_lesson_has_texts(lesson):
    texts = textsOf(lesson)
    assert texts.title
    assert texts.task.startswith("<p>")
    assert texts.hints
    for each in (texts.task, *texts.hints):
        assert "``" not in each
        assert ":doc:" not in each
