"""The order of nodes in columns."""

from itertools import chain, pairwise

from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Drawing.Layers import columns, forwardEdges, levels

NODES = st.integers(0, 12)
EDGES = st.lists(st.tuples(NODES, NODES), max_size=40)


def test_a_chain_has_one_node_in_each_column():
    assert columns("abcd", ["ab", "bc", "cd"]) == [["a"], ["b"], ["c"], ["d"]]


def test_a_node_stands_to_the_right_of_the_last_of_its_predecessors():
    assert columns("abc", ["ac", "ab", "bc"]) == [["a"], ["b"], ["c"]]


def test_nodes_are_sorted_so_that_edges_do_not_cross():
    assert columns("abxy", ["ay", "bx"]) == [["a", "b"], ["y", "x"]]


def test_a_cycle_is_opened_where_the_search_comes_back():
    assert forwardEdges("abc", ["ab", "bc", "ca"]) == [("a", "b"), ("b", "c")]


def test_a_node_that_feeds_itself_has_a_column():
    assert columns("a", ["aa"]) == [["a"]]


def test_a_long_chain_needs_no_deep_recursion():
    keys = range(20_000)
    assert len(columns(keys, list(pairwise(keys)))) == 20_000


@given(EDGES)
def test_every_edge_that_is_kept_leads_to_the_right(edges):
    keys = list(range(13))
    forward = forwardEdges(keys, edges)
    level = levels(keys, forward)
    assert all(level[source] < level[sink] for source, sink in forward)
    assert set(forward) <= set(edges)


@given(EDGES)
def test_each_node_is_in_one_column(edges):
    keys = list(range(13))
    assert sorted(chain.from_iterable(columns(keys, edges))) == keys
