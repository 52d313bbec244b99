"""The sending end of a link: what it accepts, when it holds its senders, and what it reports."""

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Net.RemoteIn import RemoteIn
from Kamaelia.Net.RemoteOut import RemoteOut
from Kamaelia.Support.Links.Errors import linkError, notEncodable
from Kamaelia.Util.NullSinkComponent import nullSinkComponent
from Tests.Kamaelia.Net.transports import LocalLink
from Tests.Kamaelia.Net.watch import Enough, Watch


@pytest.fixture
def local():
    """A link within this process."""
    with LocalLink() as link:
        yield link


def carry(local, messages, ending=FINISHED, readers=None, out=None, **options):
    """Send `messages` and `ending`; return what the writer sends out."""
    out = out or local.out(**options)
    whole = Graphline(
        OUT=out,
        IN=local.into(**(readers or {})),
        SINK=nullSinkComponent(),
        linkages={
            ("self", "inbox"): ("OUT", "inbox"),
            ("self", "control"): ("OUT", "control"),
            ("OUT", "signal"): ("self", "signal"),
            ("OUT", "confirmed"): ("self", "outbox"),
            ("IN", "outbox"): ("SINK", "inbox"),
            ("IN", "signal"): ("SINK", "control"),
        },
    )
    return feed(whole, inbox=messages, control=[ending])


def test_it_reports_how_many_messages_are_done_and_passes_on_the_end():
    with LocalLink() as local:
        outcome = carry(local, range(100), readers={"capacity": 8})
    assert outcome["outbox"][-1] == 100
    assert outcome["outbox"] == sorted(set(outcome["outbox"]))
    assert isinstance(outcome["signal"][0], producerFinished)


def test_a_shutdown_is_passed_on_as_a_shutdown(local):
    outcome = carry(local, [1], shutdownMicroprocess())
    assert isinstance(outcome["signal"][0], shutdownMicroprocess)


def test_what_it_reports_continues_from_the_position_of_its_source(local):
    assert carry(local, range(3), position=40)["outbox"][-1] == 43


def test_it_tells_its_listeners_when_more_is_done(local):
    out = local.out()
    told = []
    out.notifyProgress(lambda: told.append(out.progress()))
    Graphline(
        OUT=out,
        IN=local.into(),
        SINK=nullSinkComponent(),
        SOURCE=Sends(messages=range(10)),
        linkages={
            ("SOURCE", "outbox"): ("OUT", "inbox"),
            ("SOURCE", "signal"): ("OUT", "control"),
            ("IN", "outbox"): ("SINK", "inbox"),
            ("IN", "signal"): ("SINK", "control"),
        },
    ).run()
    assert told[-1] == (10, 10)


class Sends(component):
    """Sends `messages`, and the end."""

    messages = ()

    def main(self):
        for message in self.messages:
            self.send(message)
            yield 1
        self.send(producerFinished(self), "signal")


def isHeldAfter(messages, **options):
    """Return how many messages a source has sent when its writer, without a reader, holds it."""
    with LocalLink() as local:
        out = local.out(**options)
        source = Sends(messages=messages)
        watch = Watch(isReached=lambda: out.progress()[0])
        with pytest.raises(Enough):
            Graphline(
                SOURCE=source,
                OUT=out,
                WATCH=watch,
                linkages={("SOURCE", "outbox"): ("OUT", "inbox")},
            ).run()
        return out.progress()[0]


@pytest.mark.parametrize(
    ("options", "expected"),
    [({"window": 5}, 5), ({"windowBytes": 3000}, 3), ({"window": 1, "frame": 256}, 1)],
)
def test_the_sender_is_held_at_the_limits_of_messages_and_of_bytes(options, expected):
    assert isHeldAfter(["x" * 1000] * 50, **options) == expected


def test_a_shutdown_reaches_a_writer_that_holds_its_sender(local):
    out = local.out(window=1)
    outcome = carry(local, [1], shutdownMicroprocess(), out=out)
    assert isinstance(outcome["signal"][0], shutdownMicroprocess)


def test_a_value_that_cannot_be_sent_is_an_error_that_names_the_box_and_the_type(local):
    out = local.out()
    with pytest.raises(notEncodable, match="a set is none of these") as caught:
        out.accept({1, 2})
    assert f"for the inbox 'inbox' of {out.name}, link 'link'" in caught.value.__notes__


def test_after_a_value_that_cannot_be_sent_others_are_sent_unharmed(local):
    got = []

    class Collects(component):
        def main(self):
            while not self.dataReady("control"):
                yield from self.waitForMessage()
                got.extend(self.Inbox())

    out = local.out()
    out.accept([1])
    for wrong in ([1, 2, {3}], [object()], {"a": [1, {2}]}):
        with pytest.raises(notEncodable):
            out.accept(wrong)
    out.accept((2, [3]))
    out.deliver(FINISHED, "control")
    Graphline(
        OUT=out,
        IN=local.into(),
        COLLECTS=Collects(),
        linkages={
            ("IN", "outbox"): ("COLLECTS", "inbox"),
            ("IN", "signal"): ("COLLECTS", "control"),
        },
    ).run()
    assert got == [[1], (2, [3])]


def test_messages_after_the_end_are_discarded(local):
    out = local.out()

    class SendsLate(Sends):
        def main(self):
            yield from super().main()
            yield from self.waitForMessage("control")  # the writer has passed on the end
            self.send("late")

    Graphline(
        SOURCE=SendsLate(messages=[1, 2]),
        OUT=out,
        IN=local.into(),
        SINK=nullSinkComponent(),
        linkages={
            ("SOURCE", "outbox"): ("OUT", "inbox"),
            ("SOURCE", "signal"): ("OUT", "control"),
            ("OUT", "signal"): ("SOURCE", "control"),
            ("IN", "outbox"): ("SINK", "inbox"),
            ("IN", "signal"): ("SINK", "control"),
        },
    ).run()
    assert out.progress() == (2, 2)


@pytest.mark.parametrize("options", [{"window": 0}, {"frame": 0}])
def test_a_window_or_a_frame_without_a_message_is_an_error(options):
    with pytest.raises(ValueError, match="at least 1 message"):
        RemoteOut("tcp://127.0.0.1:1", "link", **options)


def test_a_codec_that_is_unknown_is_an_error_that_names_it():
    with pytest.raises(linkError, match="there is no codec 'yaml' here"):
        RemoteOut("tcp://127.0.0.1:1", "link", codec="yaml")


def test_a_pool_of_readers_needs_a_server():
    with pytest.raises(linkError, match="only links over Redis"):
        RemoteIn("tcp://127.0.0.1:1", "link", shared=True)
