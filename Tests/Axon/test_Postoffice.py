"""Postoffices and linkages: which messages go where, and which linkages cannot be."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Axon.AxonExceptions import BoxAlreadyLinkedToDestination, noSuchBox, wiringError
from Axon.Component import component
from Axon.Postoffice import postoffice


@pytest.fixture
def office():
    return postoffice()


def chain(office, outer=3, inner=3):
    """What a chain of linkages through `outer` outboxes and `inner` inboxes is made of."""
    sources = [component() for _ in range(outer)]
    sinks = [component() for _ in range(inner)]
    links = [((a, "outbox"), (b, "outbox"), 2) for a, b in itertools.pairwise(sources)]
    links.append(((sources[-1], "outbox"), (sinks[0], "inbox"), 0))
    links += [((a, "inbox"), (b, "inbox"), 1) for a, b in itertools.pairwise(sinks)]
    return sources, sinks, links


# Delivery


@pytest.mark.parametrize("backwards", [False, True])
def test_a_chain_of_passthroughs_delivers_at_its_end_only(office, backwards):
    sources, sinks, links = chain(office)
    for link in reversed(links) if backwards else links:
        office.link(*link)
    sources[0].send("through")
    sources[1].send("from the middle")
    assert [each.dataReady() for each in sinks] == [0, 0, 2]
    assert list(sinks[-1].Inbox()) == ["through", "from the middle"]


def test_many_feed_one_and_interleave_in_the_order_of_sending(office):
    sources, sink = [component() for _ in range(3)], component()
    for source in sources:
        office.link((source, "outbox"), (sink, "inbox"))
    for number in range(9):
        sources[number % 3].send(number)
    assert list(sink.Inbox()) == list(range(9))


def test_one_outbox_feeds_one_inbox(office):
    source, sink, other = component(), component(), component()
    office.link((source, "outbox"), (sink, "inbox"))
    with pytest.raises(BoxAlreadyLinkedToDestination) as caught:
        office.link((source, "outbox"), (other, "inbox"))
    assert f"{source.name}'s 'outbox' already leads to {sink.name}'s 'inbox'" in str(caught.value)
    source.send("x")
    assert (sink.dataReady(), other.dataReady()) == (1, 0)


def test_the_messages_in_an_inbox_move_when_it_is_linked(office):
    outer, inner = component(), component()
    inner._deliver("first")
    for number in range(3):
        outer._deliver(number)
    office.link((outer, "inbox"), (inner, "inbox"), passthrough=1)
    assert not outer.dataReady()
    assert list(inner.Inbox()) == ["first", 0, 1, 2]


def test_messages_that_move_wake_a_component_that_waits_for_them():
    class Waits(component):
        def main(self):
            yield from self.waitForMessage()
            self.got = self.recv()

    class Links(component):
        def main(self):
            self._deliver("moves")
            yield 1
            yield 1
            self.link((self, "inbox"), (waits, "inbox"), passthrough=1)

    waits = Waits().activate()
    Links().run()
    assert waits.got == "moves"


def test_the_text_of_a_postoffice_shows_its_name_and_its_linkages():
    office = postoffice("parcels ")
    assert str(office) == "{{ POSTOFFICE: parcels links [] }}"
    source, sink = component(), component()
    joint = office.link((source, "outbox"), (sink, "inbox"))
    assert str(office) == f"{{{{ POSTOFFICE: parcels links [{joint!r}] }}}}"


# Unlinking


def test_after_unlink_messages_are_discarded_and_what_was_delivered_stays(office):
    source, sink = component(), component()
    joint = office.link((source, "outbox"), (sink, "inbox"))
    source.send("stays")
    office.unlink(thelinkage=joint)
    source.send("gone")
    assert list(sink.Inbox()) == ["stays"]
    office.link((source, "outbox"), (sink, "inbox"))
    source.send("again")
    assert list(sink.Inbox()) == ["again"]


def test_unlink_removes_all_linkages_of_a_component(office):
    middle, others = component(), [component(), component()]
    office.link((others[0], "outbox"), (middle, "inbox"))
    office.link((middle, "outbox"), (others[1], "inbox"))
    kept = office.link((others[0], "signal"), (others[1], "control"))
    office.unlink(middle)
    assert office.linkages == [kept]


def test_unlink_removes_no_linkage_of_another_postoffice(office):
    source, sink = component(), component()
    joint = office.link((source, "outbox"), (sink, "inbox"))
    other = postoffice()
    other.unlink(thelinkage=joint)
    other.unlink(source)
    component().unlink(source)
    source.send("x")
    assert sink.dataReady() == 1
    assert office.islinkageregistered(joint)
    assert not other.islinkageregistered(joint)


def test_unlinked_in_the_middle_of_a_chain_the_rest_still_works(office):
    sources, sinks, links = chain(office)
    made = [office.link(*link) for link in links]
    office.unlink(thelinkage=made[1])
    sources[0].send("gone"), sources[-1].send("through")
    assert list(sinks[-1].Inbox()) == ["through"]


def test_an_inbox_stores_messages_again_after_its_passthrough_is_unlinked(office):
    outer, inner = component(), component()
    joint = office.link((outer, "inbox"), (inner, "inbox"), passthrough=1)
    outer._deliver("on")
    office.unlink(thelinkage=joint)
    outer._deliver("here")
    assert (list(outer.Inbox()), list(inner.Inbox())) == (["here"], ["on"])


# What cannot be linked


@pytest.mark.parametrize(
    ("wire", "error", "says"),
    [
        (lambda a, b: ((a, "outbx"), (b, "inbox")), noSuchBox, "no outbox 'outbx'.*'outbox'"),
        (lambda a, b: ((a, "outbox"), (b, "inbx")), noSuchBox, "no inbox 'inbx'.*'inbox'"),
        (lambda a, b: ((a, "inbox"), (b, "inbox")), noSuchBox, "'inbox', which is an inbox"),
        (lambda a, b: ((a, "outbox"), (b, "outbox")), noSuchBox, "'outbox', which is an outbox"),
        (lambda a, b: ((component, "outbox"), (b, "inbox")), wiringError, r"such as component\(\)"),
        (lambda a, b: ((a, "outbox"), (component, "inbox")), wiringError, r"such as component\(\)"),
        (lambda a, b: ((5, "outbox"), (b, "inbox")), wiringError, "5 is no component"),
        (lambda a, b: (a, (b, "inbox")), wiringError, r"\(component, box name\)"),
        (lambda a, b: ((a, "outbox", 1), (b, "inbox")), wiringError, r"\(component, box name\)"),
    ],
)
def test_the_error_of_a_wrong_linkage_explains_the_mistake(office, wire, error, says):
    source, sink = component(), component()
    with pytest.raises(error, match=says):
        office.link(*wire(source, sink))
    assert office.linkages == []


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize(("boxname", "passthrough"), [("inbox", 1), ("outbox", 2)])
def test_a_cycle_of_passthroughs_is_an_error(office, length, boxname, passthrough):
    ring = [component() for _ in range(length)]
    for a, b in itertools.pairwise(ring):
        office.link((a, boxname), (b, boxname), passthrough=passthrough)
    with pytest.raises(wiringError, match="would lead back to itself"):
        office.link((ring[-1], boxname), (ring[0], boxname), passthrough=passthrough)


@pytest.mark.parametrize("option", [{"capacity": 3}, {"pipewidth": 3}, {"synchronous": True}])
def test_a_limit_needs_an_inbox_at_the_end_of_the_chain(office, option):
    inner, outer = component(), component()
    with pytest.raises(wiringError, match="leads to no inbox yet"):
        office.link((inner, "outbox"), (outer, "outbox"), passthrough=2, **option)
    assert office.linkages == []


# Against a model

NUMBER = 5
ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["send", "send", "deliver", "take", "link", "unlink"]),
        st.integers(0, NUMBER - 1),
        st.integers(0, NUMBER - 1),
        st.integers(0, 2),
    ),
    max_size=60,
)


class Model:
    """Where messages go, said as simply as can be: a dict of links, and a list for each inbox."""

    def __init__(self):
        self.links, self.waiting = {}, {("inbox", number): [] for number in range(NUMBER)}

    def end(self, box):
        while box in self.links:
            box = self.links[box]
        return box

    def put(self, box, message):
        self.waiting.get(self.end(box), []).append(message)

    def link(self, source, sink):
        """False where that cannot be."""
        if source in self.links or self.end(sink) == source:
            return False
        self.links[source] = sink
        for box, messages in self.waiting.items():
            if self.end(box) != box and messages:
                self.waiting[self.end(box)].extend(messages)
                messages.clear()
        return True


@given(ACTIONS)
def test_any_network_delivers_as_a_simple_model_does(actions):
    office, model = postoffice(), Model()
    made = {}
    parts = [component() for _ in range(NUMBER)]
    for message, (action, one, other, kind) in enumerate(actions):
        source = ("inbox" if kind == 1 else "outbox", one)
        sink = ("outbox" if kind == 2 else "inbox", other)
        if action == "send":
            parts[one].send(message)
            model.put(("outbox", one), message)
        elif action == "deliver":
            parts[one]._deliver(message)
            model.put(("inbox", one), message)
        elif action == "take":
            waiting = model.waiting["inbox", one]
            assert list(parts[one].Inbox()) == waiting
            waiting.clear()
        elif action == "unlink":
            if source in made:
                office.unlink(thelinkage=made.pop(source))
                del model.links[source]
        elif model.link(source, sink):
            ends = (parts[one], source[0]), (parts[other], sink[0])
            made[source] = office.link(*ends, passthrough=kind)
        else:
            with pytest.raises((BoxAlreadyLinkedToDestination, wiringError)):
                office.link((parts[one], source[0]), (parts[other], sink[0]), passthrough=kind)
        for number, part in enumerate(parts):
            assert part.dataReady() == len(model.waiting["inbox", number])
            end = model.end(("outbox", number))
            assert len(part.outboxes["outbox"]) == len(model.waiting.get(end, []))


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
def test_a_chain_leads_to_its_end_in_whatever_order_its_linkages_are_made_and_removed(order):
    owner, parts = component(), [component() for _ in range(5)]
    made = {}
    for each in order:
        made[each] = owner.link((parts[each], "inbox"), (parts[each + 1], "inbox"), passthrough=1)
    for each in order:
        parts[0].deliver(each)
        reached = next(n for n in range(5) if n not in made)
        assert list(parts[reached].Inbox()) == [each]
        owner.unlink(thelinkage=made.pop(each))
    parts[0].deliver("alone")
    assert parts[0].recv() == "alone"


def test_a_chain_of_inboxes_cannot_become_a_circle():
    owner, parts = component(), [component() for _ in range(5)]
    for outer, inner in reversed(list(itertools.pairwise(parts))):
        owner.link((outer, "inbox"), (inner, "inbox"), passthrough=1)
    with pytest.raises(wiringError, match="would lead back to itself"):
        owner.link((parts[-1], "inbox"), (parts[0], "inbox"), passthrough=1)
