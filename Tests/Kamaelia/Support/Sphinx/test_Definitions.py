"""The places of definitions: those that Sphinx finds in the tokens of a file."""

import inspect

import pytest
from sphinx.pycode.parser import DefinitionFinder

import Axon.Component
import Kamaelia.Support.Sphinx.Directives
from Kamaelia.Support.Sphinx.Definitions import definitionsIn

SOURCE = '''\
class Outer:
    x = 1

    @property
    def first(self):
        def inner():
            pass
        return inner

    class Inner:
        async def second(self): pass

if True:
    def conditional():
        return 1

    # a comment

@decorated
@decorated
class Last:
    """A class."""
'''


def foundInTokens(source):
    finder = DefinitionFinder(source.splitlines(True))
    finder.parse()
    return finder.definitions


def test_a_definition_has_its_decorators_and_its_last_line():
    assert definitionsIn(SOURCE) == {
        "Outer": ("class", 1, 11),
        "Outer.first": ("def", 4, 8),
        "Outer.Inner": ("class", 10, 11),
        "Outer.Inner.second": ("def", 11, 11),
        "conditional": ("def", 14, 15),
        "Last": ("class", 19, 22),
    }


@pytest.mark.parametrize("module", [Axon.Component, Kamaelia.Support.Sphinx.Directives])
def test_the_definitions_are_those_in_the_tokens(module):
    source = inspect.getsource(module)
    found, expected = definitionsIn(source), foundInTokens(source)
    assert found.keys() == expected.keys()
    for name, (kind, first, last) in expected.items():
        assert found[name][:2] == (kind, first)
        assert found[name][2] <= last  # the tokens add the comments after a definition
