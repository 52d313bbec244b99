"""The four steps of Mini-Axon: a core of the learner's own."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from Docs.playground.attempt import Attempt
from Docs.playground.chapters import DOCS, objectIn
from Docs.playground.lesson import Lesson, Rule, Wrong, hasNone
from Docs.playground.miniaxon import TooManyTurns

SOURCE = DOCS.parent / "Examples" / "MiniAxon" / "miniaxon.py"
PAGE = "learn/mini_axon"

MICROPROCESS = objectIn(SOURCE, "microprocess")
SCHEDULER = objectIn(SOURCE, "scheduler") + "\n\nscheduler.run = scheduler()\n"
COMPONENT = objectIn(SOURCE, "component")
FINISHED = objectIn(SOURCE, "producerFinished")

UP_TO_SCHEDULER = f"{MICROPROCESS}\n\n{SCHEDULER}"
UP_TO_COMPONENT = (
    f"from collections import deque\n\n\n{UP_TO_SCHEDULER}\n\n{FINISHED}\n\n{COMPONENT}"
)

PIPELINE = f"""

{objectIn(SOURCE, "Numbers")}

{objectIn(SOURCE, "Total")}

numbers, total = Numbers(end=5), Total()
numbers.link((numbers, "outbox"), (total, "inbox"))
numbers.link((numbers, "signal"), (total, "control"))
numbers.activate()
total.activate()
scheduler.run.runThreads()
"""


class Recorder:
    """Stands for a scheduler that has not been written yet."""

    def __init__(self) -> None:
        self.added: list[Any] = []
        self.run = self

    def add(self, process: Any) -> None:
        self.added.append(process)


def _activated(attempt: Attempt) -> tuple[Any, Any, list[Any]]:
    """Return a microprocess, what its activate() returned, and what has been added."""
    recorder = attempt.names["scheduler"] = Recorder()
    process = attempt.names["microprocess"]()
    return process, process.activate(), recorder.added


STEP_1 = Lesson(
    key="mini_axon_1",
    page=PAGE,
    section="Step 1: a microprocess",
    isOwnCore=True,
    starter='''class microprocess:
    """Something that runs in turns."""

    def main(self):
        ...

    def activate(self):
        ...
''',
    rules=(
        hasNone("microprocess"),
        Rule(
            lambda attempt: (
                attempt.error is None
                and not inspect.isgenerator(attempt.names["microprocess"]().main())
            ),
            "`main()` is not a generator: it needs a `yield`.",
        ),
        Rule(
            lambda attempt: attempt.error is None and not _activated(attempt)[2],
            "`activate()` does not add the microprocess to the scheduler: `scheduler.run.add(self)`.",
        ),
        Rule(
            lambda attempt: (
                attempt.error is None and not getattr(_activated(attempt)[0], "isRunning", False)
            ),
            "After `activate()`, `isRunning` is not True.",
        ),
        Rule(
            lambda attempt: (
                attempt.error is None
                and getattr(attempt.names["microprocess"](), "isRunning", False)
            ),
            "`isRunning` is True before `activate()`.",
        ),
        Rule(
            lambda attempt: (
                attempt.error is None
                and not isinstance(_activated(attempt)[1], attempt.names["microprocess"])
            ),
            "`activate()` does not return the microprocess.",
        ),
    ),
    wrong=(
        Wrong({"        return self\n": ""}, "`activate()` does not return"),
        Wrong({"        self.isRunning = True\n": ""}, "After `activate()`, `isRunning`"),
        Wrong({"        scheduler.run.add(self)\n": ""}, "`activate()` does not add"),
        Wrong({"        yield\n": "        pass\n"}, "`main()` is not a generator"),
        Wrong({"    isRunning = False\n": "    isRunning = True\n"}, "`isRunning` is True before"),
    ),
)


def _turns(attempt: Attempt, *lengths: int) -> tuple[list[str], list[Any]]:
    """Return the order of the turns of microprocesses that have so many turns, and these."""
    order: list[str] = []

    class Counted(attempt.names["microprocess"]):  # type: ignore[misc]
        def __init__(self, name: str, turns: int) -> None:
            super().__init__()
            self.label, self.turns = name, turns

        def main(self) -> Iterator[None]:
            for _ in range(self.turns):
                order.append(self.label)
                yield

    made = [Counted(name, turns) for name, turns in zip("abc", lengths, strict=False)]
    scheduler = attempt.names["scheduler"]
    scheduler.run = scheduler()
    for each in made:
        each.activate()
    scheduler.run.runThreads()
    return order, made


STEP_2 = Lesson(
    key="mini_axon_2",
    page=PAGE,
    section="Step 2: a scheduler",
    isOwnCore=True,
    answer=f"""{UP_TO_SCHEDULER}

