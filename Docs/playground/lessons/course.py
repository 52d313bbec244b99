"""The steps of the course that need a picture, an order of turns, or an end."""

from __future__ import annotations

from typing import Any

from Axon.Component import component
from Axon.testing import feed
from Docs.playground.attempt import Attempt
from Docs.playground.lesson import ASLEEP, Lesson, Rule, Wrong, hasNone

# A component

TICKS = ["tick", "TOCK", "tick", "tick", "TOCK", "TOCK"]

A_COMPONENT = Lesson(
    key="component",
    page="learn/component",
    starter="""from Axon.Component import component

class Tick(component):
    word, every = "tick", 1

    def main(self):
        print(self.word)
        yield

Tick(word="tick", every=1).activate()
Tick(word="TOCK", every=2).run()
""",
    rules=(
        hasNone("Tick"),
        Rule(
            lambda attempt: attempt.error is None and not attempt.lines,
            "Nothing has been printed. `activate()` registers a component, and `run()` of the last one"
            " starts the scheduler.",
        ),
        Rule(
            lambda attempt: len(set(attempt.lines)) == 1,
            "Only one of the two has printed. `activate()` the first one, then `run()` the second.",
        ),
        Rule(
            lambda attempt: (
                attempt.error is None
                and any(attempt.lines.count(word) != 3 for word in ("tick", "TOCK"))
            ),
            "Each component prints its word three times.",
        ),
        Rule(
            lambda attempt: attempt.lines == sorted(attempt.lines, reverse=True),
            "One component has printed everything before the other one had a turn. Was the first one"
            " run, instead of activated?",
        ),
        Rule(
            lambda attempt: attempt.lines == ["tick", "TOCK"] * 3,
            "`every` has no effect. A `yield` ends a turn: a component that prints in every second"
            " turn yields twice after each word.",
        ),
        Rule(
            lambda attempt: attempt.error is None and attempt.lines != TICKS,
            "The order is not right yet. Print in the first turn, then yield `every` times.",
        ),
    ),
    wrong=(
        Wrong({"every=1).activate()": "every=1).run()"}, "One component has printed everything"),
        Wrong(
            {"            for _ in range(self.every):\n                yield": "            yield"},
            "`every` has no effect",
        ),
        Wrong({"range(3)": "range(2)"}, "Each component prints its word three"),
        Wrong({'Tick(word="tick", every=1).activate()\n': ""}, "Only one of the two"),
        Wrong(
            {
                "print(self.word)\n            for _ in range(self.every):\n                yield": (
                    "for _ in range(self.every):\n                yield\n            print(self.word)"
                )
            },
            "The order is not right yet",
        ),
    ),
)

# A picture

WORDS = {"ONE", "TWO", "eno", "owt"}

A_PICTURE = Lesson(
    key="picture",
    page="learn/picture",
    starter="""from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Util.Console import ConsoleEchoer
from Kamaelia.Util.DataSource import DataSource
from Kamaelia.Util.PureTransformer import PureTransformer
from Kamaelia.Util.TwoWaySplitter import TwoWaySplitter

Graphline(
    WORDS=DataSource(["one", "two"]),
    UPPER=PureTransformer(lambda word: word.upper() + "\\n"),
    SCREEN=ConsoleEchoer(),
    linkages={
        ("WORDS", "outbox"): ("UPPER", "inbox"),
        ("WORDS", "signal"): ("UPPER", "control"),
        ("UPPER", "outbox"): ("SCREEN", "inbox"),
        ("UPPER", "signal"): ("SCREEN", "control"),
    },
).run()
""",
    rules=(
        Rule(lambda attempt: not attempt.uses("Graphline"), "Write it as a `Graphline`."),
        Rule(
            lambda attempt: attempt.source.count('("SCREEN", "control")') > 1,
            "Two parts end the screen. It ends with the first one, and the words of the other one may"
            " be lost: link `signal` of one of them only.",
        ),
        Rule(
            lambda attempt: (
                attempt.isAsleep()
                and '("SCREEN", "control")' not in attempt.source.replace("'", '"')
            ),
            "The screen waits forever: nothing is linked to its `control`.",
        ),
        ASLEEP,
        Rule(
            lambda attempt: attempt.error is None and {"eno", "owt"}.isdisjoint(attempt.lines),
            "The words are not reversed. Copy them with a `TwoWaySplitter`, and reverse one of the"
            " copies: `word[::-1]`.",
        ),
        Rule(
            lambda attempt: attempt.error is None and {"ONE", "TWO"}.isdisjoint(attempt.lines),
            "The words in capitals do not reach the screen. Follow the data: which outbox has no"
            " linkage?",
        ),
        Rule(
            lambda attempt: attempt.error is None and sorted(attempt.lines) != sorted(WORDS),
            "Each word should appear twice, each on a line of its own: in capitals and reversed.",
        ),
    ),
    wrong=(
        Wrong(
            {'        ("REVERSED", "signal"): ("SCREEN", "control"),\n': ""},
            "The screen waits forever",
        ),
        Wrong({"word[::-1]": "word"}, "The words are not reversed"),
        Wrong(
            {'        ("UPPER", "outbox"): ("SCREEN", "inbox"),\n': ""},
            "The words in capitals do not",
        ),
        Wrong(
            {
                '("REVERSED", "signal"): ("SCREEN", "control"),': (
                    '("REVERSED", "signal"): ("SCREEN", "control"),\n'
                    '        ("UPPER", "signal"): ("SCREEN", "control"),'
                )
            },
            "Two parts end the screen",
        ),
        Wrong(
            {'        ("COPY", "signal2"): ("REVERSED", "control"),\n': ""},
            "The program waits forever",
        ),
    ),
)

