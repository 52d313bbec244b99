"""The steps of the course about boxes, protocols and tests."""

from __future__ import annotations

from typing import Any

from Axon.Component import component
from Axon.testing import feed, feedConnection
from Docs.playground import tests
from Docs.playground.attempt import Attempt
from Docs.playground.lesson import Lesson, Rule, Wrong, hasNone

# Your own component


def _averages(attempt: Attempt) -> dict[str, list[Any]]:
    return feed(attempt.names["Average"](size=2), inbox=[1, 3, "five", 6])


def _doesShare(attempt: Attempt) -> bool:
    """Return whether a second object remembers the numbers of the first one."""
    average = attempt.names["Average"]
    feed(average(size=2), inbox=[1])
    return feed(average(size=2), inbox=[5])["outbox"] == [3.0]


OWN_COMPONENT = Lesson(
    key="own_component",
    page="learn/own_component",
    starter='''from Axon.Component import component
from Axon.testing import feed

class Average(component):
    """Average([size]): sends the average of the last numbers.

    size: how many numbers to consider.
    """

    Inboxes = {"inbox": "numbers", "control": "the end"}
    Outboxes = {
        "outbox": "a float for each number: the average of the last ones",
        "signal": "the end, from control",
    }
    size = 3

    def main(self):
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.send(message)
            if self.isShuttingDown():
                return

results = feed(Average(size=2), inbox=[1, 3, "five", 6])
print(results)
''',
    rules=(
        Rule(
            lambda attempt: (
                attempt.has("Average")
                and not {"inbox", "control"} <= set(attempt.names["Average"].Inboxes)
            ),
            "`Inboxes` declares `inbox` and `control`.",
        ),
        Rule(
            lambda attempt: (
                attempt.has("Average")
                and not {"outbox", "rejected", "signal"} <= set(attempt.names["Average"].Outboxes)
            ),
            "`Outboxes` declares `outbox`, `rejected` and `signal`, each with a sentence.",
        ),
        hasNone("Average"),
        Rule(
            lambda attempt: attempt.raised(TypeError),
            "A text has been added to numbers. Send what is no number to `rejected`.",
        ),
        Rule(
            lambda attempt: attempt.error is None and _averages(attempt)["rejected"] != ["five"],
            "`rejected` has not received “five”, which is no number.",
        ),
        Rule(
            lambda attempt: attempt.error is None and _doesShare(attempt),
            "A second `Average` remembers the numbers of the first one: all objects of the class share"
            " one deque. Create it in `main()`.",
        ),
        Rule(
            lambda attempt: (
                attempt.error is None and _averages(attempt)["outbox"] == [1.0, 2.0, 10 / 3]
            ),
            "`size` has no effect: forget the oldest number when there are more.",
        ),
        Rule(
            lambda attempt: (
                attempt.error is None and _averages(attempt)["outbox"] != [1.0, 2.0, 4.5]
            ),
            "The averages are wrong. For the numbers 1, 3 and 6 and the size 2 they are 1, 2 and 4.5.",
        ),
        Rule(
            lambda attempt: attempt.error is None and not _averages(attempt)["signal"],
            "The end is not passed on to `signal`.",
        ),
    ),
    wrong=(
        Wrong({"deque(maxlen=self.size)": "deque()"}, "`size` has no effect"),
        Wrong({'self.send(message, "rejected")': "pass"}, "`rejected` has not received"),
        Wrong(
            {
                "        last = deque(maxlen=self.size)\n": "        last = self.last\n",
                "    size = 3\n": "    size = 3\n    last = deque(maxlen=2)\n",
            },
            "A second `Average` remembers",
        ),
        Wrong(
            {'        "rejected": "messages that are not numbers",\n': ""}, "`Outboxes` declares"
        ),
        Wrong(
            {
                "                if not isinstance(message, int | float):\n"
                '                    self.send(message, "rejected")\n'
                "                    continue\n": ""
            },
            "A text has been added",
        ),
        Wrong({"sum(last) / len(last)": "sum(last) / self.size"}, "The averages are wrong"),
    ),
)

# A server and a protocol


def _answers(attempt: Attempt, *data: bytes) -> list[str]:
    """Return the lines that the handler answers."""
    return feedConnection(attempt.names["protocol"](), *data).decode().split()


def _staysOpen(attempt: Attempt) -> bool:
    """Return whether the connection is still open after the right guess."""
    return not feed(attempt.names["protocol"](), inbox=[b"7\r\n"], control=())["signal"]


