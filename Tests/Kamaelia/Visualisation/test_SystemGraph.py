"""Pictures of programs, before they run and while they run."""

import pytest

from Axon.Component import component
from Axon.Introspection import snapshot
from Axon.Scheduler import scheduler
from Kamaelia.Chassis.Carousel import Carousel
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.PAR import PAR
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Chassis.Supervisor import Supervisor
from Kamaelia.Util.PassThrough import PassThrough
from Kamaelia.Visualisation.SystemGraph import FORMATS, graph


class Source(component):
    """Send numbers until it is held."""

    Inboxes = {"inbox": "not used", "control": "not used"}
    Outboxes = {"outbox": "numbers", "signal": "not used"}

    def main(self):
        while True:
            self.send(1)
            yield 1


class Idler(component):
    """Take nothing, and stay awake."""

    def main(self):
        while True:
            yield 1


def run(turns=20):
    """Give turns to all components; the caller closes what is returned."""
    steps = scheduler.run.main()
    for _ in zip(range(turns), steps, strict=False):
        pass
    return steps


def systemOf(**parts):
    return Graphline(
        **parts,
        linkages={("A", "outbox"): ("B", "inbox"), ("B", "outbox"): ("self", "outbox")},
        capacity=3,
    )


def edgesBetween(drawn, boxes):
    titles = {node.key: node.title for node in drawn.allNodes()}
    return {
        (titles[edge.source], titles[edge.sink])
        for edge in drawn.edges
        if (edge.sourceBox, edge.sinkBox) == boxes
    }


def test_a_graphline_is_drawn_before_it_runs():
    drawn = graph(systemOf(A=Source(), B=PassThrough()))
    (chassis,) = drawn.nodes
    assert [(part.title, part.kind) for part in chassis.parts] == [
        ("A", "Source"),
        ("B", "PassThrough"),
    ]
    assert edgesBetween(drawn, ("outbox", "inbox")) == {("A", "B")}
    assert edgesBetween(drawn, ("outbox", "outbox")) == {("B", "Graphline")}


def test_drawing_a_system_starts_nothing():
    source = Source()
    graph(systemOf(A=source, B=PassThrough()))
    assert not source.isActive()
    assert not list(scheduler.run.listAllThreads())


def test_chassis_within_chassis_are_drawn_within_each_other():
    drawn = graph(Pipeline(Source(), Pipeline(PassThrough(), PassThrough())))
    assert [len(part.parts) for part in drawn.nodes[0].parts] == [0, 2]


@pytest.mark.parametrize(
    "system",
    [
        PAR(Source(), Source()),
        Pipeline(Source(), Source(), circular=True),
        Supervisor(A=Source, linkages={("A", "outbox"): ("self", "outbox")}),
        Carousel(Source),
        ServerCore(protocol=Source, port=0),
    ],
    ids=lambda system: type(system).__name__,
)
@pytest.mark.parametrize("form", FORMATS)
def test_every_chassis_can_be_drawn_in_every_format(system, form):
    assert type(system).__name__ in FORMATS[form](graph(system))


def test_only_the_boxes_that_are_linked_are_drawn():
    _, sink = graph(Pipeline(Source(), PassThrough())).nodes[0].parts
    assert [box.name for box in sink.inboxes] == ["inbox", "control"]
    source, _ = graph(systemOf(A=Source(), B=PassThrough())).nodes[0].parts
    assert [box.name for box in source.outboxes] == ["outbox"]


def test_a_plan_is_what_the_chassis_makes_of_it():
    """The same linkages are there when the system runs."""
    system = Pipeline(Source(), Pipeline(PassThrough(), Idler()), capacity=2)
    planned = {
        (edge.source, edge.sourceBox, edge.sink, edge.sinkBox) for edge in graph(system).edges
    }
    system.activate()
    steps = run()
    found = snapshot(scheduler.run)
    running = {
        (str(each.source), each.sourceBox, str(each.sink), each.sinkBox) for each in found.linkages
    }
    steps.close()
    assert running == planned


def test_a_running_system_is_drawn_with_its_states_and_messages():
    system = systemOf(A=Source(), B=Idler()).activate()
    steps = run()
    (chassis,) = graph(system).nodes
    steps.close()
    source, sink = chassis.parts
    assert (source.title, source.kind, source.state) == ("A", "Source", "held")
    assert source.heldBy == (sink.key,)
    (inbox,) = [box for box in sink.inboxes if box.name == "inbox"]
    assert (inbox.depth, inbox.capacity) == (3, 3)


def test_a_part_of_a_running_system_is_drawn_alone():
    part = Pipeline(Source(), Idler(), capacity=2)
    Pipeline(part, Idler()).activate()
    Idler().activate()
    steps = run()
    whole, drawn = graph(scheduler.run), graph(part)
    steps.close()
    assert len(whole.nodes) == 2
    assert [node.title for node in drawn.allNodes()] == ["Pipeline", "Source", "Idler"]


class Parent(component):
    """Talk with a child, as a connection does with its handler."""

    def main(self):
        child = Idler().activate()
        self.addChildren(child)
        self.link((self, "outbox"), (child, "inbox"))
        yield from self.waitForMessage("control")


def test_a_child_of_a_component_that_is_no_chassis_is_drawn_beside_it():
    parent = Parent().activate()
    steps = run()
    drawn = graph(parent)
    steps.close()
    assert [node.title for node in drawn.nodes] == ["Parent", "Idler"]


def test_a_notebook_displays_the_picture():
    drawn = graph(Pipeline(Source(), Idler()))
    assert drawn._repr_svg_().startswith("<svg")
    assert set(drawn._repr_mimebundle_()) == {"image/svg+xml", "text/plain"}
    assert repr(drawn) == "<SystemGraph of Pipeline>"


def test_something_else_than_a_system_is_an_error_that_says_what_to_pass():
    with pytest.raises(TypeError, match="draws a component, a scheduler or a snapshot, not dict"):
        graph({})


def serverOf(protocol):
    return ServerCore(protocol=protocol, port=0)


def test_a_server_is_planned_with_one_connection_and_its_handler():
    drawn = graph(serverOf(Idler))
    [server] = drawn.nodes
    assert [(part.title, part.kind) for part in server.parts] == [
        ("each connection", "ConnectedSocketAdapter"),
        ("its handler", "Idler"),
    ]
    both = {("each connection", "its handler"), ("its handler", "each connection")}
    assert edgesBetween(drawn, ("outbox", "inbox")) == both
    assert edgesBetween(drawn, ("signal", "control")) == both


def test_a_handler_that_is_a_chassis_is_drawn_with_its_parts():
    drawn = graph(serverOf(lambda **_: systemOf(A=Source(), B=Idler())))
    handler = drawn.nodes[0].parts[1]
    assert [part.title for part in handler.parts] == ["A", "B"]


def test_a_server_whose_handler_needs_a_real_client_is_drawn_alone():
    def protocol(peer, **_):
        raise LookupError(peer)

    [server] = graph(serverOf(protocol)).nodes
    assert (server.title, server.parts) == ("ServerCore", ())
