"""What the worker of the page calls: run a program, judge an answer, answer the picture.

How does it work?
-----------------
Everything is called in the only thread of the worker. `post(kind, text)` sends to the page: "output",
"picture" (a JSON object of the live page) and "beat", by which the page sees that the program still
gives others a turn. A loop without an end is interrupted by a TurnLimit; so that it ends at once, the
run does not end in order. If nothing is heard for too long, the page writes SIGINT into the memory that
it shares with the worker, where there is some: Pyodide calls the handler in code of Python itself,
though not in callbacks of the browser's loop. At last the page replaces the worker.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from types import CodeType, FrameType

from Axon.Scheduler import scheduler
from Docs.playground import tests
from Docs.playground.attempt import Asleep, Attempt, Interrupted, JudgedScheduler, describe
from Docs.playground.lesson import Lesson
from Docs.playground.lessons import LESSONS
from Docs.playground.miniaxon import ADDED, OwnCore, withCalls
from Docs.playground.pace import FIRST, Pace
from Docs.playground.stage import Stage
from Docs.playground.turnlimit import TurnLimit

Post = Callable[[str, str], object]


def interrupt(number: int, frame: FrameType | None) -> None:
    """Interrupt the turn that runs: the handler of SIGINT."""
    raise Interrupted()


def rest(seconds: float) -> None:
    """Wait in a browser. The worker meanwhile handles its messages, if no scheduler runs.

    Another slice must not begin within one. Then the messages wait for the end of the slice.
    """
    ffi, js = import_module("pyodide.ffi"), import_module("js")
    if scheduler.run.isRunning() or not ffi.can_run_sync():
        js.blockThread(1000 * seconds)  # time.sleep() would suspend WebAssembly
        return
    begin = ffi.create_once_callable(
        lambda resolve, reject: js.setTimeout(resolve, max(1, int(1000 * seconds)))
    )
    ffi.run_sync(js.Promise.new(begin))


def attempted(
    lesson: Lesson,
    source: str,
    rest: Callable[[float], object] = time.sleep,
    watch: Callable[[CodeType], object] = lambda code: None,
) -> Attempt:
    """Run an answer without pauses and without a picture, to judge it."""
    scheduler.run = JudgedScheduler()
    attempt = Attempt(source, watch=watch)
    if not lesson.isOwnCore:
        return attempt.run()
    attempt.names[ADDED] = OwnCore(Pace(rest, 0)).defined
    return attempt.run(withCalls)


class Player:
    """Player(post, rest[, signals]): runs the programs of one page. For rest see Pace.

    signals: the memory that is shared with the page, or None: twice the number of a signal, of which
    Pyodide takes the first.
    """

    def __init__(
        self, post: Post, rest: Callable[[float], object], signals: Sequence[int] | None = None
    ) -> None:
        self._send = post
        self._signals = signals
        self._limit = TurnLimit(self._isInterrupted)
        self._rest = rest
        self._stage: Stage | None = None
        signal.signal(signal.SIGINT, interrupt)

    def play(self, key: str, source: str, first: float = FIRST) -> None:
        """Run a program, and draw its system. first: the first pause between turns."""
        lesson = LESSONS[key]
        self._stage = stage = Stage(self._sendPicture, self._restAndBeat, first)
        attempt = Attempt(source, self._sendOutput, self._limit.watch)
        self._limit.restart()
        stage.open()
        try:
            if lesson.isOwnCore:
                attempt.names[ADDED] = OwnCore(stage.pace, self._sendPicture).defined
                attempt.run(withCalls)
            else:
                attempt.run()
                self._runTests(attempt, stage)
        finally:
            stage.close()
            self._stage = None
        if attempt.error is not None:
            self._sendOutput(f"{describe(attempt.error)}\n")

    def _runTests(self, attempt: Attempt, stage: Stage) -> None:
        with attempt.captured():
            for sentence in tests.reports(attempt.names, stage.open):
                sys.stdout.write(f"{sentence}\n")

    def check(self, key: str, source: str) -> str:
        """Judge an answer. Return {"isRight": ..., "text": ...} as JSON."""
        lesson = LESSONS[key]
        self._limit.restart()
        verdict = lesson.check(
            source,
            lambda program: attempted(lesson, program, self._restAndBeat, self._limit.watch),
        )
        return json.dumps(verdict._asdict())

    def answer(self, text: str) -> None:
        """Act on a request of the picture."""
        if self._stage is not None:
            self._stage.answer(text)

    def stop(self) -> None:
        """End the system that runs, in order."""
        if self._stage is not None:
            self._stage.pace.release()
            with suppress(RuntimeError):
                scheduler.run.stop()

    def giveUp(self) -> None:
        """End the program that is judged, as one that waits forever."""
        scheduler.run.endWith(Asleep("The program does not end."))

    def _isInterrupted(self) -> bool:
        return self._signals is not None and self._signals[1] == signal.SIGINT

    def _post(self, kind: str, text: str) -> None:
        self._limit.restart()
        self._send(kind, text)

    def _sendPicture(self, text: str) -> None:
        self._post("picture", text)

    def _sendOutput(self, text: str) -> None:
        self._post("output", text)

    def _restAndBeat(self, seconds: float) -> None:
        self._post("beat", "")
        self._rest(seconds)
