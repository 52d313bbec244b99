"""Entity-relationship models."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from Kamaelia.Support.Data.ERModel import (
    ParseError,
    commandsOf,
    parse_model,
    parseEntityLine,
    parser,
    parseRelationLine,
)

MODEL = """
# people
entity person:
    simpleattributes female name

entity mum(person):

entity son(person)
relation RelatedTo(mum, son)
""".splitlines(keepends=True)

PARSED = [
    ["entity", {"name": "person", "simpleattributes": ["female", "name"]}],
    ["entity", {"name": "mum", "subtype": "person"}],
    ["entity", {"name": "son", "subtype": "person"}],
    ["relation", {"name": "RelatedTo", "entities": ["mum", "son"]}],
]


def test_a_model_has_entities_and_relations() -> None:
    assert list(parse_model(MODEL)) == PARSED
    assert list(parse_model(line.rstrip("\n") for line in MODEL)) == PARSED


def test_blocks_are_marked() -> None:
    assert list(parser(["entity a:", "  x y", "", "# no", "entity b"])) == [
        "BLOCK",
        "entity a",
        "  x y",
        "ENDBLOCK",
        "entity b",
    ]


def test_the_graph_has_nodes_and_links() -> None:
    nodes, links = commandsOf(PARSED)
    assert nodes == [
        "ADD NODE e.person person auto entity",
        "ADD NODE person.female female auto attribute",
        "ADD NODE person.name name auto attribute",
        "ADD NODE e.mum mum auto entity",
        "ADD NODE ISA1 isa auto isa",
        "ADD NODE e.son son auto entity",
        "ADD NODE r.RelatedTo RelatedTo auto relation",
    ]
    assert links == [
        "ADD LINK e.person person.female",
        "ADD LINK e.person person.name",
        "ADD LINK ISA1 e.person",
        "ADD LINK e.mum ISA1",
        "ADD LINK e.son ISA1",
        "ADD LINK e.mum r.RelatedTo",
        "ADD LINK e.son r.RelatedTo",
    ]


def test_two_supertypes_have_a_node_each() -> None:
    model = parse_model(["entity a(x)", "entity b(y)", "entity c(x)"])
    assert commandsOf(model)[1][-1] == "ADD LINK e.c ISA1"


@pytest.mark.parametrize(
    "line", ["entity", "entity a(b", "relation R", "something else", "entity a b", "relation"]
)
def test_a_line_that_is_no_part_of_a_model_is_an_error(line: str) -> None:
    with pytest.raises(ParseError, match=line.split(maxsplit=1)[0]):
        list(parse_model([line]))


def test_a_line_of_another_kind_is_an_error() -> None:
    with pytest.raises(ParseError):
        parseEntityLine("relation R(a,b)")
    with pytest.raises(ParseError):
        parseRelationLine("entity a")
    with pytest.raises(ParseError):
        list(parse_model(["entity a:", "   attributes x"]))


@example([":"])
@given(st.lists(st.text("entityrlaoxnsmp()#: \t,\n")))
def test_any_text_is_a_model_or_a_ParseError(lines: list[str]) -> None:
    try:
        commandsOf(parse_model(lines))
    except ParseError:
        pass
