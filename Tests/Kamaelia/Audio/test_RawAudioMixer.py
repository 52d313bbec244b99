import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Audio.RawAudioMixer import RawAudioMixer
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Support.Media.Samples import bytesOf, samplesOf


def tone(value, count):
    return bytesOf([value] * count)


def mixer(**settings):
    """Return a mixer for 100 samples a second that hears a source after 20 samples."""
    defaults = {
        "sample_rate": 100,
        "readThreshold": 0.2,
        "bufferingLimit": 1.0,
        "readInterval": 0.1,
    }
    return RawAudioMixer(**(defaults | settings))


def heard(outcome):
    return [each for piece in outcome["outbox"] for each in samplesOf(piece)]


def test_the_sources_are_added(virtualClock):
    outcome = feed(mixer(), inbox=[("a", tone(5, 40)), ("b", tone(7, 20))])
    assert heard(outcome) == [12] * 20 + [5] * 20
    assert outcome["signal"] == [FINISHED]


def test_a_piece_is_sent_at_each_interval(virtualClock):
    times = []
    feed(
        mixer(),
        inbox=[("a", tone(5, 50))],
        control=(),
        until=lambda outcome: times.append(virtualClock.now()) or len(times) == 5,
    )
    assert times == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])


def test_a_source_is_heard_from_the_threshold_on(virtualClock):
    assert heard(feed(mixer(), inbox=[("a", tone(5, 19))], control=(), until=10.0)) == []
    inbox = [("a", tone(5, 10)), ("b", tone(7, 20)), ("a", tone(5, 10))]
    assert heard(feed(mixer(), inbox=inbox)) == [12] * 20


def test_a_source_that_ends_within_a_piece_is_followed_by_silence(virtualClock):
    assert heard(feed(mixer(), inbox=[("a", tone(5, 25))])) == [5] * 25 + [0] * 5


def test_the_oldest_samples_of_a_source_that_is_ahead_are_dropped(virtualClock):
    inbox = [("a", tone(1, 50) + tone(2, 100))]
    assert heard(feed(mixer(), inbox=inbox)) == [2] * 100


def test_a_sum_that_is_too_loud_is_limited(virtualClock):
    inbox = [(name, tone(30_000, 20)) for name in "ab"]
    assert heard(feed(mixer(), inbox=inbox)) == [32_767] * 20


def test_many_sources_may_end_in_the_same_piece(virtualClock):
    inbox = [(number, tone(1, 20)) for number in range(100)]
    assert heard(feed(mixer(), inbox=inbox)) == [100] * 20


def test_channels_are_mixed_separately(virtualClock):
    inbox = [("a", bytesOf([1, 10] * 20)), ("b", bytesOf([2, 20] * 20))]
    assert heard(feed(mixer(channels=2), inbox=inbox)) == [3, 30] * 20


class LateSource(component):
    """A component that sends a short piece, and others when that has been forgotten."""

    def main(self):
        self.send(("a", tone(1, 15)))
        yield from self.waitForMessage("control", timeout=61)
        for name in "ba":
            self.send((name, tone(7, 15)))
        yield 1
        self.send(FINISHED, "signal")


def test_a_source_below_the_threshold_is_forgotten_after_a_time(virtualClock):
    assert heard(feed(Pipeline(LateSource(), mixer(forgetAfter=60)), control=())) == []
    late = Pipeline(LateSource(), mixer(forgetAfter=62))
    assert heard(feed(late, control=())) == [1] * 15 + [7] * 15


def test_for_a_new_source_the_others_are_not_searched(virtualClock, monkeypatch):
    class Time(float):
        """A time that counts the comparisons with others."""

        compared = 0

        def __sub__(self, other):
            Time.compared += 1
            return super().__sub__(other)

    now = virtualClock.now
    monkeypatch.setattr(virtualClock, "now", lambda: Time(now()))
    feed(mixer(), inbox=[(number, tone(5, 1)) for number in range(100)])
    assert Time.compared < 300


def test_a_shutdown_ends_it_at_once(virtualClock):
    stop = shutdownMicroprocess()
    outcome = feed(mixer(), inbox=[("a", tone(5, 50))], control=[producerFinished(), stop])
    assert outcome["signal"] == [stop]
    assert virtualClock.now() == 0


class Stopper(component):
    """A component that takes nothing, and stops its source after some time."""

    def main(self):
        yield from self.waitForMessage("control", timeout=5)
        self.send(shutdownMicroprocess(), "signal")


@pytest.mark.parametrize("limit", [{"pipewidth": 1}, {"capacity": 1}])
def test_a_shutdown_ends_it_although_the_receiver_takes_nothing(virtualClock, limit):
    mixing, stopper = mixer(), Stopper()
    stopper.link((mixing, "outbox"), (stopper, "inbox"), **limit)
    stopper.link((stopper, "signal"), (mixing, "control"))
    mixing.deliver(("a", tone(5, 100)))
    mixing.activate()
    feed(stopper, control=())
    assert mixing.hasEnded()
    assert stopper.dataReady() == 1


@pytest.mark.parametrize("settings", [{"format": "U8"}, {"readInterval": 0.001}])
def test_wrong_settings_are_errors(settings):
    with pytest.raises(ValueError, match=r"S16_LE|readInterval"):
        mixer(**settings)
