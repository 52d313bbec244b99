"""Each component of the library refuses a setting that it does not have."""

import importlib
import inspect

import pytest

from Axon.Component import component
from Axon.testing import feed
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.File.Reading import SimpleReader
from Kamaelia.Util.PassThrough import PassThrough
from Tests.Architecture.test_components import MODULES

# Arguments of components whose arguments are checked before the settings.
ARGUMENTS = {
    "Pipeline": lambda: (PassThrough(),),
    "TTL": lambda: (PassThrough(), 1),
}
# Any other keyword of these is the name of a part, which must be a component.
WITH_PARTS = {"Distributed", "Graphline", "ProcessGraphline"}


def nameOf(kind):
    return f"{kind.__module__}.{kind.__name__}"


def catalogue():
    """Return all components, and the functions that return one."""
    for name in MODULES:
        module = importlib.import_module(name)
        yield from getattr(module, "__kamaelia_components__", ())
        yield from getattr(module, "__kamaelia_prefabs__", ())


def requiredOf(kind):
    """Return an object for each argument that `kind` needs, by position and by name."""
    try:
        parameters = inspect.signature(kind).parameters.values()
    except ValueError:  # the compiled __init__ of a component has no signature
        return [], {}
    required = [each for each in parameters if each.default is each.empty]
    positional = [object() for each in required if each.kind is each.POSITIONAL_OR_KEYWORD]
    return positional, {each.name: object() for each in required if each.kind is each.KEYWORD_ONLY}


@pytest.mark.parametrize("kind", dict.fromkeys(catalogue()), ids=nameOf)
def test_a_misspelt_setting_is_an_error_that_names_it(kind):
    arguments, settings = requiredOf(kind)
    if kind.__name__ in ARGUMENTS:
        arguments = ARGUMENTS[kind.__name__]()
    if kind.__name__ in WITH_PARTS:
        settings["linkages"] = {}
    with pytest.raises(TypeError, match=r"'misspelt'|misspelt is 1"):
        kind(*arguments, misspelt=1, **settings)


def test_a_setting_may_be_an_attribute_of_the_class_of_a_program():
    class Coloured(Pipeline):
        colour = "red"

    assert Coloured(PassThrough(), colour="blue").colour == "blue"


def test_a_setting_without_a_declaration_may_belong_to_the_class_of_a_program():
    class Coloured(Pipeline):
        pass

    assert Coloured(PassThrough(), colour="blue").colour == "blue"
    with pytest.raises(TypeError, match=r"Coloured has no setting 'capcity'. Did you mean 'cap"):
        Coloured(PassThrough(), capcity=3)


def test_a_component_of_a_program_has_any_settings():
    class Repeat(component):
        def main(self):
            self.send(self.times)
            yield 1

    assert feed(Repeat(times=2), control=())["outbox"] == [2]


def test_any_component_may_be_the_handler_of_a_connection():
    facts = {"peer": "192.0.2.1", "peerport": 1, "localip": "192.0.2.2", "localport": 25}
    assert Pipeline(PassThrough(), **facts).peerport == 1


def test_the_error_lists_the_settings():
    with pytest.raises(TypeError, match="encoding, error, errors, filename, limit, mode"):
        SimpleReader("text", colour="red")
