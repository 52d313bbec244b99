"""What each transport promises, within one process."""

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import feed
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Support.Links.Errors import linkError, linkTakenOver, notEncodable
from Tests.Kamaelia.Net.watch import Enough, Watch

PLAIN = [None, True, -1, 2**70, 1.5, "ö", b"\xff", [1, (2, [3])], {"a": b"", 1: ("x",)}, (), ""]


class Source(component):
    """Sends `messages`, then `ending`."""

    messages = ()
    ending = None

    def main(self):
        for message in self.messages:
            self.send(message)
            yield 1
        self.send(producerFinished(self) if self.ending is None else self.ending, "signal")


class Sink(component):
    """Takes messages into `got`, and the end; calls act(number of messages) for each."""

    act = staticmethod(lambda number: None)

    def main(self):
        self.got, self.end = [], None
        while self.end is None:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.got.append(message)
                self.act(len(self.got))
            for message in self.Inbox("control"):
                self.end = message


def carry(link, messages, ending=None, act=Sink.act, readerOptions=(), **options):
    """Send `messages` over `link`; return the sink."""
    sink = Sink(act=act)
    Graphline(
        SOURCE=Source(messages=messages, ending=ending),
        OUT=link.out(**options),
        IN=link.into(**dict(readerOptions)),
        SINK=sink,
        linkages={
            ("SOURCE", "outbox"): ("OUT", "inbox"),
            ("SOURCE", "signal"): ("OUT", "control"),
            ("IN", "outbox"): ("SINK", "inbox"),
            ("IN", "signal"): ("SINK", "control"),
        },
    ).run()
    return sink


@pytest.mark.parametrize("codec", ["msgpack", "json"])
def test_plain_data_arrives_in_order_with_its_type(link, codec):
    sink = carry(link, PLAIN, codec=codec)
    assert sink.got == PLAIN
    assert [type(each) for each in sink.got] == [type(each) for each in PLAIN]
    assert isinstance(sink.end, producerFinished)


def test_a_shutdown_crosses_as_a_shutdown(link):
    sink = carry(link, [1, 2], shutdownMicroprocess())
    assert sink.got == [1, 2]
    assert isinstance(sink.end, shutdownMicroprocess)


@pytest.mark.parametrize("frame", [1, 64])
def test_broken_connections_neither_lose_nor_repeat_messages(link, frame):
    """In one process nothing is lost but what was on its way."""
    cuts = (50, 120, 400)
    sink = carry(
        link,
        range(500),
        act=lambda number: link.cut() if number in cuts else None,
        frame=frame,
        window=32,
        readerOptions={"capacity": 8},
    )
    assert sink.got == list(range(500))


def test_the_next_reader_receives_what_the_one_before_did_not_take(link):
    if not isinstance(link.writer, str):
        pytest.skip("the processes at both ends of a pair of sockets are fixed")
    got = []
    sources = Source(messages=range(100))
    out = link.out()

    class Readers(component):
        def main(self):
            for most in (30, 100):
                reader, sink = link.into(capacity=4), Taker(most=most, got=got)
                self.link((reader, "outbox"), (sink, "inbox"))
                self.link((sink, "signal"), (reader, "control"))
                self.link((reader, "signal"), (sink, "control"))
                self.addChildren(reader, sink)
                reader.activate()
                sink.activate()
                while not (reader.hasEnded() and sink.hasEnded()):
                    yield from self.waitForChange()

    class Taker(component):
        def main(self):
            count = 0
            while True:
                yield from self.waitForMessage()
                for message in self.Inbox():
                    self.got.append(message)
                    count += 1
                    if count == self.most:
                        self.send(shutdownMicroprocess(self), "signal")
                        return
                if self.isShuttingDown():
                    return

    Graphline(
        SOURCE=sources,
        OUT=out,
        READERS=Readers(),
        linkages={
            ("SOURCE", "outbox"): ("OUT", "inbox"),
            ("SOURCE", "signal"): ("OUT", "control"),
        },
    ).run()
    assert set(got) == set(range(100))
    assert len(got) <= 100 + 4


def test_a_value_that_is_no_plain_data_is_an_error_of_its_sender(link):
    with pytest.raises(notEncodable, match="a object is none of these") as caught:
        carry(link, [1, object()])
    notes = "".join(caught.value.__notes__)
    assert "Source" in notes
    assert "link 'link'" in notes


def test_a_component_within_a_message_arrives_as_its_name(link):
    named = Source()
    assert carry(link, [["from", named]]).got == [["from", named.name]]


def test_pickle_is_refused_unless_the_link_is_local(link):
    if isinstance(link.writer, str):
        with pytest.raises(linkError, match="pickle is for links local"):
            link.out(codec="pickle")
    else:
        sink = carry(link, [{1, 2}], codec="pickle", readerOptions={"pickle": True})
        assert sink.got == [{1, 2}]


def test_the_writer_is_held_while_its_window_is_unconfirmed(link):
    """Nothing reads, so the source can send no more than the window."""
    source = Source(messages=range(1000))
    out = link.out(window=16)
    with pytest.raises(Enough):
        feed(
            Graphline(
                SOURCE=source,
                OUT=out,
                WATCH=Watch(isReached=lambda: out.progress()[0]),
                linkages={("SOURCE", "outbox"): ("OUT", "inbox")},
            ),
            control=[],
        )
    assert out.progress()[0] == 16


def test_a_link_with_another_name_is_refused(link):
    if link.reader == link.writer or not isinstance(link.writer, str):
        pytest.skip("only a socket has one link for an address")
    from Kamaelia.Net.RemoteIn import RemoteIn

    reader = RemoteIn(link.reader, "other", **link.readerOptions)
    with pytest.raises(linkError, match="this is the link 'other', not 'link'"):
        Graphline(OUT=link.out(), IN=reader, linkages={}).run()


def test_two_readers_are_an_error_of_the_first(link):
    if not isinstance(link.writer, str):
        pytest.skip("a pair of sockets has one reader")
    first, second = link.into(), link.into()
    with pytest.raises(linkTakenOver, match=f"{second.name}.*has taken over.*{first.name}"):
        Graphline(
            SOURCE=OneMessage(),
            OUT=link.out(),
            IN=first,
            SINK=Sink(act=lambda _: second.activate()),
            linkages={("SOURCE", "outbox"): ("OUT", "inbox"), ("IN", "outbox"): ("SINK", "inbox")},
        ).run()


class OneMessage(component):
    """Sends a message, and no end."""

    def main(self):
        self.send(1)
        yield 1