A_SERVER = Lesson(
    key="server",
    page="learn/server",
    starter="""from Axon.Component import component
from Axon.Ipc import producerFinished
from Axon.testing import feedConnection
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Util.LineReader import LineReader

def answer(line, secret):
    return "?"

class Guess(component):
    secret = 7

    def main(self):
        while True:
            yield from self.waitForMessage()
            for line in self.Inbox():
                self.send(answer(line, self.secret) + "\\r\\n")
            if self.isShuttingDown():
                return

def protocol(**connection):
    return Guess()

print(feedConnection(protocol(), b"5\\r\\n9\\r", b"\\nx\\n7", b"\\n8\\n"))
""",
    note="A browser has no sockets: `feedConnection` plays the client.",
    rules=(
        hasNone("protocol"),
        Rule(
            lambda attempt: (
                attempt.error is None
                and _answers(attempt, b"1", b"2\r\n") != _answers(attempt, b"12\r\n")
            ),
            "It matters where the network cuts the bytes. Put a `LineReader` before the handler, which"
            " splits the stream into lines.",
        ),
        Rule(
            lambda attempt: attempt.error is None and _answers(attempt, b"x\r\n") != ["?"],
            "A line that is not a number is answered with `?`.",
        ),
        Rule(
            lambda attempt: (
                attempt.error is None and _answers(attempt, b"5\r\n9\r\n") == ["lower", "higher"]
            ),
            "`higher` and `lower` are confused: the answer says where the secret number is.",
        ),
        Rule(
            lambda attempt: (
                attempt.error is None
                and _answers(attempt, b"5\r\n9\r\n7\r\n") != ["higher", "lower", "right"]
            ),
            "The answers to 5, 9 and 7 are to be `higher`, `lower` and `right`, if the secret is 7.",
        ),
        Rule(
            lambda attempt: (
                attempt.error is None and _answers(attempt, b"7\r\n", b"8\r\n9\r\n") != ["right"]
            ),
            "Lines after the right guess are still answered: return from `main()`.",
        ),
        Rule(
            lambda attempt: attempt.error is None and _staysOpen(attempt),
            "The connection stays open after the right guess: send `producerFinished(self)` to `signal`.",
        ),
    ),
    wrong=(
        Wrong(
            {'Pipeline(LineReader(encoding="utf-8", errors="replace"), Guess())': "Guess()"},
            "It matters where the network cuts",
        ),
        Wrong({"number < secret": "number > secret"}, "`higher` and `lower` are confused"),
        Wrong(
            {"                    return\n            if": "            if"},
            "Lines after the right guess",
        ),
        Wrong({'return "?"': 'return "lower"'}, "A line that is not a number"),
        Wrong({"number == secret": "number is None"}, "The answers to 5, 9 and 7"),
        Wrong(
            {
                '                    self.send(producerFinished(self), "signal")\n                    return': (
                    "                    while True:\n                        yield from self.waitForMessage()\n"
                    '                        if self.dataReady("control"):\n                            return\n'
                    "                        for _ in self.Inbox(): pass"
                )
            },
            "The connection stays open",
        ),
    ),
)

# Tests


class Hasty(component):
    """Gives up after a quarter of an hour."""

    def main(self) -> Any:
        yield from self.waitForMessage(timeout=900)
        self.send("active" if self.dataReady() else "quiet")


class Pessimist(component):
    """Says "quiet" whatever happens."""

    def main(self) -> Any:
        yield from self.waitForMessage(timeout=3600)
        self.send("quiet")


class Optimist(component):
    """Says "active" whatever happens."""

    def main(self) -> Any:
        yield from self.waitForMessage(timeout=3600)
        self.send("active")


def _failures(attempt: Attempt, watchdog: type | None = None) -> list[str]:
    """Return which tests fail, with another class as the Watchdog if one is given."""
    own = attempt.names["Watchdog"]
    attempt.names["Watchdog"] = watchdog or own
    try:
        return [name for name, test in tests.testsIn(attempt.names).items() if tests.run(test)]
    finally:
        attempt.names["Watchdog"] = own


def _missing(attempt: Attempt, watchdog: type) -> bool:
    """Return whether the tests pass on a Watchdog that is wrong."""
    return attempt.error is None and not _failures(attempt, watchdog)


TESTS = Lesson(
    key="tests",
    page="learn/tests",
    starter="""from Axon.Component import component
from Axon.testing import feed
from Kamaelia.Chassis.Pipeline import Pipeline

class Watchdog(component):
    limit = 3600

    def main(self):
        yield from self.waitForMessage(timeout=self.limit)
        self.send("active" if self.dataReady() else "quiet")

def test_an_hour_without_a_message_is_quiet(virtualClock):
    assert False
""",
    note="There is no pytest in the browser: the page itself calls the functions whose names begin with"
    " `test_`, with the fixture `virtualClock`.",
    rules=(
        hasNone("Watchdog"),
        Rule(
            lambda attempt: attempt.error is None and len(tests.testsIn(attempt.names)) < 2,
            "Write two functions whose names begin with `test_`.",
        ),
        Rule(
            lambda attempt: (
                attempt.error is None
                and not all(map(tests.usesClock, tests.testsIn(attempt.names).values()))
            ),
            "One of the tests would wait for an hour: let it ask for `virtualClock`.",
        ),
        Rule(
            lambda attempt: attempt.error is None and _failures(attempt),
            "A test fails, although this Watchdog is right. Run it to see which one.",
        ),
        Rule(
            lambda attempt: _missing(attempt, Pessimist),
            "A Watchdog that always says “quiet” passes your tests: what does it say after a message?",
        ),
        Rule(
            lambda attempt: _missing(attempt, Optimist),
            "A Watchdog that always says “active” passes your tests: what does it say after an hour"
            " without a message?",
        ),
        Rule(
            lambda attempt: _missing(attempt, Hasty),
            "A Watchdog that gives up after a quarter of an hour passes your tests: send the message"
            " after half an hour, or ask the clock how late it is.",
        ),
    ),
    wrong=(
        Wrong({"def test_a_message": "def check_a_message"}, "Write two functions"),
        Wrong(
            {"half_an_hour_counts(virtualClock)": "half_an_hour_counts()"},
            "One of the tests would wait",
        ),
        Wrong({'== ["active"]': "!= []"}, "A Watchdog that always says “quiet”"),
        Wrong({'== ["quiet"]': "!= []"}, "A Watchdog that always says “active”"),
        Wrong(
            {"timeout=1800": "timeout=600", "    assert virtualClock.now() >= 3600\n": ""},
            "A Watchdog that gives up after a quarter",
        ),
        Wrong({'== ["quiet"]': '== ["silent"]'}, "A test fails, although"),
    ),
)
