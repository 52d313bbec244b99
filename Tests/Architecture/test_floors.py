"""Each module imports only downwards; and the checker that says so sees what it should."""

from pathlib import Path

import pytest

from Tests.Architecture import floors

ROOT = Path(__file__).resolve().parents[2]


def test_every_module_imports_only_downwards():
    assert floors.modulesUnder(ROOT, "Axon"), "the checker found no module to read"
    assert floors.violations(ROOT) == []


@pytest.fixture
def violationsOf(tmp_path):
    """Writes a made-up tree, and answers what the checker says of it."""

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
    "Axon/Turns.py": "def loop():\n    import asyncio, uvloop",
    "Axon/Component.py": "from .Box import box\nfrom . import Turns",
    "Axon/testing.py": "import Axon.Component",
    "Axon/pytestPlugin.py": "import pytest\nimport Axon.testing",
    "Kamaelia/__init__.py": "",
    "Kamaelia/Support/SMTP.py": "import re",
    "Kamaelia/Util/Console.py": "from Axon.Component import component\nimport time",
    "Kamaelia/Apps/Grey/__init__.py": "from .Demo import main",
    "Kamaelia/Apps/Grey/Demo.py": "from Kamaelia.Util.Console import Echoer",
}


def test_a_sound_tree_is_not_blamed(violationsOf):
    assert violationsOf(SOUND) == []


def test_an_import_for_types_only_is_not_blamed(violationsOf):
    source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import Axon.Component"
    assert violationsOf(SOUND | {"Axon/Ipc.py": source}) == []


@pytest.mark.parametrize(
    ("name", "source", "sentence"),
    [
        ("Axon/Ipc.py", "import Axon.Box", "Axon.Ipc (the ground) imports Axon.Box (Where)"),
        ("Axon/Ipc.py", "import Axon", "imports Axon (the roof) in line 1, which stands above"),
        ("Axon/Box.py", "from Axon import Turns", "Axon.Box (Where) imports Axon.Turns (When)"),
        ("Axon/Turns.py", "from .Box import box", "these two know nothing of each other"),
        ("Axon/Turns.py", "def f():\n  import Axon.Component", "line 2, which stands above it"),
        ("Axon/Turns.py", "if TYPE_CHECKING: pass\nelse: import Axon.Box", "imports Axon.Box"),
        ("Axon/STM.py", "import Axon.Box", "these two know nothing of each other"),
        ("Axon/Attic.py", "", "Axon.Attic stands on no floor"),
        ("Axon/Component.py", "import Axon.Component", "each other in a circle: Axon.Component"),
        ("Axon/Box.py", "import Kamaelia.Util", "the core knows nothing of the components"),
        ("Axon/Box.py", "import requests", "needs nothing that is not in the standard library"),
        ("Axon/Box.py", "import pytest", "needs nothing that is not in the standard library"),
        ("Kamaelia/Support/A.py", "import Axon.Ipc", "imports Axon.Ipc in line 1, but Support"),
        ("Kamaelia/Support/A.py", "from time import time", "Support is plain code without"),
        ("Kamaelia/Support/A.py", "import asyncio.events", "Support is plain code without"),
        ("Kamaelia/Util/A.py", "from ..Apps.Grey import Demo", "(Util) imports Kamaelia.Apps"),
        ("Kamaelia/Util/A.py", "import_module('Kamaelia.Apps')", "(Util) imports Kamaelia.Apps"),
        ("Kamaelia/Attic/A.py", "", "Kamaelia.Attic.A stands on no floor"),
    ],
)
def test_what_breaks_a_rule_is_said_in_a_sentence(violationsOf, name, source, sentence):
    said = violationsOf(SOUND | {name: source})
    assert any(sentence in line for line in said), said


def test_a_circle_through_several_modules_is_found(violationsOf):
    circle = {
        "Kamaelia/Util/A.py": "from Kamaelia.Util.B import b",
        "Kamaelia/Util/B.py": "def late():\n    from Kamaelia.Util import C",
        "Kamaelia/Util/C.py": "import Kamaelia.Util.A as A",
    }
    said = violationsOf(SOUND | circle)
    assert len(said) == 1
    assert said[0].startswith("These import each other in a circle: ")
    assert all(f"Kamaelia.Util.{letter}" in said[0] for letter in "ABC")
