"""Each module imports only from lower layers, and the checker finds violations."""

from pathlib import Path

import pytest

from Tests.Architecture import floors

ROOT = Path(__file__).resolve().parents[2]


def test_every_module_imports_only_from_lower_layers():
    assert floors.modulesUnder(ROOT, "Axon"), "no module was found"
    assert floors.violations(ROOT) == []


@pytest.fixture
def violationsOf(tmp_path):
    """Return a function that writes a source tree and returns the violations in it."""

    def write(tree: dict[str, str]) -> list[str]:
        for name, source in tree.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(source)
        return floors.violations(tmp_path)

    return write


SOUND = {
    "Axon/__init__.py": "from Axon import Component, Ipc",
    "Axon/Ipc.py": "import enum",
    "Axon/Box.py": "from collections import deque\nfrom Axon.Ipc import shutdown",
    "Axon/RunQueue.py": "def loop():\n    import asyncio, uvloop",
    "Axon/Component.py": "from .Box import box\nfrom . import RunQueue",
    "Axon/testing.py": "import Axon.Component",
    "Axon/pytestPlugin.py": "import pytest\nimport Axon.testing",
    "Kamaelia/__init__.py": "",
    "Kamaelia/Support/Networks.py": "import re",
    "Kamaelia/Support/Greylist/Keys.py": "from Kamaelia.Support.Networks import addressOf",
    "Kamaelia/Internet/Balancers.py": "from Kamaelia.Support.Networks import Networks",
    "Kamaelia/Apps/Grey/Stores/Store.py": "from .Later import Later",
    "Kamaelia/Apps/Grey/Stores/Later.py": "",
    "Kamaelia/Apps/Grey/MailHandler.py": "import Kamaelia.Apps.Grey.Stores.Store",
    "Kamaelia/Util/Console.py": "from Axon.Component import component\nimport time",
    "Kamaelia/Apps/Grey/__init__.py": "from .Service.Demo import main",
    "Kamaelia/Apps/Grey/Service/Demo.py": "from Kamaelia.Util.Console import Echoer",
}


def test_a_correct_tree_has_no_violations(violationsOf):
    assert violationsOf(SOUND) == []


def test_an_import_for_types_only_is_no_violation(violationsOf):
    source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import Axon.Component"
    assert violationsOf(SOUND | {"Axon/Ipc.py": source}) == []


@pytest.mark.parametrize(
    ("name", "source", "sentence"),
    [
        ("Axon/Ipc.py", "import Axon.Box", "Axon.Ipc (the base) imports Axon.Box (Where)"),
        ("Axon/Ipc.py", "import Axon", "imports Axon (the top) in line 1, which is on a higher"),
        (
            "Axon/Box.py",
            "from Axon import RunQueue",
            "Axon.Box (Where) imports Axon.RunQueue (When)",
        ),
        ("Axon/RunQueue.py", "from .Box import box", "two towers on one floor are independent"),
        (
            "Axon/RunQueue.py",
            "def f():\n  import Axon.Component",
            "line 2, which is on a higher floor",
        ),
        ("Axon/RunQueue.py", "if TYPE_CHECKING: pass\nelse: import Axon.Box", "imports Axon.Box"),
        ("Axon/STM.py", "import Axon.Box", "two towers on one floor are independent"),
        ("Axon/Unplaced.py", "", "Axon.Unplaced has no place"),
        ("Axon/Component.py", "import Axon.Component", "each other in a cycle: Axon.Component"),
        ("Axon/Box.py", "import Kamaelia.Util", "the core is independent of the component"),
        ("Axon/Box.py", "import requests", "needs only the standard library"),
        ("Axon/Box.py", "import pytest", "needs only the standard library"),
        (
            "Kamaelia/Support/Protocol/A.py",
            "import Axon.Ipc",
            "imports Axon.Ipc in line 1, but Support",
        ),
        (
            "Kamaelia/Support/Protocol/A.py",
            "from time import time",
            "Support is plain code without",
        ),
        (
            "Kamaelia/Support/Protocol/A.py",
            "import asyncio.events",
            "Support is plain code without",
        ),
        (
            "Kamaelia/Util/A.py",
            "from ..Apps.Grey.Service import Demo",
            "(Util) imports Kamaelia.Apps",
        ),
        ("Kamaelia/Util/A.py", "import_module('Kamaelia.Apps')", "(Util) imports Kamaelia.Apps"),
        ("Kamaelia/Unplaced/A.py", "", "Kamaelia.Unplaced.A has no place"),
        ("Kamaelia/Support/Unplaced.py", "", "Kamaelia.Support.Unplaced has no place"),
        ("Kamaelia/Apps/Grey/Unplaced.py", "", "Kamaelia.Apps.Grey.Unplaced has no place"),
        (
            "Kamaelia/Support/Networks.py",
            "from Kamaelia.Support.Greylist import Keys",
            "(general) imports Kamaelia.Support.Greylist.Keys (greylisting)",
        ),
        (
            "Kamaelia/Internet/Balancers.py",
            "from Kamaelia.Support.Greylist import Keys",
            "Kamaelia.Internet.Balancers imports Kamaelia.Support.Greylist.Keys in line 1, but",
        ),
        (
            "Kamaelia/Apps/Grey/Stores/Store.py",
            "from Kamaelia.Apps.Grey import MailHandler",
            "(stores) imports Kamaelia.Apps.Grey.MailHandler (handlers)",
        ),
        (
            "Kamaelia/Apps/Grey/Stores/Store.py",
            "def late():\n    from ..Service import Demo",
            "(stores) imports Kamaelia.Apps.Grey.Service.Demo (service)",
        ),
    ],
)
def test_each_violation_is_reported_in_a_sentence(violationsOf, name, source, sentence):
    reported = violationsOf(SOUND | {name: source})
    assert any(sentence in line for line in reported), reported


def test_a_cycle_of_several_modules_is_found(violationsOf):
    cycle = {
        "Kamaelia/Util/A.py": "from Kamaelia.Util.B import b",
        "Kamaelia/Util/B.py": "def late():\n    from Kamaelia.Util import C",
        "Kamaelia/Util/C.py": "import Kamaelia.Util.A as A",
    }
    reported = violationsOf(SOUND | cycle)
    assert len(reported) == 1
    assert reported[0].startswith("These modules import each other in a cycle: ")
    assert all(f"Kamaelia.Util.{letter}" in reported[0] for letter in "ABC")
