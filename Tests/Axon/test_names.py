"""Programs find names in the modules from which historical programs import them."""

import subprocess
import sys

import pytest

import Axon
from Axon import (
    AxonExceptions,
    Base,
    Box,
    Component,
    Ipc,
    Linkage,
    Microprocess,
    Postoffice,
    Scheduler,
    idGen,
    util,
)
from Axon.debug import debug

IPC = Ipc.__all__
SHARED = {"debug": debug, "removeAll": util.removeAll, "strId": idGen.strId, "numId": idGen.numId}

#: Each module, and the objects that it provides although another module defines them.
PROVIDED = {
    Component: SHARED
    | {name: getattr(Ipc, name) for name in IPC}
    | {
        "scheduler": Scheduler.scheduler,
        "noSpaceInBox": AxonExceptions.noSpaceInBox,
        "makeInbox": Box.makeInbox,
        "makeOutbox": Box.makeOutbox,
        "linkage": Linkage.linkage,
        "microprocess": Microprocess.microprocess,
        "postoffice": Postoffice.postoffice,
    },
    Scheduler: SHARED
    | {name: getattr(Ipc, name) for name in IPC}
    | {"microprocess": Microprocess.microprocess},
    Box: {
        "BoxAlreadyLinkedToDestination": AxonExceptions.BoxAlreadyLinkedToDestination,
        "noSpaceInBox": AxonExceptions.noSpaceInBox,
    },
    Postoffice: {
        "AxonException": AxonExceptions.AxonException,
        "BoxAlreadyLinkedToDestination": AxonExceptions.BoxAlreadyLinkedToDestination,
        "linkage": Linkage.linkage,
    },
    Linkage: {
        "AxonException": AxonExceptions.AxonException,
        "ArgumentsClash": AxonExceptions.ArgumentsClash,
        "AxonObject": Base.AxonObject,
    },
    Microprocess: {"debug": debug, "tupleId": idGen.tupleId},
    Axon: {
        "AxonObject": Base.AxonObject,
        "AxonType": Base.AxonType,
        "debug": sys.modules["Axon.debug"],
        "debugConfigFile": sys.modules["Axon.debugConfigFile"],
        "debugConfigDefaults": sys.modules["Axon.debugConfigDefaults"],
    },
}
ROWS = [
    pytest.param(module, name, thing, id=f"{module.__name__}.{name}")
    for module, provided in PROVIDED.items()
    for name, thing in provided.items()
]


@pytest.mark.parametrize(("module", "name", "thing"), ROWS)
def test_a_name_is_the_same_object_in_each_module_that_provides_it(module, name, thing):
    assert getattr(module, name) is thing
    assert name in module.__all__


@pytest.mark.parametrize("module", PROVIDED, ids=lambda module: module.__name__)
def test_an_import_of_everything_gives_public_names_that_exist(module):
    found: dict[str, object] = {}
    exec(f"from {module.__name__} import *", found)
    del found["__builtins__"]
    assert set(found) == set(module.__all__)
    assert not [name for name in found if name.startswith("_")]


@pytest.mark.parametrize("statement", ["from Axon import AxonObject", "Axon.debug.debug()"])
def test_importing_axon_alone_provides_it(statement):
    code = f"import Axon\n{statement}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr


def test_importing_axon_does_not_import_logging():
    code = "import sys, Axon; print('logging' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert done.stdout == "False\n", done.stderr
