"""Carousel, and the prefab that links it to a chooser."""

import pytest

from Axon.AxonExceptions import wiringError
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Carousel import Carousel
from Kamaelia.Chassis.Prefab import JoinChooserToCarousel
from Kamaelia.Util.PassThrough import PassThrough


class Say(component):
    """Send a message and end, in one turn."""

    def __init__(self, message):
        super().__init__()
        self.message = message

    def main(self):
        self.send(self.message)
        self.send(producerFinished(self), "signal")
        return
        yield


class Stay(component):
    """Echo until a shutdown message arrives, and report that message."""

    def __init__(self, name):
        super().__init__()
        self.tag = name

    def main(self):
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.send((self.tag, message))
            for message in self.Inbox("control"):
                self.heard = message
                return


class Steps(component):
    """Send a choice for each request, and end after the last one."""

    choices = ("a", "b", "c")

    def main(self):
        for choice in self.choices:
            yield from self.waitForMessage()
            self.recv()
            self.send(choice)
        self.send(FINISHED, "signal")


def test_a_message_to_next_creates_a_component_through_the_factory():
    assert feed(Carousel(Say), next=["a"])["outbox"] == ["a"]


def test_NEXT_is_sent_when_a_component_has_ended():
    assert feed(Carousel(Say), next=["a"], control=[])["requestNext"] == ["NEXT"]


def test_NEXT_is_sent_at_the_start_with_make1stRequest():
    assert feed(Carousel(Say, make1stRequest=True), control=[])["requestNext"] == ["NEXT"]
    assert feed(Carousel(Say), control=[])["requestNext"] == []


def test_producerFinished_lets_the_last_component_finish_and_is_passed_on():
    outcome = feed(Carousel(Say), next=["a", "b"])
    assert outcome["outbox"] == ["a", "b"]
    assert outcome["signal"] == [FINISHED]
    assert outcome["requestNext"] == []


def test_a_shutdown_reaches_the_running_component_and_is_passed_on():
    made = []
    message = shutdownMicroprocess()

    def factory(name):
        made.append(Stay(name))
        return made[-1]

    carousel = Carousel(factory)

    class Later(component):
        def main(self):
            for _ in range(5):
                yield 1
            carousel._deliver(message, "control")

    Later().activate()
    outcome = feed(carousel, next=["a"], control=[])
    assert outcome["signal"] == [message]
    assert made[0].heard is message


def test_a_new_component_replaces_one_that_still_runs():
    made = []

    def factory(name):
        made.append(Stay(name))
        return made[-1]

    carousel = Carousel(factory)

    class Later(component):
        def main(self):
            for message, boxname in (("x", "inbox"), ("b", "next"), ("y", "inbox")):
                for _ in range(5):
                    yield 1
                carousel._deliver(message, boxname)
            for _ in range(5):
                yield 1
            carousel._deliver(shutdownMicroprocess(), "control")

    Later().activate()
    outcome = feed(carousel, next=["a"], control=[])
    assert outcome["outbox"] == [("a", "x"), ("b", "y")]
    assert isinstance(made[0].heard, shutdownMicroprocess)


def test_a_chooser_and_a_carousel_are_linked():
    outcome = feed(JoinChooserToCarousel(Steps(), Carousel(Say, make1stRequest=True)), control=[])
    assert outcome["outbox"] == ["a", "b", "c"]
    assert outcome["signal"] == [FINISHED]


class Counted(component):
    """End some turns after a shutdown message, and count how many run at once."""

    running = most = 0
    heard = ()

    def main(self):
        kind = type(self)
        kind.running += 1
        kind.most = max(kind.most, kind.running)
        while not self.dataReady("control"):
            yield from self.waitForMessage()
        self.heard = list(self.Inbox("control"))
        for _ in range(20):
            yield 1
        kind.running -= 1


def test_two_components_never_run_at_a_time():
    class Each(Counted):
        """A subclass with counters for this test."""

    made = []

    def factory(_):
        made.append(Each())
        return made[-1]

    outcome = feed(Carousel(factory), next=[1, 2, 3])
    assert Each.most == 1
    assert len(made) == 3
    assert [type(each.heard[0]) for each in made[:2]] == [shutdownMicroprocess] * 2
    assert made[2].heard == [FINISHED]
    assert outcome["signal"] == [FINISHED]


def test_a_message_waits_in_next_until_the_running_component_has_ended():
    made = []

    def factory(_):
        made.append(Counted())
        return made[-1]

    carousel = Carousel(factory)
    waiting = []

    class Later(component):
        def main(self):
            for _ in range(5):
                yield 1
            carousel._deliver(2, "next")
            while len(made) == 1:
                waiting.append(carousel.dataReady("next"))
                yield 1
            carousel._deliver(shutdownMicroprocess(), "control")

    Later().activate()
    feed(carousel, next=[1], control=[])
    assert len(waiting) > 15
    assert set(waiting) == {1}


def test_producerFinished_is_passed_on_to_the_running_component():
    carousel = Carousel(lambda _: PassThrough())

    class Later(component):
        def main(self):
            for _ in range(5):
                yield 1
            carousel._deliver(FINISHED, "control")

    Later().activate()
    assert feed(carousel, next=[1], control=[])["signal"] == [FINISHED]


def test_a_shutdown_discards_the_messages_in_next():
    message = shutdownMicroprocess()
    made = []
    outcome = feed(
        Carousel(lambda name: made.append(name) or PassThrough()), next=[1, 2], control=[message]
    )
    assert made == []
    assert outcome["signal"] == [message]


async def asyncFactory(_):
    """An async function, which cannot be a factory."""


@pytest.mark.parametrize(
    ("factory", "error", "sentence"),
    [
        (asyncFactory, TypeError, r"Carousel_\d+: componentFactory\(\) returned a coroutine"),
        (lambda _: (yield), TypeError, r"componentFactory\(\) returned a generator"),
        (lambda _: None, wiringError, r"componentFactory\(\) must return a component, but None"),
        (lambda _: PassThrough, wiringError, "PassThrough is a class; use an instance of it"),
    ],
)
def test_the_error_names_a_factory_that_returns_no_component(factory, error, sentence):
    with pytest.raises(error, match=sentence):
        feed(Carousel(factory), next=[1])
