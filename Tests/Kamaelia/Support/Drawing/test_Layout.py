"""The place of each node in a picture."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from Kamaelia.Support.Drawing.Graph import Box, Edge, Graph, Node
from Kamaelia.Support.Drawing.Layout import placed

IN, OUT = (Box("inbox"), Box("control")), (Box("outbox"), Box("signal"))


def node(key, *parts):
    return Node(str(key), f"Part{key}", "", IN, OUT, tuple(parts))


def link(source, sink):
    return Edge(str(source), "outbox", str(sink), "inbox")


def frameOf(block, key):
    frame = block.frames[str(key)]
    return frame.x, frame.y, frame.right, frame.y + frame.height


def areApart(one, other):
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def isWithin(inner, outer):
    return all(
        (outer[0] <= inner[0], outer[1] <= inner[1], inner[2] <= outer[2], inner[3] <= outer[3])
    )


def test_data_flows_from_left_to_right():
    block = placed(Graph((node(1), node(2), node(3)), (link(1, 2), link(2, 3))))
    assert frameOf(block, 1)[2] < frameOf(block, 2)[0]
    assert frameOf(block, 2)[2] < frameOf(block, 3)[0]


def test_an_edge_that_leads_back_runs_below_all_nodes():
    block = placed(Graph((node(1), node(2)), (link(1, 2), link(2, 1))))
    assert block.detours[1] > max(frameOf(block, key)[3] for key in (1, 2))


def test_an_edge_over_several_columns_has_a_gap_in_each():
    graph = Graph((node(1), node(2), node(3)), (link(1, 2), link(2, 3), link(1, 3)))
    assert len(placed(graph).ways[2]) == 1


def test_the_parts_of_a_chassis_are_inside_it():
    block = placed(Graph((node(9, node(1), node(2)),), (link(1, 2),)))
    assert all(isWithin(frameOf(block, key), frameOf(block, 9)) for key in (1, 2))


def test_the_boxes_of_a_chassis_stand_beside_those_that_they_lead_to():
    inward = Edge("9", "inbox", "1", "inbox")
    block = placed(Graph((node(9, node(1)),), (inward,)))
    assert block.ports["9", "inbox", True][1] == block.ports["1", "inbox", True][1]


def test_an_edge_to_an_unknown_node_is_left_out():
    assert placed(Graph((node(1),), (link(1, 77),))).ways == {}


@pytest.mark.parametrize("graph", [Graph(()), Graph((Node("1", ""),))])
def test_little_is_drawn_as_well(graph):
    assert placed(graph).width > 0


@given(st.data())
@settings(deadline=None)
def test_no_two_nodes_overlap_and_all_are_in_the_picture(data):
    keys = range(data.draw(st.integers(1, 14)))
    nodes, inside = [], {}
    for key in keys:
        parts = [100 * (key + 1) + each for each in range(data.draw(st.integers(0, 3)))]
        inside[key] = parts
        nodes.append(node(key, *map(node, parts)))
    every = [*keys, *itertools.chain.from_iterable(inside.values())]
    ends = st.sampled_from(every)
    edges = [link(*each) for each in data.draw(st.lists(st.tuples(ends, ends), max_size=25))]
    block = placed(Graph(tuple(nodes), tuple(edges)))
    whole = (0, 0, block.width, block.height)
    assert all(isWithin(frameOf(block, key), whole) for key in every)
    for siblings in (list(keys), *inside.values()):
        for one, other in itertools.combinations(siblings, 2):
            assert areApart(frameOf(block, one), frameOf(block, other))
