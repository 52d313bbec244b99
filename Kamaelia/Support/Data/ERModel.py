"""Entity-relationship models as text, and as commands for a graph viewer.

Example usage
-------------
    model = list(parse_model(["entity mum(person):", "    simpleattributes name", ""]))
    # [["entity", {"name": "mum", "subtype": "person", "simpleattributes": ["name"]}]]
    nodes, links = commandsOf(model)

How does it work?
-----------------
An unindented line defines an entity or a relation; a line that ends with a colon begins a block of
indented lines with its attributes. Empty lines, and lines that begin with #, are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = [
    "ParseError",
    "commandsOf",
    "parseEntityLine",
    "parseMultilineEntity",
    "parseRelationLine",
    "parseSimpleAttributes",
    "parse_model",
    "parser",
]

Item = list[Any]  # ["entity" or "relation", a dict]

DEFINITION = re.compile(r"(?P<kind>\w+)\s+(?P<name>[^\s():]+)\s*(?:\((?P<others>[^()]*)\))?\s*:?")


class ParseError(ValueError):
    """A line that is no part of a model; the argument is the line."""


def parser(model_lines: Iterable[str]) -> Iterator[str]:
    """Generate the lines of a model, with "BLOCK" and "ENDBLOCK" around a line and its block.

    The colon at the end of the line is removed, as are empty lines and comments.
    """
    isInBlock = False
    for given in model_lines:
        line = given.rstrip()
        if not line or line.lstrip().startswith("#"):
            continue
        if isInBlock and not line[0].isspace():
            yield "ENDBLOCK"
            isInBlock = False
        if line.endswith(":"):
            yield "BLOCK"
            isInBlock = True
        yield line.removesuffix(":")
    if isInBlock:
        yield "ENDBLOCK"


def _parts(line: str, kind: str) -> tuple[str, str | None]:
    match = DEFINITION.fullmatch(line.strip())
    if match is None or match["kind"] != kind:
        raise ParseError(line)
    return match["name"], match["others"]


def parseEntityLine(P: str) -> Item:
    """Return ["entity", {"name": ...}] for a line; "subtype" is in it if the line names one.

    Raises ParseError.
    """
    name, supertype = _parts(P, "entity")
    entity = {"name": name}
    if supertype is not None:
        entity["subtype"] = supertype.strip()
    return ["entity", entity]


def parseRelationLine(P: str) -> Item:
    """Return ["relation", {"name": ..., "entities": [...]}] for a line. Raises ParseError."""
    name, entities = _parts(P, "relation")
    if entities is None:
        raise ParseError(P)
    return ["relation", {"name": name, "entities": [each.strip() for each in entities.split(",")]}]


def parseSimpleAttributes(P: str) -> dict[str, list[str]]:
    """Return {"simpleattributes": [...]} for a line."""
    return {"simpleattributes": P.split()[1:]}


def parseMultilineEntity(X: Iterable[str]) -> Item:
    """Return ["entity", {...}] for the lines of an entity and its block. Raises ParseError."""
    record: dict[str, Any] = {}
    for line in X:
        kind = next(iter(line.split(maxsplit=1)), "")
        if kind == "entity":
            record.update(parseEntityLine(line)[1])
        elif kind == "simpleattributes":
            record.update(parseSimpleAttributes(line))
        else:
            raise ParseError(line)
    return ["entity", record]


def parse_model(model_lines: Iterable[str]) -> Iterator[Item]:
    """Generate the entities and relations of a model. Raises ParseError."""
    block: list[str] | None = None
    for line in parser(model_lines):
        if line == "BLOCK":
            block = []
        elif line == "ENDBLOCK":
            yield parseMultilineEntity(block or ())
            block = None
        elif block is not None:
            block.append(line.strip())
        elif line.startswith("relation"):
            yield parseRelationLine(line)
        else:
            yield parseEntityLine(line)


def commandsOf(model: Iterable[Item]) -> tuple[list[str], list[str]]:
    """Return the commands that create the nodes, and those that create the links."""
    nodes: list[str] = []
    links: list[str] = []
    supertypes: dict[str, str] = {}  # the node of the subtypes, by supertype
    for kind, facts in model:
        name = facts["name"]
        if kind == "relation":
            nodes.append(f"ADD NODE r.{name} {name} auto relation")
            links += [f"ADD LINK e.{entity} r.{name}" for entity in facts["entities"]]
            continue
        nodes.append(f"ADD NODE e.{name} {name} auto entity")
        if supertype := facts.get("subtype"):
            if supertype not in supertypes:
                supertypes[supertype] = node = f"ISA{len(supertypes) + 1}"
                nodes.append(f"ADD NODE {node} isa auto isa")
                links.append(f"ADD LINK {node} e.{supertype}")
            links.append(f"ADD LINK e.{name} {supertypes[supertype]}")
        for attribute in facts.get("simpleattributes", ()):
            nodes.append(f"ADD NODE {name}.{attribute} {attribute} auto attribute")
            links.append(f"ADD LINK e.{name} {name}.{attribute}")
    return nodes, links
