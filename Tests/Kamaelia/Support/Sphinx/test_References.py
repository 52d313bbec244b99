"""References: the index finds what Sphinx's search through all names finds."""

import pytest
from sphinx.domains.python import ObjectEntry, PythonDomain

from Kamaelia.Support.Sphinx.References import IndexedPythonDomain

OBJECTS = {
    "a.Total": "class",
    "a.Total.main": "method",
    "a.Total.size": "attribute",
    "b.Total": "class",
    "b.Other.main": "method",
    "b.total": "function",
    "Total": "module",
}


class FakeEnvironment:
    """What the domain needs of an environment: a place for its data."""

    def __init__(self):
        self.domaindata = {}


@pytest.fixture
def domains():
    made = []
    for kind in (PythonDomain, IndexedPythonDomain):
        domain = kind(FakeEnvironment())
        for name, objtype in OBJECTS.items():
            domain.objects[name] = ObjectEntry("page", name, objtype, False)
        made.append(domain)
    return made


NAMES = [
    "Total",
    "main",
    "main()",
    "Other.main",
    "size",
    "int",
    "",
    "()",
    "tal",
    "a.Total",
    "b.int",
]


@pytest.mark.parametrize("searchmode", [0, 1])
@pytest.mark.parametrize("role", [None, "class", "func", "meth", "mod", "obj", "unknown"])
@pytest.mark.parametrize("name", NAMES)
def test_the_same_objects_are_found(domains, name, role, searchmode):
    for module, klass in [(None, None), ("a", None), ("b", "Other"), (None, "Other"), ("", "")]:
        plain, indexed = (
            domain.find_obj(None, module, klass, name, role, searchmode) for domain in domains
        )
        assert indexed == plain


def test_objects_that_are_added_later_are_found(domains):
    _, domain = domains
    assert domain.find_obj(None, None, None, "later", "class", 1) == []
    domain.objects["c.later"] = ObjectEntry("page", "c.later", "class", False)
    assert [name for name, _ in domain.find_obj(None, None, None, "later", "class", 1)] == [
        "c.later"
    ]