class Countdown(microprocess):
    def __init__(self, name, start):
        self.name, self.start = name, start

    def main(self):
        for number in range(self.start, 0, -1):
            print(self.name, number)
            yield


Countdown("a", 3).activate()
Countdown("b", 2).activate()
scheduler.run.runThreads()
""",
    starter=f'''{MICROPROCESS}

class scheduler:
    """Gives each microprocess one turn in each round."""

    def add(self, process):
        ...

    def runThreads(self):
        ...


scheduler.run = scheduler()


class Countdown(microprocess):
    def __init__(self, name, start):
        self.name, self.start = name, start

    def main(self):
        for number in range(self.start, 0, -1):
            print(self.name, number)
            yield


Countdown("a", 3).activate()
Countdown("b", 2).activate()
scheduler.run.runThreads()
''',
    rules=(
        hasNone("microprocess", "scheduler"),
        Rule(
            lambda attempt: (
                attempt.has("scheduler") and not hasattr(attempt.names["scheduler"], "run")
            ),
            "There is no scheduler in use: `scheduler.run = scheduler()`.",
        ),
        Rule(
            lambda attempt: (
                isinstance(attempt.error, StopIteration)
                or (
                    isinstance(attempt.error, RuntimeError)
                    and "StopIteration" in str(attempt.error)
                )
            ),
            "`StopIteration` means that a generator has ended: catch it, and remove the microprocess.",
        ),
        Rule(
            lambda attempt: attempt.error is None and not _turns(attempt, 1)[0],
            "No microprocess gets a turn.",
        ),
        Rule(
            lambda attempt: (
                attempt.error is None and _turns(attempt, 2, 2)[0] == ["a", "a", "b", "b"]
            ),
            "One microprocess runs to its end before the next one has a turn. A turn is one `next()`;"
            " a round gives one turn to each.",
        ),
        Rule(
            lambda attempt: (
                attempt.error is None
                and len(_turns(attempt, 1, 2, 3)[0]) == 6
                and _turns(attempt, 1, 2, 3)[0] != ["a", "b", "c", "b", "c", "c"]
            ),
            "When a microprocess ends, the next one loses its turn: the list becomes shorter while it"
            " is iterated over. Iterate over a copy.",
        ),
        Rule(
            lambda attempt: attempt.error is None and len(_turns(attempt, 1, 2, 3)[0]) != 6,
            "Some turns are missing: run until no microprocess is left.",
        ),
        Rule(
            lambda attempt: (
                attempt.error is None and any(each.isRunning for each in _turns(attempt, 1, 2)[1])
            ),
            "A microprocess that has ended still says that it runs: set `isRunning` to False.",
        ),
    ),
    wrong=(
        Wrong(
            {
                "                    next(turns)\n                except StopIteration:\n"
                "                    process.isRunning = False\n"
                "                    self.running.remove(entry)": (
                    "                    for _ in turns:\n                        pass\n"
                    "                finally:\n"
                    "                    process.isRunning = False\n"
                    "                    self.running.remove(entry)"
                )
            },
            "One microprocess runs to its end",
        ),
        Wrong({"list(self.running)": "self.running"}, "When a microprocess ends, the next one"),
        Wrong(
            {"                    process.isRunning = False\n": ""}, "A microprocess that has ended"
        ),
        Wrong(
            {"\n\nscheduler.run = scheduler()\n": "", "\nscheduler.run.runThreads()": ""},
            "There is no scheduler",
        ),
        Wrong(
            {
                "                try:\n                    next(turns)\n                except StopIteration:\n"
                "                    process.isRunning = False\n"
                "                    self.running.remove(entry)": "                next(turns)"
            },
            "`StopIteration` means",
        ),
        Wrong(
            {"        while self.running:": "        if self.running:"}, "Some turns are missing"
        ),
    ),
)


def _new(attempt: Attempt, **settings: Any) -> Any:
    return attempt.names["component"](**settings)


def _received(attempt: Attempt) -> list[Any]:
    """Return the messages 1, 2 and 3, taken from an inbox."""
    each = _new(attempt)
    each.inboxes["inbox"].extend([1, 2, 3])
    return [each.recv() for _ in range(3)]


def _ended(attempt: Attempt) -> tuple[Any, list[Any], Any]:
    """Return what isShuttingDown() says, what it has sent, and what it says without a message."""
    each = _new(attempt)
    each.inboxes["control"].append("the end")
    return each.isShuttingDown(), list(each.outboxes["signal"]), each.isShuttingDown()


def _waitsFor(attempt: Attempt) -> int:
    """Return after how many turns waitForMessage() goes on, if a message comes in the third one."""
    each = _new(attempt)
    for number, _ in enumerate(each.waitForMessage(), 1):
        if number == 3:
            each.inboxes["control"].append("the end")
        if number == 5:
            break
    else:
        return number
    return -1


STEP_3 = Lesson(
    key="mini_axon_3",
    page=PAGE,
    section="Step 3: a component",
    isOwnCore=True,
    answer=UP_TO_COMPONENT,
    starter=f'''from collections import deque


{UP_TO_SCHEDULER}

class component(microprocess):
    """A microprocess with boxes. Keyword arguments become attributes."""

    Inboxes = ("inbox", "control")
    Outboxes = ("outbox", "signal")

    def __init__(self, **settings):
        ...
''',
    rules=(
        hasNone("component"),
        Rule(
            lambda attempt: (
                attempt.error is None
                and not all(hasattr(_new(attempt), name) for name in ("inboxes", "outboxes"))
            ),
            "Keep the boxes in two dicts, `inboxes` and `outboxes`, from the name to a deque.",
        ),
        Rule(
            lambda attempt: (
                attempt.error is None
                and _new(attempt).inboxes["inbox"] is _new(attempt).inboxes["inbox"]
            ),
            "All components share their boxes: make them in `__init__`.",
        ),
        Rule(
            lambda attempt: (
                attempt.error is None and getattr(_new(attempt, end=5), "end", None) != 5
            ),
            "Keyword arguments do not become attributes: `component(end=5).end` is to be 5.",
        ),
        Rule(
            lambda attempt: attempt.error is None and _received(attempt) != [1, 2, 3],
            "The messages come out in another order than they went in: the oldest one is the first.",
        ),
        Rule(
            lambda attempt: attempt.error is None and _ended(attempt)[0] and not _ended(attempt)[1],
            "`isShuttingDown()` takes the end from `control`, but does not send it to `signal`.",
        ),
        Rule(
            lambda attempt: (
                attempt.error is None and (not _ended(attempt)[0] or bool(_ended(attempt)[2]))
            ),
            "`isShuttingDown()` returns True if there is a message in `control`, and else False.",
        ),
        Rule(
            lambda attempt: attempt.error is None and _waitsFor(attempt) != 3,
            "`waitForMessage()` yields again and again until an inbox, any of them, holds something.",
        ),
    ),
    wrong=(
        Wrong({"popleft()": "pop()"}, "The messages come out in another order"),
        Wrong(
            {'            self.send(message, "signal")\n': ""}, "`isShuttingDown()` takes the end"
        ),
        Wrong({"        vars(self).update(settings)\n": ""}, "Keyword arguments do not"),
        Wrong({"while not any(": "if not any("}, "`waitForMessage()` yields again"),
        Wrong(
            {
                "self.inboxes = {name: deque() for name in self.Inboxes}": "self.inboxes = self.shared",
                '    Outboxes = ("outbox", "signal")\n': (
                    '    Outboxes = ("outbox", "signal")\n'
                    '    shared = {"inbox": deque(), "control": deque()}\n'
                ),
            },
            "All components share their boxes",
        ),
        Wrong(
            {
                "            return True\n        return False": "            return True\n        return True"
            },
            "`isShuttingDown()` returns True",
        ),
    ),
)


def _carried(attempt: Attempt) -> list[Any] | None:
    """Return what a postman brings from a sender that is activated after it; None: without end."""

    class Sender(attempt.names["component"]):  # type: ignore[misc]
        def main(self) -> Iterator[None]:
            self.send(0)
            self.send(1)
            yield
            self.send(2)
            self.send(3)

    class Starter(attempt.names["microprocess"]):  # type: ignore[misc]
        def main(self) -> Iterator[None]:
            sender.activate()
            yield

    sender, receiver = Sender(), _new(attempt)
    scheduler = attempt.names["scheduler"]
    scheduler.run = scheduler()
    attempt.names["postman"]((sender, "outbox"), (receiver, "inbox")).activate()
    Starter().activate()
    try:
        scheduler.run.runThreads()
    except TooManyTurns:
        return None
    return list(receiver.inboxes["inbox"])


def _hasPostman(attempt: Attempt) -> bool:
    isRun = attempt.error is None or isinstance(attempt.error, TooManyTurns)
    return isRun and attempt.has("component", "postman")


def _carriedIs(attempt: Attempt, *wanted: object) -> bool:
    return _hasPostman(attempt) and _carried(attempt) in wanted


STEP_4 = Lesson(
    key="mini_axon_4",
    page=PAGE,
    section="Step 4: a postman",
    isOwnCore=True,
    given=f"{UP_TO_COMPONENT}\n\n",
    after=PIPELINE,
    starter=f'''{UP_TO_COMPONENT}

class postman(microprocess):
    """Carries messages from an outbox to an inbox until the sender has ended."""

    def __init__(self, source, sink):
        ...

    def main(self):
        ...
{PIPELINE}''',
    rules=(
        hasNone("component", "postman"),
        Rule(
            lambda attempt: _carriedIs(attempt, None),
            "The postman does not end. It ends when its sender has ended and the outbox is empty.",
        ),
        Rule(
            lambda attempt: _carriedIs(attempt, []),
            "Nothing is carried: the postman has ended before its sender was activated. Let it wait"
            " one turn.",
        ),
        Rule(
            lambda attempt: _carriedIs(attempt, [0, 1], [0]),
            "The last messages are lost: they are still in the outbox when the sender has ended.",
        ),
        Rule(
            lambda attempt: _carriedIs(attempt, [1, 0, 3, 2], [3, 2, 1, 0]),
            "The messages arrive in another order than they were sent: carry the oldest one first.",
        ),
        Rule(
            lambda attempt: _hasPostman(attempt) and _carried(attempt) != [0, 1, 2, 3],
            "Some messages are lost, or carried twice.",
        ),
        Rule(
            lambda attempt: isinstance(attempt.error, TooManyTurns),
            "The program does not end: the end of the numbers does not arrive.",
        ),
        Rule(
            lambda attempt: attempt.error is None and attempt.lines != ["10"],
            "The pipeline does not print 10, the sum of the numbers.",
        ),
    ),
    wrong=(
        Wrong({" or self.outbox:": ":"}, "The last messages are lost"),
        Wrong(
            {"        yield  # the sender may be activated after it has been linked\n": ""},
            "Nothing is carried",
        ),
        Wrong(
            {"self.outbox.popleft()": "self.outbox.pop()"}, "The messages arrive in another order"
        ),
        Wrong(
            {"while self.sender.isRunning or self.outbox:": "while True:"},
            "The postman does not end",
        ),
    ),
)