# The end


def _componentsIn(attempt: Attempt) -> list[Any]:
    """Return the classes of components that the program defines, in order."""
    return [
        value
        for value in attempt.names.values()
        if isinstance(value, type)
        and issubclass(value, component)
        and value.__module__ == "__main__"
    ]


def _fed(attempt: Attempt) -> dict[str, list[Any]]:
    """Return what the component of the program sends for three messages and the end."""
    return feed(_componentsIn(attempt)[-1](), inbox=[1, 2, 3])


THE_END = Lesson(
    key="end",
    page="learn/end",
    starter="""from Axon.Component import component
from Axon.testing import feed

class Careless(component):
    def main(self):
        while not self.isShuttingDown():
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.send(message)
                yield

print(feed(Careless(), inbox=[1, 2, 3])["outbox"])
""",
    rules=(
        Rule(
            lambda attempt: attempt.error is None and not _componentsIn(attempt),
            "The program does not define a component.",
        ),
        Rule(
            lambda attempt: attempt.error is None and not _fed(attempt)["outbox"],
            "All messages are lost: the end is looked for before the messages are read. The order is"
            " wait, work, check for the end.",
        ),
        Rule(
            lambda attempt: attempt.error is None and len(_fed(attempt)["outbox"]) < 3,
            "Some messages are lost. Look for the end when all messages that have arrived are done:"
            " after the inner loop, not in it.",
        ),
        Rule(
            lambda attempt: attempt.error is None and _fed(attempt)["outbox"] != [1, 2, 3],
            "Send each message once, in the order in which they arrive.",
        ),
        Rule(
            lambda attempt: attempt.error is None and not _fed(attempt)["signal"],
            "The end is not passed on: nothing arrives at `signal`. `isShuttingDown()` passes it on"
            " when it returns True.",
        ),
    ),
    wrong=(
        Wrong(
            {
                "while True:": "while not self.isShuttingDown():",
                "            if self.isShuttingDown():\n                return\n": "",
            },
            "All messages are lost",
        ),
        Wrong(
            {
                "            if self.isShuttingDown():\n                return\n": (
                    "                if self.isShuttingDown():\n                    return\n"
                )
            },
            "Some messages are lost",
        ),
        Wrong(
            {"if self.isShuttingDown():": 'if self.dataReady("control"):'},
            "The end is not passed on",
        ),
        Wrong({"self.send(message)": "self.send([message])"}, "Send each message once"),
    ),
)

# Back-pressure


def _aheadIn(attempt: Attempt) -> int:
    return int(attempt.names["slow"].ahead)


BACK_PRESSURE = Lesson(
    key="back_pressure",
    page="learn/back_pressure",
    starter="""from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Chassis.Pipeline import Pipeline

class Fast(component):
    sent = 0

    def main(self):
        for number in range(1000):
            self.send(number)
            self.sent += 1
            yield
        self.send(producerFinished(self), "signal")

class Slow(component):
    def main(self):
        taken = 0
        while True:
            yield from self.waitForMessage()
            for _ in self.Inbox():
                taken += 1
                self.ahead = max(self.ahead, self.producer.sent - taken)
                for _ in range(5):  # five turns of work for each message
                    yield
            if self.isShuttingDown():
                return

fast = Fast()
slow = Slow(producer=fast, ahead=0)
Pipeline(fast, slow).run()
print("the producer was ahead by", slow.ahead)
""",
    rules=(
        hasNone("fast", "slow"),
        ASLEEP,
        Rule(
            lambda attempt: attempt.error is None and attempt.names["fast"].sent < 1000,
            "The producer is to send all 1000 messages. Limit the inbox, not the producer.",
        ),
        Rule(
            lambda attempt: attempt.error is None and _aheadIn(attempt) < 1,
            "`ahead` is not counted any more.",
        ),
        Rule(
            lambda attempt: attempt.error is None and _aheadIn(attempt) > 500,
            "The producer is still far ahead: the inbox has no limit. `Pipeline` has a setting for it.",
        ),
        Rule(
            lambda attempt: attempt.error is None and _aheadIn(attempt) > 20,
            "The inbox is limited, but to more than 10 messages.",
        ),
        Rule(
            lambda attempt: attempt.error is None and _aheadIn(attempt) < 6,
            "The inbox is limited to less than 10 messages, or the consumer has become faster.",
        ),
    ),
    wrong=(
        Wrong(
            {"Pipeline(fast, slow, capacity=capacity)": "Pipeline(fast, slow)"},
            "The producer is still far",
        ),
        Wrong({"(None, 10)": "(None, 100)"}, "The inbox is limited, but to more"),
        Wrong({"(None, 10)": "(None, 3)"}, "The inbox is limited to less"),
        Wrong({"range(1000)": "range(10)"}, "The producer is to send all 1000"),
        Wrong(
            {'        self.send(producerFinished(self), "signal")\n': ""},
            "The program waits forever",
        ),
    ),
)
