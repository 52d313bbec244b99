"""Historical import paths give the same objects; those that 1.14 deprecated warn."""

import sys
from importlib import import_module

import pytest

from Kamaelia import BaseIPC, Exceptions, KamaeliaExceptions

DEPRECATED = [
    ("Kamaelia.SimpleServerComponent", "Kamaelia.Chassis.ConnectedServer", "SimpleServer"),
    ("Kamaelia.SingleServer", "Kamaelia.Internet.SingleServer", "SingleServer"),
    ("Kamaelia.KamaeliaIPC", "Kamaelia.IPC", "newCSA"),
    ("Kamaelia.KamaeliaIPC", "Kamaelia.IPC", "producerFinished"),
    ("Kamaelia.KamaeliaIPC", "Kamaelia.IPC", "removeExceptional"),
    ("Kamaelia.Protocol.EchoProtocolComponent", "Kamaelia.Protocol.EchoProtocol", "EchoProtocol"),
]


@pytest.mark.parametrize(("old", "new", "name"), DEPRECATED)
def test_a_deprecated_path_gives_the_same_object_and_warns(old, new, name):
    sys.modules.pop(old, None)  # each name warns once, and another test may have used it
    with pytest.warns(DeprecationWarning, match=f"Use {new}.{name} instead of {old}.{name}"):
        found = getattr(import_module(old), name)
    assert found is getattr(import_module(new), name)


@pytest.mark.parametrize("old", sorted({row[0] for row in DEPRECATED}))
def test_a_deprecated_module_has_no_other_names(old):
    with pytest.raises(AttributeError, match=f"module '{old}' has no attribute 'nothing'"):
        import_module(old).nothing


@pytest.mark.parametrize("name", Exceptions.__all__)
def test_exceptions_have_two_paths(name):
    assert getattr(KamaeliaExceptions, name) is getattr(Exceptions, name)


def test_a_bad_request_has_the_request_and_the_error():
    inner = KeyError("x")
    error = Exceptions.BadRequest("GET", inner)
    assert (error.request, error.exception) == ("GET", inner)
    assert issubclass(Exceptions.connectionDiedSending, Exceptions.connectionClosedown)


class Theft(BaseIPC.IPC):
    """%(who)s has taken %(what)s"""

    Parameters = ["?who", "what"]


def test_parameters_of_a_message_become_attributes():
    assert str(Theft(who="Sam", what="sweets")) == "Sam has taken sweets"
    assert Theft(what="sweets").who is None


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({}, "what not given as a parameter to Theft"),
        ({"what": 1, "where": 2}, "Unknown parameter where to Theft"),
    ],
)
def test_a_parameter_that_is_missing_or_unknown_is_an_error(parameters, text):
    with pytest.raises(ValueError, match=text):
        Theft(**parameters)
