"""A graph of components as text."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Drawing.Graph import Box, Edge, Graph, Node
from Kamaelia.Support.Drawing.GraphText import dot, mermaid, plainData

PARTS = Node("1", "Source", outboxes=(Box("outbox"),)), Node("2", "Sink", "Writer")
EDGES = Edge("1", "outbox", "2", "inbox"), Edge("1", "signal", "2", "control")
GRAPH = Graph((Node("9", "Pipeline", parts=PARTS),), EDGES)


def test_mermaid_has_a_subgraph_for_a_chassis_and_a_line_for_each_linkage():
    assert mermaid(GRAPH).splitlines() == [
        "flowchart LR",
        '    subgraph n0 ["Pipeline"]',
        '        n1{{"Source"}}',
        '        n2{{"Sink: Writer"}}',
        "    end",
        '    n1 -- "outbox → inbox" --> n2',
        '    n1 -. "signal → control" .-> n2',
    ]


def test_dot_has_a_cluster_for_a_chassis_and_a_line_for_each_linkage():
    lines = [line.strip() for line in dot(GRAPH).splitlines()]
    assert "subgraph cluster_n0 {" in lines
    assert 'n1 -> n2 [label="outbox → inbox"]' in lines
    assert 'n1 -> n2 [label="signal → control", style=dashed]' in lines


def test_plain_data_can_be_written_as_json():
    data = json.loads(json.dumps(plainData(GRAPH)))
    assert data["nodes"][0]["parts"][1]["kind"] == "Writer"
    assert data["edges"][0] == {
        "source": "1", "sourceBox": "outbox", "sink": "2", "sinkBox": "inbox"
    }  # fmt: skip


@pytest.mark.parametrize("write", [mermaid, dot])
def test_an_edge_to_an_unknown_node_is_left_out(write):
    assert write(Graph(PARTS, (Edge("1", "outbox", "7", "inbox"),))).count("outbox") == 0


@given(st.text(max_size=60))
def test_no_name_ends_its_string_in_mermaid(name):
    (line,) = mermaid(Graph((Node("1", name),))).splitlines()[1:]
    assert re.fullmatch(r' {4}n0\{\{"[^"<>&`]*"\}\}', line)


@given(st.text(max_size=60))
def test_no_name_ends_its_string_in_dot(name):
    _, _, _, line, _ = dot(Graph((Node("1", name),))).split("\n")
    assert re.fullmatch(r' {4}n0 \[label="(?:[^"\\]|\\.)*"\]', line)
