"""A graph of components as SVG."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Drawing.Graph import Box, Edge, Graph, Node
from Kamaelia.Support.Drawing.GraphDrawing import drawing

SVG = "{http://www.w3.org/2000/svg}"
BAD_NAMES = [
    'A "quoted" name',
    "<script>alert(1)</script>",
    "\u05e9\u05dc\u05d5\u05dd",
    "x" * 10_000,
    "a\0b\x1b[2J",
    "",
]


def parsed(*nodes, edges=()):
    return ElementTree.fromstring(drawing(Graph(nodes, tuple(edges))))


def find(tree, tag, kind=""):
    found = tree.iter(SVG + tag)
    return [each for each in found if kind in each.get("class", "").split() or not kind]


def textsIn(tree):
    return ["".join(each.itertext()) for each in tree.iter(SVG + "text")]


def pair(**inbox):
    source = Node("1", "Source", outboxes=(Box("outbox"),))
    return source, Node("2", "Sink", inboxes=(Box("inbox", **inbox),))


def test_a_component_is_a_hexagon_with_its_name_and_its_boxes():
    tree = parsed(Node("1", "Total", "", (Box("inbox", "numbers"),), (Box("outbox"),)))
    assert len(find(tree, "polygon", "body")) == 1
    assert set(textsIn(tree)) == {"Total", "inbox", "outbox"}
    assert "inbox: numbers" in [each.text for each in find(tree, "title")]


def test_a_chassis_is_a_glass_box():
    tree = parsed(Node("9", "Pipeline", parts=(Node("1", "Total"),)))
    assert len(find(tree, "rect", "glass")) == len(find(tree, "polygon", "body")) == 1


def test_the_name_of_an_outbox_of_a_chassis_is_beside_the_arrowhead_and_above_the_edge():
    part = Node("1", "Part", outboxes=(Box("outbox"),))
    chassis = Node("9", "Pipeline", outboxes=(Box("outbox"),), parts=(part,))
    tree = parsed(chassis, edges=(Edge("1", "outbox", "9", "outbox"),))
    (edge,) = find(tree, "path", "edge")
    x, y = map(float, edge.get("d").rpartition(" ")[2].split(","))
    labels = [(float(each.get("x")), float(each.get("y"))) for each in find(tree, "text", "label")]
    end, bottom = max(labels)  # that of the chassis is at the right of that of its part
    assert end < x - 10  # the length of the arrowhead
    assert bottom < y - 3  # the part of a letter below its line


def test_linkages_of_shutdown_messages_are_drawn_in_another_way():
    nodes = (
        Node("1", "A", outboxes=(Box("outbox"), Box("signal"))),
        Node("2", "B", inboxes=(Box("inbox"), Box("control"))),
    )
    tree = parsed(
        *nodes, edges=(Edge("1", "outbox", "2", "inbox"), Edge("1", "signal", "2", "control"))
    )
    assert ["stop" in each.get("class") for each in find(tree, "path", "edge")] == [False, True]


@pytest.mark.parametrize(
    ("depth", "capacity", "kind"),
    [(1, 10, "good"), (5, 10, "mid"), (10, 10, "bad"), (49, None, "good"), (100, None, "bad")],
)
def test_a_bar_shows_how_much_waits(depth, capacity, kind):
    assert len(find(parsed(*pair(depth=depth, capacity=capacity)), "rect", kind)) == 1


def test_an_empty_inbox_has_no_bar():
    tree = parsed(*pair())
    assert not [each for kind in ("good", "mid", "bad") for each in find(tree, "rect", kind)]


def test_a_line_leads_from_a_held_component_to_what_holds_it():
    tree = parsed(Node("1", "Source", heldBy=("2",)), Node("2", "Sink"))
    assert len(find(tree, "path", "hold")) == len(find(tree, "polygon", "held")) == 1


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_bad_name_changes_nothing_but_itself(name):
    box = (Box(name, name),)
    tree = parsed(Node("1", name, name, box, box), edges=(Edge("1", name, "1", name),))
    assert not find(tree, "script")
    assert all(len(words) < 60 for words in textsIn(tree))


def test_a_name_that_runs_from_right_to_left_is_isolated():
    (words,) = textsIn(parsed(Node("1", BAD_NAMES[2])))
    assert words == f"\u2068{BAD_NAMES[2]}\u2069"


@given(st.text(max_size=50), st.text(max_size=50))
def test_any_name_makes_a_well_formed_picture(title, boxname):
    parsed(Node("1", title, title, (Box(boxname, title),)))
