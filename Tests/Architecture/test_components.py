"""Each module lists the components and prefabs that it defines."""

import importlib
import inspect
import pkgutil

import pytest

import Axon
import Kamaelia
from Axon.Component import component

# The classes in these modules are bases for programs and do nothing by themselves.
ABSTRACT = {
    "Axon.AdaptiveCommsComponent",
    "Axon.ThreadBridge",
    "Axon.Component",
    "Axon.ThreadedComponent",
    "Kamaelia.File.FileComponent",
}


def namesOfModules():
    for package in (Axon, Kamaelia):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not info.name.rsplit(".", 1)[1].startswith("_") and info.name not in ABSTRACT:
                yield info.name


def definedIn(module, isWanted):
    """Return the objects that the module defines, without imports and aliases."""
    return [
        each
        for name, each in vars(module).items()
        if getattr(each, "__module__", None) == module.__name__
        and getattr(each, "__name__", None) == name
        and not name.startswith("_")
        and isWanted(each)
    ]


def isComponentClass(thing):
    return inspect.isclass(thing) and issubclass(thing, component)


def isPrefab(thing):
    if not inspect.isfunction(thing):
        return False
    made = thing.__annotations__.get("return")
    return isComponentClass(thing.__globals__.get(made) if isinstance(made, str) else made)


MODULES = list(namesOfModules())


def test_the_packages_are_searched():
    assert {"Kamaelia.Chassis.Pipeline", "Kamaelia.Util.DataSource"} <= set(MODULES)
    assert isComponentClass(importlib.import_module("Kamaelia.Chassis.Pipeline").Pipeline)
    assert isPrefab(importlib.import_module("Kamaelia.Util.DataSource").TriggeredSource)


@pytest.mark.parametrize(
    ("attribute", "isWanted"),
    [("__kamaelia_components__", isComponentClass), ("__kamaelia_prefabs__", isPrefab)],
)
@pytest.mark.parametrize("name", MODULES)
def test_a_module_lists_exactly_what_it_defines(name, attribute, isWanted):
    module = importlib.import_module(name)
    listed = getattr(module, attribute, ())
    assert isinstance(listed, tuple)
    defined = definedIn(module, isWanted)
    assert sorted(each.__name__ for each in listed) == sorted(each.__name__ for each in defined)
    assert set(listed) == set(defined)
    assert defined or not hasattr(module, attribute)
