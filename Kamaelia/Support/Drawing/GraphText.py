"""A graph of components as text: Mermaid, Graphviz DOT, and plain data for JSON.

Example usage::

    >>> from Kamaelia.Support.Drawing.Graph import Box, Edge, Graph, Node
    >>> nodes = Node("1", "Source", outboxes=(Box("outbox"),)), Node("2", "Sink")
    >>> print(mermaid(Graph(nodes, (Edge("1", "outbox", "2", "inbox"),))))
    flowchart LR
        n0{{"Source"}}
        n1{{"Sink"}}
        n0 -- "outbox → inbox" --> n1

How does it work?

Keys become n0, n1 and so on, and names are quoted and escaped, so that no name can change the
structure of the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from Kamaelia.Support.Drawing.Graph import Edge, Graph, Node
from Kamaelia.Support.Drawing.Shapes import shortened

LONGEST = 80  # characters of a name


def plainData(graph: Graph) -> dict[str, Any]:
    """Return the graph as dicts, lists, numbers and text, as JSON has them."""
    return asdict(graph)


def mermaid(graph: Graph) -> str:
    """Return the graph as a flowchart for Mermaid, which GitHub draws in Markdown."""
    keys = _keys(graph)
    lines = ["flowchart LR"]
    for node in graph.nodes:
        lines += _mermaidNode(node, keys, "    ")
    for edge, source, sink in _edges(graph, keys):
        line = "-. {} .->" if edge.isControl else "-- {} -->"
        lines.append(f"    {source} {line.format(_quoted(_words(edge)))} {sink}")
    return "\n".join(lines)


def _mermaidNode(node: Node, keys: dict[str, str], indent: str) -> Iterator[str]:
    key, title = keys[node.key], _quoted(_titleOf(node))
    if not node.parts:
        yield f"{indent}{key}{{{{{title}}}}}"
        return
    yield f"{indent}subgraph {key} [{title}]"
    for part in node.parts:
        yield from _mermaidNode(part, keys, indent + "    ")
    yield f"{indent}end"


def _quoted(words: str) -> str:
    """Return a string for Mermaid, in which #60; stands for the character of that number."""
    characters = (
        each if each.isalnum() or each in " .,:→_-+()" else f"#{ord(each)};"
        for each in shortened(words, LONGEST)
    )
    return f'"{"".join(characters)}"'


def dot(graph: Graph) -> str:
    """Return the graph as a digraph for Graphviz."""
    keys = _keys(graph)
    lines = ["digraph kamaelia {", "    rankdir=LR", "    node [shape=hexagon]"]
    for node in graph.nodes:
        lines += _dotNode(node, keys, "    ")
    for edge, source, sink in _edges(graph, keys):
        style = ", style=dashed" if edge.isControl else ""
        lines.append(f"    {source} -> {sink} [label={_dotText(_words(edge))}{style}]")
    return "\n".join([*lines, "}"])


def _dotNode(node: Node, keys: dict[str, str], indent: str) -> Iterator[str]:
    key, title = keys[node.key], _dotText(_titleOf(node))
    if not node.parts:
        yield f"{indent}{key} [label={title}]"
        return
    yield f"{indent}subgraph cluster_{key} {{"
    yield f"{indent}    label={title}"
    yield f"{indent}    {key} [label={title}, shape=box, style=dotted]"  # for its own boxes
    for part in node.parts:
        yield from _dotNode(part, keys, indent + "    ")
    yield f"{indent}}}"


def _dotText(words: str) -> str:
    escaped = shortened(words, LONGEST).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _keys(graph: Graph) -> dict[str, str]:
    return {node.key: f"n{place}" for place, node in enumerate(graph.allNodes())}


def _edges(graph: Graph, keys: dict[str, str]) -> Iterator[tuple[Edge, str, str]]:
    for edge in graph.edges:
        if edge.source in keys and edge.sink in keys:
            yield edge, keys[edge.source], keys[edge.sink]


def _words(edge: Edge) -> str:
    return f"{edge.sourceBox} → {edge.sinkBox}"


def _titleOf(node: Node) -> str:
    return f"{node.title}: {node.kind}" if node.kind else node.title
