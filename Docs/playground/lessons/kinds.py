"""The steps of the course about kinds of components and about errors."""

from __future__ import annotations

import ast
import inspect

from Axon.ThreadedComponent import threadedcomponent
from Docs.playground.attempt import Attempt
from Docs.playground.chapters import programsOn
from Docs.playground.lesson import ASLEEP, Lesson, Rule, Wrong, hasNone

# Threads and asyncio


def _hasThread(attempt: Attempt) -> bool:
    return any(
        isinstance(each, type)
        and issubclass(each, threadedcomponent)
        and each is not threadedcomponent
        for each in attempt.names.values()
    )


def _blocks(attempt: Attempt) -> bool:
    """Return whether the program calls time.sleep()."""
    for node in ast.walk(ast.parse(attempt.source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "time.sleep":
            return True
    return False


THREADS_ANSWER = """import asyncio

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Chassis.Pipeline import Pipeline

class Numbers(component):
    async def main(self):
        for number in (1, 2, 3):
            self.send(number)
            await asyncio.sleep(0.001)
        self.send(producerFinished(self), "signal")

class Square(component):
    async def main(self):
        async for number in self.messages():
            await asyncio.sleep(0.001)
            self.send(number ** 2)

class Show(component):
    def main(self):
        while True:
            yield from self.waitForMessage()
            for number in self.Inbox():
                print(number)
            if self.isShuttingDown():
                return

Pipeline(Numbers(), Square(), Show()).run()
"""

THREADS = Lesson(
    key="threads_and_asyncio",
    page="learn/threads_and_asyncio",
    note="A browser has no threads, so two kinds are enough here: write `Square` with `async def main`,"
    " and let `await asyncio.sleep(0.001)` stand for the slow computation.",
    starter="""import asyncio

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Chassis.Pipeline import Pipeline

class Numbers(component):
    async def main(self):
        self.send(1)

class Show(component):
    def main(self):
        while True:
            yield from self.waitForMessage()
            for number in self.Inbox():
                print(number)
            if self.isShuttingDown():
                return

Pipeline(Numbers(), Show()).run()
""",
    answer=THREADS_ANSWER,
    rules=(
        Rule(
            _hasThread,
            "A browser has no threads, so a `threadedcomponent` cannot run here: write it with"
            " `async def main`, and await what takes time.",
        ),
        Rule(
            _blocks,
            "`time.sleep` stops all components of the program: `await asyncio.sleep(...)` stops only this one.",
        ),
        hasNone("Numbers", "Square", "Show"),
        Rule(
            lambda attempt: (
                attempt.error is None
                and not all(
                    inspect.iscoroutinefunction(attempt.names[name].main)
                    for name in ("Numbers", "Square")
                )
            ),
            "Write `Numbers` and `Square` with `async def main`.",
        ),
        Rule(
            lambda attempt: attempt.isAsleep() or attempt.isEndless(),
            "The program waits forever: `Numbers` has to send `producerFinished(self)` to `signal`.",
        ),
        Rule(
            lambda attempt: attempt.lines == ["1", "2", "3"],
            "The numbers reach the screen, but they are not squared.",
        ),
        Rule(
            lambda attempt: attempt.error is None and attempt.lines != ["1", "4", "9"],
            "It should print 1, 4 and 9.",
        ),
    ),
    wrong=(
        Wrong(
            {
                "class Square(component):": "from Axon.ThreadedComponent import threadedcomponent\n\n"
                "class Square(threadedcomponent):",
                "    async def main(self):\n        async for number": (
                    "    def main(self):\n        for number"
                ),
                "in self.messages():\n            await asyncio.sleep(0.001)": (
                    "in self.Inbox():\n            pass"
                ),
            },
            "A browser has no threads",
        ),
        Wrong(
            {
                "            await asyncio.sleep(0.001)\n            self.send(number ** 2)": (
                    "            import time; time.sleep(0.001)\n            self.send(number ** 2)"
                )
            },
            "`time.sleep` stops all components",
        ),
        Wrong(
            {'        self.send(producerFinished(self), "signal")\n': ""},
            "The program waits forever",
        ),
        Wrong({"number ** 2": "number"}, "The numbers reach the screen"),
        Wrong({"number ** 2": "number * 2"}, "It should print 1, 4 and 9"),
    ),
)

# Supervision

SUPERVISION_ANSWER = programsOn("supervision")[1]

SUPERVISION = Lesson(
    key="supervision",
    page="learn/supervision",
    answer=SUPERVISION_ANSWER,
    note="In the program, `Parser` is called `Read`.",
    starter="""import logging

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Chassis.Supervisor import Supervisor

class Words(component):
    def main(self):
        for word in ("20", "warm", "22"):
            self.send(word)
        yield
        self.send(producerFinished(self), "signal")

class Read(component):
    def main(self):
        while True:
            yield from self.waitForMessage()
            for word in self.Inbox():
                self.send(float(word))
            if self.isShuttingDown():
                return

class Show(component):
    async def main(self):
        async for number in self.messages():
            print(number)

logging.disable()       # otherwise the error is printed
Pipeline(Words(), Read(), Show()).run()
""",
    rules=(
        Rule(
            lambda attempt: not attempt.uses("Supervisor") or "Supervisor(" not in attempt.source,
            "No component is responsible for the error. Put `Read` under a `Supervisor`.",
        ),
        Rule(
            lambda attempt: attempt.raised(TypeError),
            "A supervisor has to create the component again, so it takes the class: `READ=Read`, not"
            " `READ=Read()`.",
        ),
        Rule(
            lambda attempt: attempt.raised(ValueError),
            "The error has ended the program: `Read` is not a part of the `Supervisor`.",
        ),
        Rule(
            lambda attempt: attempt.isAsleep() and not attempt.lines,
            "Nothing arrives. The linkages of the supervisor lead from (“self”, “inbox”) to (“READ”,"
            " “inbox”), and from (“READ”, “outbox”) to (“self”, “outbox”).",
        ),
        ASLEEP,
        Rule(
            lambda attempt: attempt.error is None and not attempt.lines,
            "Nothing is printed. The linkages of the supervisor lead from (“self”, “inbox”) to (“READ”,"
            " “inbox”), and from (“READ”, “outbox”) to (“self”, “outbox”).",
        ),
        Rule(
            lambda attempt: (
                attempt.error is None and '"warm"' not in attempt.source.replace("'", '"')
            ),
            "The word “warm” is part of the task: `Read` is to fail there.",
        ),
        Rule(
            lambda attempt: (
                attempt.error is None and [float(line) for line in attempt.lines] != [20.0, 22.0]
            ),
            "It should print 20 and 22.",
        ),
    ),
    wrong=(
        Wrong({"READ=Read,": "READ=Read(),"}, "A supervisor has to create"),
        Wrong(
            {
                "Supervisor(READ=Read, linkages={\n"
                '    ("self", "inbox"): ("READ", "inbox"),\n'
                '    ("READ", "outbox"): ("self", "outbox"),\n}), ': "Read(), "
            },
            "No component is responsible",
        ),
        Wrong({'    ("READ", "outbox"): ("self", "outbox"),\n': ""}, "Nothing is printed"),
        Wrong(
            {"Pipeline(Words(), Supervisor(": "Pipeline(Words(), Read(), Supervisor("},
            "The error has ended",
        ),
        Wrong({'"20", "warm", "22"': '"20", "22"'}, "The word “warm”"),
    ),
)
