"""Carousel, and the prefab that joins it to what chooses."""

import pytest

from Axon.AxonExceptions import wiringError
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Carousel import Carousel
from Kamaelia.Chassis.Prefab import JoinChooserToCarousel
from Kamaelia.Util.PassThrough import PassThrough


class Say(component):
    """Sends its message and ends in one turn."""

    def __init__(self, message):
        super().__init__()
        self.message = message

    def main(self):
        self.send(self.message)
        self.send(producerFinished(self), "signal")
        return
        yield


class Stay(component):
    """Echoes until it is told to end, and says what told it."""

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
    """Offers the next choice when it is asked, and ends with the last."""

    choices = ("a", "b", "c")

    def main(self):
        for choice in self.choices:
            yield from self.waitForMessage()
            self.recv()
            self.send(choice)
        self.send(FINISHED, "signal")


def test_next_makes_a_new_one_through_the_factory():
    assert feed(Carousel(Say), next=["a"])["outbox"] == ["a"]


def test_NEXT_asks_for_another_when_one_has_ended():
    assert feed(Carousel(Say), next=["a"], control=[])["requestNext"] == ["NEXT"]


def test_NEXT_asks_for_the_first_where_that_is_wished():
    assert feed(Carousel(Say, make1stRequest=True), control=[])["requestNext"] == ["NEXT"]
    assert feed(Carousel(Say), control=[])["requestNext"] == []


def test_producerFinished_lets_the_last_one_finish_and_is_passed_on():
    outcome = feed(Carousel(Say), next=["a", "b"])
    assert outcome["outbox"] == ["a", "b"]
    assert outcome["signal"] == [FINISHED]
    assert outcome["requestNext"] == []


def test_shutdown_goes_to_the_one_that_runs_and_is_passed_on():
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


def test_a_new_one_takes_the_place_of_one_that_still_runs():
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


def test_a_chooser_and_a_carousel_are_joined():
    outcome = feed(JoinChooserToCarousel(Steps(), Carousel(Say, make1stRequest=True)), control=[])
    assert outcome["outbox"] == ["a", "b", "c"]
    assert outcome["signal"] == [FINISHED]


class Counted(component):
    """Takes some turns to end once it is told to, and counts how many run at once."""

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


def test_there_are_never_two_at_a_time():
    class Each(Counted):
        """Counts for this test alone."""

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


def test_a_message_to_next_waits_there_until_the_one_that_runs_has_ended():
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


def test_producerFinished_is_passed_on_to_the_one_that_runs():
    carousel = Carousel(lambda _: PassThrough())

    class Later(component):
        def main(self):
            for _ in range(5):
                yield 1
            carousel._deliver(FINISHED, "control")

    Later().activate()
    assert feed(carousel, next=[1], control=[])["signal"] == [FINISHED]


def test_shutdown_discards_what_waits_in_next():
    message = shutdownMicroprocess()
    made = []
    outcome = feed(
        Carousel(lambda name: made.append(name) or PassThrough()), next=[1, 2], control=[message]
    )
    assert made == []
    assert outcome["signal"] == [message]


async def asyncFactory(_):
    """A factory that somebody wrote with async."""


@pytest.mark.parametrize(
    ("factory", "error", "sentence"),
    [
        (asyncFactory, TypeError, r"Carousel_\d+: componentFactory\(\) returned a coroutine"),
        (lambda _: (yield), TypeError, r"componentFactory\(\) returned a generator"),
        (lambda _: None, wiringError, r"componentFactory\(\) must return a component, but None"),
        (lambda _: PassThrough, wiringError, "PassThrough is a class; use an instance of it"),
    ],
)
def test_a_factory_that_returns_no_component_is_named(factory, error, sentence):
    with pytest.raises(error, match=sentence):
        feed(Carousel(factory), next=[1])
